package correlate

import (
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
)

var began = time.Date(2026, 11, 18, 2, 59, 30, 0, time.UTC)

// drawBounds makes a condition that random windows meet now and then.
func drawBounds(t *rapid.T, c *sigma.Correlation) {
	ops := []string{"gt", "gte", "lt", "lte", "eq", "neq"}
	top := 6
	if c.Type == sigma.ValueSum {
		top = 20
	}
	for i := range rapid.IntRange(1, 2).Draw(t, "bounds") {
		op := rapid.SampledFrom(ops).Draw(t, "op")
		if i == 0 {
			op = rapid.SampledFrom([]string{"gte", "gte", "gte", "lte", "gt", "eq"}).Draw(t, "first op")
		}
		value := float64(rapid.IntRange(0, top).Draw(t, "bound"))
		c.Bounds = append(c.Bounds, sigma.Bound{Op: op, Value: value})
	}
}

// drawCorrelation makes a correlation over rules and over correlations before.
func drawCorrelation(
	t *rapid.T, n int, rules []*sigma.Rule, before []*sigma.Correlation,
) *sigma.Correlation {
	types := []sigma.CorrelationType{
		sigma.EventCount, sigma.ValueCount, sigma.Temporal, sigma.TemporalOrdered, sigma.ValueSum,
		sigma.ValueAvg, sigma.ValuePercentile, sigma.ValueMedian,
	}
	c := &sigma.Correlation{
		Meta: sigma.Meta{Title: fmt.Sprintf("c%d", n), ID: fmt.Sprintf("c%d", n)},
		Type: rapid.SampledFrom(types).Draw(t, "type"),
		// Spans around the gaps between events, so that edges are hit.
		Timespan: time.Duration(rapid.IntRange(1, 12).Draw(t, "timespan")) * time.Second,
		GroupBy:  rapid.SampledFrom([][]string{nil, {"user"}, {"user"}, {"user", "host"}}).Draw(t, "group"),
	}
	var refs []sigma.Reference
	for _, r := range rules {
		refs = append(refs, sigma.Reference{Rule: r})
	}
	for _, b := range before {
		refs = append(refs, sigma.Reference{Correlation: b})
	}
	refs = rapid.Permutation(refs).Draw(t, "references")
	c.Rules = refs[:rapid.IntRange(1, min(3, len(refs))).Draw(t, "number of references")]
	if rapid.Bool().Draw(t, "alias") && c.GroupBy != nil {
		c.Aliases = map[string][]string{"user": make([]string, len(c.Rules))}
		for i := range c.Rules {
			c.Aliases["user"][i] = rapid.SampledFrom([]string{"user", "host"}).Draw(t, "alias")
		}
	}
	switch c.Type {
	case sigma.Temporal, sigma.TemporalOrdered:
		if rapid.IntRange(0, 2).Draw(t, "condition") > 0 {
			return c
		}
	case sigma.EventCount:
	case sigma.ValueCount:
		c.Fields = rapid.SampledFrom([][]string{{"value"}, {"value", "host"}}).Draw(t, "fields")
	default:
		c.Fields = []string{"value"}
		c.Percentile = float64(rapid.IntRange(0, 100).Draw(t, "percentile"))
	}
	drawBounds(t, c)
	return c
}

func drawCorrelations(t *rapid.T) (rules []*sigma.Rule, cs []*sigma.Correlation) {
	for i := range 3 {
		rules = append(rules, &sigma.Rule{Meta: sigma.Meta{ID: fmt.Sprintf("r%d", i)}})
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "correlations") {
		cs = append(cs, drawCorrelation(t, i, rules, cs))
	}
	return rules, cs
}

// field draws the texts of one field: mostly one, at times none or two.
func drawField(t *rapid.T, name string) []string {
	texts := map[string][]string{
		"user":  {"ann", "bob", "a name that is longer than fifteen bytes"},
		"host":  {"ws-1", "ann"},
		"value": {"1", "2", "2.5", "0.1", "-3", "1e300", "none", "7"},
	}[name]
	n := rapid.SampledFrom([]int{1, 1, 1, 1, 1, 1, 0, 2}).Draw(t, "number of "+name)
	return rapid.SliceOfN(rapid.SampledFrom(texts), n, n).Draw(t, name)
}

// drawHits makes a stream: times move on by a few seconds, with ties; some
// come late, some too late, some from the far future.
func drawHits(t *rapid.T, p *Plan, rules []*sigma.Rule) (out [][]Hit) {
	now := began
	for i := range rapid.IntRange(1, 40).Draw(t, "events") {
		now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 1, 2, 5}).Draw(t, "gap")) * time.Second)
		back := rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2, 4, 8, 30, 300, -600}).Draw(t, "late by")
		id := event.ID{Entry: uint64(1 + i/3), Leaf: uint32(i % 3)}
		var hits []Hit
		values := map[string][]string{}
		for _, f := range []string{"user", "host", "value"} {
			values[f] = drawField(t, f)
		}
		for _, r := range rules {
			if !rapid.Bool().Draw(t, "holds") {
				continue
			}
			h := Hit{Rule: r, ID: id, Time: now.Add(-time.Duration(back) * time.Second)}
			fields, _ := p.Fields(r)
			for _, f := range fields {
				h.Values = append(h.Values, values[f])
			}
			hits = append(hits, h)
		}
		if len(hits) > 0 {
			out = append(out, hits)
		}
	}
	return out
}

func describe(alerts []Alert) (out []string) {
	for _, a := range alerts {
		out = append(out, fmt.Sprintf("%s %q at %s %s = %v of %d by %s", a.Correlation.Title,
			append([]string{}, a.Group...), a.To.Format("15:04:05"), a.ID, a.Value, a.Total, a.By))
	}
	return out
}

// disk is a store for rows.
type disk map[string]Row

func (d disk) write(rows []Row) {
	for _, r := range rows {
		name := fmt.Sprintf("%s|%x|%d", r.Correlation, r.Group, r.Part)
		if r.Body != nil {
			d[name] = r
			continue
		}
		for k, old := range d {
			same := old.Correlation == r.Correlation && (r.Group == nil || slices.Equal(r.Group, old.Group))
			if same && (r.Part == All || r.Part == old.Part) {
				delete(d, k)
			}
		}
	}
}

func (d disk) rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, r := range d {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// check wants no row in a store that is not of a group which
// the engine has, and every row of those.
func (d disk) check(t *rapid.T, e *Engine) {
	want := map[string]bool{}
	name := func(key string, g *group, part int64) string {
		return fmt.Sprintf("%s|%x|%d", key, g.key, part)
	}
	for i, parts := range e.parts {
		for _, p := range parts {
			for _, g := range p.groups {
				want[name(e.plan.specs[i].key, g, header)] = true
				for _, l := range g.lines {
					for _, c := range l.chunks(nil) {
						want[name(e.plan.specs[i].key, g, c.part())] = true
					}
				}
			}
		}
	}
	for k := range d {
		if !want[k] {
			t.Fatalf("row %s is left behind", k)
		}
	}
	if len(d) != len(want) {
		t.Fatalf("%d rows, want %d", len(d), len(want))
	}
}

// TestEngineIsNaive compares an engine with plain code over random streams:
// cut into batches at random, with several workers, written and restored at
// random places.
func TestEngineIsNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, cs := drawCorrelations(t)
		p, err := Compile(cs)
		if err != nil {
			t.Fatal(err)
		}
		cfg := Config{
			Lateness: time.Duration(rapid.SampledFrom([]int{-1, 3, 10}).Draw(t, "lateness")) * time.Second,
			Behind:   rapid.SampledFrom([]int{1, 3, 0}).Draw(t, "behind"),
		}
		stream := drawHits(t, p, rules)
		want, got := []string{}, []string{}
		n := newNaive(p, cfg)
		for _, hits := range stream {
			want = append(want, n.observe(p, hits)...)
		}
		stored := disk{}
		e := New(p, cfg)
		for len(stream) > 0 {
			e.worth, e.cfg.Workers = 1, rapid.IntRange(1, 3).Draw(t, "workers")
			size := rapid.IntRange(1, len(stream)).Draw(t, "batch")
			got = append(got, describe(e.Observe(slices.Concat(stream[:size]...)))...)
			stream = stream[size:]
			if rapid.Bool().Draw(t, "write") {
				stored.write(e.Changes())
				stored.check(t, e)
				if rapid.Bool().Draw(t, "restart") {
					e = New(p, cfg)
					if unknown, err := e.Restore(stored.rows()); err != nil || len(unknown) > 0 {
						t.Fatal(unknown, err)
					}
					if s := e.Stats(); s.Damaged > 0 {
						t.Fatalf("%+v", s)
					}
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("alerts\n%q\nwant\n%q", got, want)
		}
	})
}
