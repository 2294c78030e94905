package search

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/search/records"
	"github.com/evident-sec/evident/internal/search/sieve"
)

// view is one consistent sight of all events: a DuckDB transaction over the hot
// tables, and the files as listed after it began.
type view struct {
	conn   *sql.Conn
	tx     *sql.Tx
	tables []string
	through,
	hotRows int64 // hot rows after through
	hot     span
	files   []File
	sieves  *sieve.Cache
	narrow  *narrowing       // made when first asked for
	numbers map[string]int32 // of files, by path; made when first asked for
	records *records.Session // nil where DuckDB reads original bytes itself
	over    func()           // the question is no longer running
	cut     func() error     // why a statement may have been interrupted, nil if none was
}

// span is a range of event times in microseconds, both ends included.
type span struct{ from, to int64 }

// view opens a sight of the events in [from, to); zero times are open ends.
// Hot tables are pinned before the files are listed: an event that is sealed in
// between is then in both, and its hot row is hidden by the watermark. What is
// asked of the view has to be asked with the context that comes with it.
func (e *Engine) view(
	ctx context.Context, from, to time.Time,
) (*view, context.Context, error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return nil, ctx, fmt.Errorf("open search view: %w", err)
	}
	v := &view{conn: conn, sieves: e.sieves, over: func() {}, cut: ctx.Err}
	if err = e.show(); err == nil {
		// From here on arriving events may end the question; show waits for none.
		ctx, v.over = e.running.Begin(ctx, e.limit, ErrTime)
		v.cut, v.records = ctx.Err, e.records.Session(ctx)
		err = e.pin(ctx, v)
	}
	if err == nil {
		err = e.list(ctx, v, from, to)
	}
	if err == nil {
		err = v.measureHot(ctx)
	}
	if err != nil {
		err = ended(ctx, fmt.Errorf("open search view: %w", err))
		v.close()
		return nil, ctx, err
	}
	return v, ctx, nil
}

// pin begins the transaction that keeps the hot tables as they are. The list
// is locked meanwhile, so that no table of it can be dropped before.
func (e *Engine) pin(ctx context.Context, v *view) (err error) {
	e.hot.list.RLock()
	defer e.hot.list.RUnlock()
	// The transaction is ended by close alone, not beside a running statement.
	if v.tx, err = v.conn.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		return err
	}
	for _, t := range e.hot.tables {
		v.tables = append(v.tables, t.name)
	}
	// DuckDB takes its snapshot at the first use of a table.
	return v.tx.QueryRowContext(ctx, "SELECT count(*) FROM "+shape).Scan(new(int64))
}

func (e *Engine) list(ctx context.Context, v *view, from, to time.Time) error {
	if e.files == nil {
		return nil
	}
	snap, err := e.files.Snapshot(ctx, from, to)
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	v.through = int64(snap.Through)
	if over := v.over; snap.Release != nil {
		v.over = func() { snap.Release(); over() }
	}
	for _, f := range snap.Files {
		if f.Path, err = filepath.Abs(f.Path); err != nil {
			return err
		}
		if f.Originals != "" {
			if f.Originals, err = filepath.Abs(f.Originals); err != nil {
				return err
			}
		}
		if !(!from.IsZero() && f.To.Before(from)) && !(!to.IsZero() && !f.From.Before(to)) {
			v.files = append(v.files, f)
		}
	}
	return nil
}

func (v *view) measureHot(ctx context.Context) error {
	if len(v.tables) == 0 {
		return nil
	}
	var from, to sql.NullInt64
	err := v.tx.QueryRowContext(ctx, "SELECT count(*), epoch_us(min(time)), epoch_us(max(time)) FROM ("+
		v.hotSQL("entry, time")+")").Scan(&v.hotRows, &from, &to)
	v.hot = span{from.Int64, to.Int64}
	return err
}

// close ends the view. A connection whose statement was interrupted, or whose
// transaction cannot be ended, is not used again.
func (v *view) close() {
	stale := v.cut() != nil
	if v.tx != nil {
		stale = v.tx.Rollback() != nil || stale // it only read
	}
	if stale {
		_ = v.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = v.conn.Close()
	v.records.Close()
	v.over()
}

// hotSQL selects columns of the hot rows that no file has.
func (v *view) hotSQL(columns string) string {
	parts := make([]string, len(v.tables))
	for i, name := range v.tables {
		parts[i] = "SELECT " + columns + " FROM " + name +
			" WHERE entry > " + strconv.FormatInt(v.through, 10)
	}
	return strings.Join(parts, " UNION ALL ")
}

// source is a part of the view that one statement reads.
type source struct {
	hot   bool
	files []File
}

// everything returns the source with all events of the view.
func (v *view) everything() source { return source{hot: v.hotRows > 0, files: v.files} }

// eventsSQL returns a relation with all columns of events.
//
// The parameter of range makes DuckDB plan the statement anew with all values
// known. Otherwise it would keep them open below the union, and compile a
// regular expression for every row.
func (v *view) eventsSQL(s source, b *builder) string {
	sql := "SELECT " + shape + ".* FROM " + shape + ", range(" + b.arg(int64(0)) + ")"
	if s.hot {
		sql += " UNION ALL BY NAME (" + v.hotSQL("* EXCLUDE (raw)") + ")"
	}
	if len(s.files) > 0 {
		sql += " UNION ALL BY NAME SELECT * FROM read_parquet(" + b.arg(paths(s.files, false)) +
			", union_by_name = true, file_row_number = true, filename = true)"
	}
	return "(" + sql + ")"
}

// originalsSQL returns a relation with entry, leaf and raw.
func (v *view) originalsSQL(s source, b *builder) string {
	parts := []string{"SELECT 0::BIGINT AS entry, 0::INTEGER AS leaf, ''::BLOB AS raw WHERE false"}
	if s.hot {
		parts = append(parts, v.hotSQL("entry, leaf, raw"))
	}
	if list := paths(s.files, true); v.records != nil && len(list) > 0 {
		parts = append(parts, "SELECT entry, leaf, raw FROM "+v.records.Source(list))
	} else if len(list) > 0 {
		parts = append(parts, "SELECT entry, leaf, raw FROM read_parquet("+b.arg(list)+")")
	}
	return "(" + strings.Join(parts, " UNION ALL ") + ")"
}

func paths(files []File, originals bool) (list []string) {
	for _, f := range files {
		path := f.Path
		if originals {
			path = f.Originals
		}
		if path != "" {
			list = append(list, path)
		}
	}
	return list
}

// matching returns FROM … WHERE … for the request's events in the source, e
// being the events; more conditions may follow with AND.
func (v *view) matching(req *Request, s source, b *builder) string {
	where := "(" + req.Query.tree().sql(b) + ")"
	if !req.From.IsZero() {
		where += " AND e.time >= " + b.time(ceilMicro(req.From))
	}
	if !req.To.IsZero() {
		where += " AND e.time < " + b.time(ceilMicro(req.To))
	}
	raws := func(b *builder) string { return v.originalsSQL(s, b) }
	return " FROM " + v.eventsSQL(s, b) + " e" + b.originals(raws) + " WHERE " + where
}

// ceilMicro rounds a bound up, because events have whole microseconds.
func ceilMicro(t time.Time) int64 {
	micros := t.UnixMicro()
	if t.Nanosecond()%1000 != 0 {
		micros++
	}
	return micros
}
