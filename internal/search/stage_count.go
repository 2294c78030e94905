package search

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/instant"
)

// tally is a stage that counts rows by keys. Its counts can be taken over parts
// of the events and added up.
type tally interface {
	stage
	// keys are the groups: SQL over the rows before, and what it is called.
	keys() []keyColumn
	// finish returns the stage's rows from keys and counts.
	finish(counted relation) relation
}

type keyColumn struct {
	ref
	sql string // over the rows before the stage
}

// countColumn is what counts are called.
const countColumn = "count"

var countRef = ref{name: countColumn, kind: kindInt}

// count is "count by a, b": how many rows there are, by the values of columns.
// Rows without a value are counted too, most frequent first.
type count struct{ by []ref }

func (p *parser) countStage(s scope) (stage, scope, error) {
	by, err := p.by(s, countColumn)
	if err != nil {
		return nil, s, err
	}
	return count{by}, scope{columns: append(made(by), countRef)}, nil
}

// made returns the columns as those that a stage left.
func made(refs []ref) []ref {
	out := make([]ref, len(refs), len(refs)+2)
	for i, r := range refs {
		out[i] = ref{name: r.name, kind: r.kind}
	}
	return out
}

func (c count) write(w *strings.Builder) {
	w.WriteString("count")
	writeBy(w, c.by)
}

func writeBy(w *strings.Builder, by []ref) {
	if len(by) > 0 {
		w.WriteString(" by " + namesOf(by))
	}
}

func (c count) refs() []ref { return c.by }

func (c count) keys() []keyColumn { return plainKeys(c.by) }

func plainKeys(refs []ref) []keyColumn {
	var out []keyColumn
	for _, r := range refs {
		out = append(out, keyColumn{ref{name: r.name, kind: r.kind}, ident(r.name)})
	}
	return out
}

func (c count) finish(counted relation) relation {
	counted.order = append([]string{ident(countColumn) + " DESC"}, ascending(c.by)...)
	return counted
}

func (c count) sql(in relation, _ *builder) relation { return c.finish(counted(c, in)) }

// counted is the tally's keys and counts over a relation.
func counted(t tally, in relation) relation {
	selected, groups, columns := keySQL(t.keys())
	return relation{
		from:    "(SELECT " + selected + `count(*) AS "count" FROM ` + in.from + groups + ")",
		columns: columns,
	}
}

// keySQL returns the keys as selected columns, the GROUP BY, and the columns of
// the result.
func keySQL(keys []keyColumn) (selected, groups string, columns []ref) {
	for i, k := range keys {
		selected += k.sql + " AS " + ident(k.name) + ", "
		if i > 0 {
			groups += ", "
		}
		groups += strconv.Itoa(i + 1)
		columns = append(columns, k.ref)
	}
	if groups != "" {
		groups = " GROUP BY " + groups
	}
	return selected, groups, append(columns, countRef)
}

// top is "top N field by g": the N most frequent values of a field, in each
// group. Equally frequent ones come in order of the value.
type top struct {
	n     int
	field ref
	by    []ref
}

func (p *parser) topStage(s scope) (stage, scope, error) {
	t := top{n: 10}
	if from, _ := p.nextWord(); from < len(p.src) && strings.ContainsRune("0123456789$", rune(p.src[from])) {
		var err error
		if t.n, err = p.rowCount("top"); err != nil {
			return nil, s, err
		}
		p.space()
	}
	from := p.pos
	var err error
	if t.field, err = p.ref(s); err != nil {
		return nil, s, err
	}
	if t.field.name == countColumn {
		return nil, s, fault(from, p.pos, "", "a column count is there already")
	}
	if t.by, err = p.by(s, countColumn, t.field.name); err != nil {
		return nil, s, err
	}
	return t, scope{columns: append(made(t.refs()), countRef)}, nil
}

func (t top) write(w *strings.Builder) {
	fmt.Fprintf(w, "top %d %s", t.n, t.field.name)
	writeBy(w, t.by)
}

func (t top) refs() []ref { return append(t.by[:len(t.by):len(t.by)], t.field) }

func (t top) keys() []keyColumn {
	return plainKeys(t.refs())
}

func (t top) finish(counted relation) relation {
	rank := []string{ident(countColumn) + " DESC"}
	rank = append(rank, ascending([]ref{t.field})...)
	window := "ORDER BY " + strings.Join(rank, ", ")
	if len(t.by) > 0 {
		window = "PARTITION BY " + listSQL(t.by) + " " + window
	}
	counted.from = "(SELECT * FROM " + counted.from + " WHERE " + ident(t.field.name) +
		" IS NOT NULL QUALIFY row_number() OVER (" + window + ") <= " + strconv.Itoa(t.n) + ")"
	counted.order = append(ascending(t.by), rank...)
	return counted
}

func (t top) sql(in relation, _ *builder) relation { return t.finish(counted(t, in)) }

// timechart is "timechart span=1h count by f": counts in equal spans of time.
// Spans begin at multiples of the width since 1970, those of whole weeks on
// Mondays, UTC. Spans without rows are left out.
type timechart struct {
	span time.Duration
	at   ref // the column time
	by   []ref
}

// timeColumn is what the beginning of a span is called.
const timeColumn = "time"

func (p *parser) timechartStage(s scope) (stage, scope, error) {
	t := timechart{span: time.Hour}
	var err error
	from := p.pos
	if p.peek("span") {
		if t.span, err = p.span(); err != nil {
			return nil, s, err
		}
		p.space()
	}
	if p.peek(countColumn) {
		p.bareWord()
		p.space()
	}
	if t.at, err = (&parser{src: timeColumn}).ref(s); err != nil || t.at.kind != kindTime {
		return nil, s, fault(from, p.pos, "put it before the stage that counts",
			"a timechart needs the column time")
	}
	start := p.pos
	if t.by, err = p.by(s, countColumn, timeColumn); err != nil {
		return nil, s, err
	}
	if len(t.by) > 1 {
		return nil, s, fault(start, p.pos, "count by … gives more columns",
			"a timechart has one field after by")
	}
	columns := append([]ref{{name: timeColumn, kind: kindTime}}, made(t.by)...)
	return t, scope{columns: append(columns, countRef)}, nil
}

func (t timechart) write(w *strings.Builder) {
	w.WriteString("timechart span=" + instant.WidthText(t.span) + " count")
	writeBy(w, t.by)
}

// beginning returns where the span of a time begins, in microseconds; 1970
// began on a Thursday.
func (t timechart) beginning(micros int64) int64 {
	width, offset := t.microseconds()
	return micros - ((micros-offset)%width+width)%width
}

func (t timechart) microseconds() (width, offset int64) {
	if t.span%instant.Week == 0 {
		offset = (4 * instant.Day).Microseconds()
	}
	return t.span.Microseconds(), offset
}

func (t timechart) refs() []ref { return append([]ref{t.at}, t.by...) }

func (t timechart) keys() []keyColumn {
	width, offset := t.microseconds()
	at := ident(timeColumn)
	sql := fmt.Sprintf("(%s - ((%s - %d) %% %d + %d) %% %d)", at, at, offset, width, width, width)
	return append([]keyColumn{{ref{name: timeColumn, kind: kindTime}, sql}}, plainKeys(t.by)...)
}

func (t timechart) finish(counted relation) relation {
	counted.order = append([]string{ident(timeColumn) + " ASC NULLS LAST"}, ascending(t.by)...)
	return counted
}

func (t timechart) sql(in relation, _ *builder) relation { return t.finish(counted(t, in)) }
