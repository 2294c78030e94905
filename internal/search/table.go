package search

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TableLimit is how many rows a table has when no limit is given.
const TableLimit = 1000

// TableRequest asks for what a pipeline's stages make of events.
type TableRequest struct {
	Pipeline *Pipeline
	From, To time.Time // event times in [From, To); a zero time is an open end
	Limit    int       // rows: 0 is TableLimit, at most MaxLimit
}

// Column is one column of a Table.
type Column struct {
	Name string
	Type string // "text", "int", "time" or "id"; from SQL also "float" and "bool"
}

// Table is the answer to a pipeline. A value is a string, int64, time.Time, or
// nil where the row has none; from SQL also float64 and bool.
type Table struct {
	Columns []Column
	Rows    [][]any
	More    bool  // there are further rows
	Files   int   // files in the time range
	HotRows int64 // events that are not sealed yet
	Took    time.Duration
}

// Progress says how far a long search is. Table, where it is not nil, is the
// answer over the newest part of the events, which was read first.
type Progress struct {
	Done, Total int // parts of the events: files, and the unsealed ones as one
	Table       *Table
}

// Table returns what the stages make of the events. visit may be nil; otherwise
// it is called while the answer is being made, and its error ends that.
func (e *Engine) Table(
	ctx context.Context, req TableRequest, visit func(Progress) error,
) (*Table, error) {
	start := time.Now()
	v, ctx, err := e.view(ctx, req.From, req.To)
	if err != nil {
		return nil, err
	}
	defer v.close()
	t := &tabling{v: v, req: &req, limit: req.Limit, visit: visit, began: start}
	if t.limit = min(t.limit, MaxLimit); t.limit <= 0 {
		t.limit = TableLimit
	}
	t.events = Request{Query: req.Pipeline.Query, From: req.From, To: req.To}
	if t.parts, err = v.relevant(ctx, &t.events); err != nil {
		return nil, ended(ctx, err)
	}
	out, err := t.answer(ctx)
	if err != nil {
		return nil, ended(ctx, err)
	}
	return out, nil
}

// tabling is one table being made.
type tabling struct {
	v      *view
	req    *TableRequest
	events Request
	limit  int
	parts  []stretch
	visit  func(Progress) error
	began  time.Time
	told   time.Time
}

func (t *tabling) answer(ctx context.Context) (*Table, error) {
	stages := t.req.Pipeline.stages
	if first, ok := stages[0].(tally); ok && t.visit != nil && len(t.parts) > 1 {
		return t.addUp(ctx, first)
	}
	b := &builder{}
	in := t.source(gather(t.parts), b)
	if n, ok := t.req.Pipeline.newest(t.limit + 1); ok {
		keys, err := t.v.walk(ctx, &t.events, nil, n)
		if err != nil {
			return nil, err
		}
		b = &builder{}
		in = t.among(keys, b)
	}
	return t.read(ctx, t.through(in, stages, b), b)
}

func (t *tabling) through(in relation, stages []stage, b *builder) relation {
	for _, s := range stages {
		in = s.sql(in, b)
	}
	return in
}

// source is the matching events of a part with the columns that are needed.
func (t *tabling) source(s source, b *builder) relation {
	out, selected := t.columns()
	out.from = "(SELECT " + selected + t.v.matching(&t.events, s, b) + ")"
	return out
}

// among is the events of the keys.
func (t *tabling) among(keys []key, b *builder) relation {
	out, selected := t.columns()
	if _, files := byFile(keys); len(files) <= maxPicked {
		out.from = "(SELECT " + selected + " FROM " + t.v.pickedSQL(keys, b) + " e)"
		return out
	}
	s, times := t.v.around(keys)
	out.from = "(SELECT " + selected + " FROM " + t.v.eventsSQL(s, b) + " e WHERE e.time BETWEEN " +
		b.time(times.from) + " AND " + b.time(times.to) + " AND " + among(keys, b) + ")"
	return out
}

func (t *tabling) columns() (relation, string) {
	needed, events := t.req.Pipeline.needed()
	out := relation{events: events, order: eventOrder, columns: needed}
	if events {
		out.columns = standardColumns
	}
	var w strings.Builder
	for _, r := range needed {
		w.WriteString(r.field.shownSQL() + " AS " + ident(r.name) + ", ")
	}
	return out, w.String() + hiddenSQL
}

// addUp counts part by part, newest first, and adds the counts up, so that a
// first answer is there early.
func (t *tabling) addUp(ctx context.Context, first tally) (*Table, error) {
	selected, groups, columns := keySQL(first.keys())
	if err := t.makePart(ctx, columns); err != nil {
		return nil, err
	}
	rest := t.req.Pipeline.stages[1:]
	left := t.parts
	for step := 1; len(left) > 0; step = min(2*step, maxStep) {
		part := left[:min(step, len(left))]
		left = left[len(part):]
		b := &builder{}
		_, err := t.v.tx.ExecContext(ctx, "INSERT INTO part SELECT "+selected+`count(*) AS "count" FROM `+
			t.source(gather(part), b).from+groups, b.args...)
		if err != nil {
			return nil, fmt.Errorf("count events: %w", err)
		}
		if err := t.tell(ctx, len(t.parts)-len(left), func() (*Table, error) {
			return t.sum(ctx, first, columns, rest)
		}); err != nil {
			return nil, err
		}
	}
	return t.sum(ctx, first, columns, rest)
}

// makePart makes the table that parts' counts are collected in; it goes with
// the transaction.
func (t *tabling) makePart(ctx context.Context, columns []ref) error {
	defs := make([]string, len(columns))
	for i, c := range columns {
		defs[i] = ident(c.name) + " " + c.kind.sqlType()
	}
	_, err := t.v.tx.ExecContext(ctx, "CREATE TEMP TABLE part ("+strings.Join(defs, ", ")+")")
	if err != nil {
		return fmt.Errorf("count events: %w", err)
	}
	return nil
}

// sqlType is the type of shownSQL.
func (k kind) sqlType() string {
	if k == kindInt || k == kindTime || k == kindSeverity {
		return "BIGINT"
	}
	return "VARCHAR"
}

// sum runs the stages over what was counted so far.
func (t *tabling) sum(
	ctx context.Context, first tally, columns []ref, rest []stage,
) (*Table, error) {
	keys := columns[:len(columns)-1]
	sql := `(SELECT coalesce(sum("count"), 0)::BIGINT AS "count" FROM part)`
	if len(keys) > 0 {
		sql = "(SELECT " + listSQL(keys) + `, sum("count")::BIGINT AS "count" FROM part GROUP BY ` +
			listSQL(keys) + ")"
	}
	b := &builder{}
	in := first.finish(relation{from: sql, columns: columns})
	return t.read(ctx, t.through(in, rest, b), b)
}

// tellEvery keeps first answers from costing more than the answer.
const tellEvery = 400 * time.Millisecond

func (t *tabling) tell(ctx context.Context, done int, soFar func() (*Table, error)) error {
	p := Progress{Done: done, Total: len(t.parts)}
	if done < p.Total && time.Since(t.told) >= tellEvery {
		var err error
		if p.Table, err = soFar(); err != nil {
			return err
		}
		t.told = time.Now()
	}
	return t.visit(p)
}

func (t *tabling) empty(columns []ref) *Table {
	out := &Table{
		Files: len(t.v.files), HotRows: t.v.hotRows, Took: time.Since(t.began), Rows: [][]any{},
	}
	for _, c := range columns {
		out.Columns = append(out.Columns, Column{c.name, c.kind.String()})
	}
	return out
}

// read returns the rows of a relation.
func (t *tabling) read(ctx context.Context, r relation, b *builder) (*Table, error) {
	rows, err := t.v.tx.QueryContext(ctx, "SELECT "+listSQL(r.columns)+" FROM "+r.from+
		r.orderSQL()+" LIMIT "+strconv.Itoa(t.limit+1), b.args...)
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	defer rows.Close()
	out := t.empty(r.columns)
	for rows.Next() {
		if len(out.Rows) == t.limit {
			out.More = true
			break
		}
		row, err := scanTable(rows, r.columns)
		if err != nil {
			return nil, fmt.Errorf("read table: %w", err)
		}
		out.Rows = append(out.Rows, row)
	}
	if err := rows.Err(); err != nil && !out.More {
		return nil, fmt.Errorf("read table: %w", err)
	}
	out.Took = time.Since(t.began)
	return out, nil
}

func scanTable(rows *sql.Rows, columns []ref) ([]any, error) {
	row, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		dest[i] = &row[i]
	}
	if err := rows.Scan(dest...); err != nil {
		return nil, err
	}
	for i, c := range columns {
		n, isInt := row[i].(int64)
		switch {
		case isInt && c.kind == kindTime:
			row[i] = time.UnixMicro(n).UTC()
		case isInt && c.kind == kindSeverity:
			row[i] = SeverityName(uint8(min(n, 255)))
		}
	}
	return row, nil
}
