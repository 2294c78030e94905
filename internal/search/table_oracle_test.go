package search

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/search/plain"

	"github.com/evident-sec/evident/internal/search/names"

	"github.com/evident-sec/evident/event"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// naiveRows is a table in plain Go: values by column, nil for none; severities
// and times are numbers until the end.
type naiveRows struct {
	columns []ref
	rows    []map[string]any
}

// naiveTable runs the stages over every event, one by one.
func naiveTable(evs []event.Event, req TableRequest) ([]string, [][]any) {
	t := naiveRows{columns: standardColumns}
	for _, id := range naive(evs, Request{Query: req.Pipeline.Query, From: req.From, To: req.To}) {
		ev := &evs[(id.Entry-1)*5+uint64(id.Leaf)]
		row := map[string]any{}
		for i := range fields {
			row[fields[i].name] = naiveValue(&fields[i], ev)
		}
		t.rows = append(t.rows, row)
	}
	for _, s := range req.Pipeline.stages {
		t = t.apply(s)
	}
	var names []string
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	out := [][]any{}
	for _, row := range t.rows[:min(len(t.rows), cmp.Or(req.Limit, TableLimit))] {
		var values []any
		for _, c := range t.columns {
			values = append(values, shown(c, row[c.name]))
		}
		out = append(out, values)
	}
	return names, out
}

func naiveValue(f *field, ev *event.Event) any {
	switch f.kind {
	case kindRaw:
		return nil
	case kindID:
		return ev.ID.String()
	case kindTime:
		return f.number(ev)
	case kindSeverity:
		return min(f.number(ev), int64(len(names.Severities)))
	case kindInt:
		if n, ok := f.int(ev); ok {
			return n
		}
		return nil
	}
	if text := plain.Column(f.text(ev)); text != "" {
		return text
	}
	return nil
}

func shown(c ref, v any) any {
	n, ok := v.(int64)
	switch {
	case ok && c.kind == kindTime:
		return time.UnixMicro(n).UTC()
	case ok && c.kind == kindSeverity:
		return SeverityName(uint8(n))
	}
	return v
}

func (t naiveRows) apply(s stage) naiveRows {
	switch s := s.(type) {
	case head:
		t.rows = t.rows[:min(s.n, len(t.rows))]
	case table:
		t.columns = made(s.columns)
	case sorting:
		slices.SortStableFunc(t.rows, func(a, b map[string]any) int {
			for _, k := range s.by {
				if c := compareValues(a[k.name], b[k.name], k.descending); c != 0 {
					return c
				}
			}
			return 0
		})
	case dedup:
		seen := map[string]bool{}
		t.rows = slices.DeleteFunc(t.rows, func(row map[string]any) bool {
			key, whole := keyText(row, s.by)
			again := seen[key]
			seen[key] = true
			return again || !whole
		})
	case count:
		return t.count(s.by, nil)
	case timechart:
		for _, row := range t.rows {
			if at, ok := row["time"].(int64); ok {
				row["time"] = s.beginning(at)
			}
		}
		by := append([]ref{{name: "time", kind: kindTime}}, s.by...)
		return t.count(by, by)
	case top:
		return t.top(s)
	}
	return t
}

// keyText joins the values; whole says that none is missing.
func keyText(row map[string]any, by []ref) (key string, whole bool) {
	whole = true
	for _, r := range by {
		key += fmt.Sprintf("%T %q\n", row[r.name], fmt.Sprint(row[r.name]))
		whole = whole && row[r.name] != nil
	}
	return key, whole
}

// count counts rows; ordered by count unless an order is given.
func (t naiveRows) count(by, order []ref) naiveRows {
	groups := map[string]map[string]any{}
	for _, row := range t.rows {
		key, _ := keyText(row, by)
		if groups[key] == nil {
			groups[key] = map[string]any{countColumn: int64(0)}
			for _, r := range by {
				groups[key][r.name] = row[r.name]
			}
		}
		groups[key][countColumn] = groups[key][countColumn].(int64) + 1
	}
	if len(by) == 0 && len(groups) == 0 {
		groups[""] = map[string]any{countColumn: int64(0)}
	}
	out := naiveRows{columns: append(made(by), countRef)}
	for _, row := range groups {
		out.rows = append(out.rows, row)
	}
	slices.SortFunc(out.rows, func(a, b map[string]any) int {
		if order == nil {
			if c := compareValues(a[countColumn], b[countColumn], true); c != 0 {
				return c
			}
		}
		for _, r := range by {
			if c := compareValues(a[r.name], b[r.name], false); c != 0 {
				return c
			}
		}
		return 0
	})
	return out
}

func (t naiveRows) top(s top) naiveRows {
	counted := t.count(s.refs(), nil)
	taken := map[string]int{}
	counted.rows = slices.DeleteFunc(counted.rows, func(row map[string]any) bool {
		key, _ := keyText(row, s.by)
		if row[s.field.name] == nil {
			return true
		}
		taken[key]++
		return taken[key] > s.n
	})
	slices.SortStableFunc(counted.rows, func(a, b map[string]any) int {
		for _, r := range s.by {
			if c := compareValues(a[r.name], b[r.name], false); c != 0 {
				return c
			}
		}
		if c := compareValues(a[countColumn], b[countColumn], true); c != 0 {
			return c
		}
		return compareValues(a[s.field.name], b[s.field.name], false)
	})
	return counted
}

// compareValues orders two values, those that are missing last.
func compareValues(a, b any, descending bool) int {
	if a == nil || b == nil {
		return cmp.Compare(btoi(a == nil), btoi(b == nil))
	}
	order := 0
	if n, ok := a.(int64); ok {
		order = cmp.Compare(n, b.(int64))
	} else {
		order = cmp.Compare(a.(string), b.(string))
	}
	if descending {
		return -order
	}
	return order
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// stageFields are fields of each kind, some with few and some with odd values.
var stageFields = []string{
	"device.hostname", "process.pid", "severity", "class_name", "activity_name", "time", "received",
	"process.cmd_line", "metadata.uid", "class_uid", "logsource.product", "dst_endpoint.port", "problem",
}

// genStages makes the text of 1 to 4 stages that fit one another.
func genStages() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var w strings.Builder
		names, events := stageFields, true
		for range rapid.IntRange(1, 4).Draw(t, "stages") {
			one := rapid.SampledFrom(names)
			some := rapid.SliceOfNDistinct(one, 1, min(3, len(names)), rapid.ID)
			list := strings.Join(some.Draw(t, "fields"), ", ")
			first, _, _ := strings.Cut(list, ",")
			n := rapid.IntRange(1, 6).Draw(t, "n")
			text, left := "", names
			switch rapid.IntRange(0, 6).Draw(t, "stage") {
			case 0:
				text, left = "count by "+list, append(strings.Split(list, ", "), "count")
			case 1:
				text, left = fmt.Sprintf("top %d %s", n, first), []string{first, "count"}
				if rest := strings.TrimPrefix(list, first+", "); rest != list {
					text, left = text+" by "+rest, append(strings.Split(rest, ", "), first, "count")
				}
			case 2:
				text, left = "timechart span=7s count by "+first, []string{"time", first, "count"}
				if !slices.Contains(names, "time") || first == "time" {
					text, left = "count", []string{"count"}
				}
			case 3:
				text, left = "table "+list, strings.Split(list, ", ")
			case 4:
				text = "sort -" + list
			case 5:
				text = "dedup " + list
			default:
				text = fmt.Sprintf("head %d", n)
			}
			if strings.Contains(text, "count by") && slices.Contains(strings.Split(list, ", "), "count") ||
				strings.HasPrefix(text, "t") && strings.Contains(text, "count") && slices.Contains(names, "count") {
				text, left = "sort count", names // the column is there already
				if events {
					text = "head 3"
				}
			}
			names, events = left, events && slices.Equal(left, stageFields)
			w.WriteString(" | " + text)
		}
		return w.String()
	})
}

// TestTablesEqualReference compares the engine's tables with the plain ones,
// over random events of which a random part is sealed, at once and in parts.
func TestTablesEqualReference(t *testing.T) {
	checks, stages := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if checks++; checks > 20 { // each check writes files
			return
		}
		evs := genEvents().Draw(rt, "events")
		lake := newTestLake(t)
		e, err := Open(t.Context(), Config{Dir: t.TempDir(), Lake: lake.dir, Files: lake})
		if err != nil {
			rt.Fatal(err)
		}
		defer e.Close()
		distribute(rt, e, lake, evs)
		for range 5 {
			text := rapid.SampledFrom([]string{"*", "*", "class_uid:1007", "NOT device.hostname:*a*"}).
				Draw(rt, "query") + genStages().Draw(rt, "stages")
			pl, err := ParsePipeline(text, Options{})
			if err != nil {
				rt.Fatalf("parse %q: %v", text, err)
			}
			stages += len(pl.stages)
			req := TableRequest{Pipeline: pl, Limit: rapid.SampledFrom([]int{3, 1000}).Draw(rt, "limit")}
			if rapid.Bool().Draw(rt, "from") {
				req.From = time.Date(2026, 3, 1, 0, 0, 20, 0, time.UTC)
			}
			checkTable(rt, e, evs, req)
		}
	})
	t.Logf("%d stages", stages)
}

func checkTable(rt *rapid.T, e *Engine, evs []event.Event, req TableRequest) {
	names, rows := naiveTable(evs, req)
	for _, visit := range []func(Progress) error{nil, func(p Progress) error {
		if p.Done > p.Total || p.Table != nil && len(p.Table.Columns) != len(names) {
			return fmt.Errorf("progress %d of %d: %+v", p.Done, p.Total, p.Table)
		}
		return nil
	}} {
		got, err := e.Table(rt.Context(), req, visit)
		if err != nil {
			rt.Fatalf("%s: %v", req.Pipeline, err)
		}
		var columns []string
		for _, c := range got.Columns {
			columns = append(columns, c.Name)
		}
		if diff := gocmp.Diff(names, columns); diff != "" {
			rt.Fatalf("columns of %s (-want +got):\n%s", req.Pipeline, diff)
		}
		if diff := gocmp.Diff(rows, got.Rows); diff != "" {
			rt.Fatalf("rows of %s (-want +got):\n%s", req.Pipeline, diff)
		}
	}
}
