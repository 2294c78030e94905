package search

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/evident-sec/evident/internal/search/plain"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/evident-sec/evident/event"
)

// hotRows is how many rows a hot table takes: one DuckDB row group, so that a
// table costs its columns' blocks once.
const hotRows = 122880

// flushRows is how many rows wait at most before they go into the table. A flush
// costs as much as a few hundred rows, so rows wait until a query needs them.
const flushRows = 4096

// shape is a table without rows that gives every statement all columns, also
// where a file was written before an attribute was added to the dictionary.
const shape = "shape"

// hot holds the events that are not sealed yet, in a few tables. A table is
// dropped as a whole when all of it is sealed: deleting rows would keep their
// memory.
type hot struct {
	write    sync.Mutex // serialises changes; held while rows are appended
	conn     *sql.Conn
	appender *duckdb.Appender // into the last table; nil when there is none to fill
	made     int              // tables made so far, for their names
	row      []driver.Value   // scratch
	held     []event.Event    // rows in the appender that no query would see yet
	lost     uint64           // highest entry whose rows a failed flush lost; 0: none

	list   sync.RWMutex // guards tables
	tables []hotTable
}

type hotTable struct {
	name        string
	first, last uint64 // lowest and highest entry
	rows        int
}

func openHot(ctx context.Context, db *sql.DB) (*hot, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open hot table: %w", err)
	}
	h := &hot{conn: conn, row: make([]driver.Value, len(columns)+1)}
	if err := h.create(ctx, shape, ""); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return h, nil
}

// columns names the columns of events with their SQL types, in table order.
var columns = func() [][2]string {
	out := [][2]string{
		{"entry", "BIGINT"},
		{"leaf", "INTEGER"},
		{"time", "TIMESTAMPTZ"},
		{"received", "TIMESTAMPTZ"},
		{"class_uid", "INTEGER"},
		{"activity_id", "INTEGER"},
		{"severity_id", "INTEGER"},
		{"logsource.product", "VARCHAR"},
		{"logsource.service", "VARCHAR"},
		{"logsource.category", "VARCHAR"},
		{"problem", "VARCHAR"},
	}
	for _, a := range event.Dictionary() {
		typ := "VARCHAR"
		if a.Type == event.TypeInt {
			typ = "BIGINT"
		}
		out = append(out, [2]string{a.Path, typ})
	}
	return out
}()

// fixedColumns is how many columns come before the attributes.
var fixedColumns = len(columns) - int(event.NumAttrs)

func (h *hot) create(ctx context.Context, name, further string) error {
	defs := make([]string, len(columns))
	for i, c := range columns {
		defs[i] = ident(c[0]) + " " + c[1]
	}
	stmt := "CREATE TABLE " + name + " (" + strings.Join(defs, ", ") + further + ")"
	if _, err := h.conn.ExecContext(ctx, stmt); err != nil {
		return fmt.Errorf("create hot table: %w", err)
	}
	return nil
}

// Hot makes unsealed events visible to queries that start after it returned.
// Each event may be given once, in the order of identifiers. After an error
// none of the call's events is visible and the call may be repeated. Where
// queries have taken the memory it needs, they are ended with ErrGaveWay.
func (e *Engine) Hot(ctx context.Context, evs []event.Event) error {
	h := e.hot
	h.write.Lock()
	defer h.write.Unlock()
	err := h.take(ctx, evs)
	if err != nil && ctx.Err() == nil {
		e.running.GiveWay(ErrGaveWay)
		if err = h.again(ctx); err == nil {
			err = h.take(ctx, evs)
		}
	}
	if err != nil {
		return errors.Join(err, h.lose())
	}
	if len(h.held) >= flushRows {
		return e.flush(ctx)
	}
	return nil
}

// take appends the events, all or none.
func (h *hot) take(ctx context.Context, evs []event.Event) error {
	for done := 0; done < len(evs); {
		room, err := h.room(ctx)
		if err != nil {
			return err
		}
		n := min(room, len(evs)-done)
		if err := h.append(evs[done : done+n]); err != nil {
			h.held = slices.DeleteFunc(h.held, func(ev event.Event) bool {
				return !before(ev.ID, evs[0].ID)
			})
			return errors.Join(fmt.Errorf("append hot events: %w", err), h.undo(evs[0].ID))
		}
		done += n
	}
	return nil
}

func before(a, b event.ID) bool {
	return a.Entry < b.Entry || a.Entry == b.Entry && a.Leaf < b.Leaf
}

// show makes all rows visible to transactions that begin afterwards. It fails
// while rows are lost: an answer must not miss events without saying so.
func (e *Engine) show() error {
	h := e.hot
	h.write.Lock()
	defer h.write.Unlock()
	if len(h.held) > 0 {
		if err := e.flush(context.Background()); err != nil {
			return err
		}
	}
	if h.lost > 0 {
		return fmt.Errorf("show unsealed events: those up to entry %d return when they are sealed",
			h.lost)
	}
	return nil
}

// flush puts the held rows into the table. Where that fails, questions give
// their memory back and the rows are appended again; the appender's errors do
// not tell whether memory was what it lacked.
func (e *Engine) flush(ctx context.Context) error {
	h := e.hot
	err := h.flush()
	if err != nil && ctx.Err() == nil {
		e.running.GiveWay(ErrGaveWay)
		if err = h.again(ctx); err == nil {
			err = h.flush()
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("append hot events: %w", err), h.lose())
	}
	return nil
}

func (h *hot) flush() error {
	if h.appender == nil {
		return nil
	}
	if err := h.appender.Flush(); err != nil {
		return err
	}
	h.release()
	return nil
}

// release forgets the held rows, which the table has now.
func (h *hot) release() {
	clear(h.held)
	h.held = h.held[:0]
}

// again appends the held rows anew: an appender that failed is of no more use,
// and how far it came is not known.
func (h *hot) again(ctx context.Context) error {
	rows := h.held
	h.held = nil
	_ = h.finish() // what it kept is appended again
	if len(rows) == 0 {
		return nil
	}
	h.held = rows[:0:0]
	if err := h.undo(rows[0].ID); err != nil {
		h.held = rows
		return err
	}
	err := h.take(ctx, rows)
	if err != nil {
		h.held = rows
	}
	return err
}

// finish closes the last table, with memory that questions give back if need be.
func (e *Engine) finish(ctx context.Context) error {
	err := e.hot.finish()
	if err != nil && ctx.Err() == nil {
		e.running.GiveWay(ErrGaveWay)
		if err = e.hot.again(ctx); err == nil {
			err = e.hot.finish()
		}
	}
	if err != nil {
		return errors.Join(err, e.hot.lose())
	}
	return nil
}

// Withhold says that events up to the entry could not be made visible: searches
// fail, saying so, until those are sealed.
func (e *Engine) Withhold(entry uint64) {
	e.hot.write.Lock()
	defer e.hot.write.Unlock()
	e.hot.lost = max(e.hot.lost, entry)
}

// lose gives up the held rows.
func (h *hot) lose() error {
	if len(h.held) > 0 {
		h.lost = max(h.lost, h.held[len(h.held)-1].ID.Entry)
	}
	h.held = nil
	return h.finish()
}

// room returns how many rows the last table takes, after making a new one
// where there is none or it is full.
func (h *hot) room(ctx context.Context) (int, error) {
	if h.appender != nil {
		if free := hotRows - h.tables[len(h.tables)-1].rows; free > 0 {
			return free, nil
		}
		if err := h.finish(); err != nil {
			return 0, fmt.Errorf("close hot table: %w", err)
		}
	}
	h.made++
	name := "hot_" + strconv.Itoa(h.made)
	if err := h.create(ctx, name, ", raw BLOB"); err != nil {
		return 0, err
	}
	err := h.conn.Raw(func(c any) (err error) {
		h.appender, err = duckdb.NewAppenderFromConn(c.(driver.Conn), "", name)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("open hot table: %w", err)
	}
	h.list.Lock()
	h.tables = append(h.tables, hotTable{name: name})
	h.list.Unlock()
	return hotRows, nil
}

// append adds rows to the last table; flush makes them visible.
func (h *hot) append(evs []event.Event) error {
	for i := range evs {
		h.fill(&evs[i])
		if err := h.appender.AppendRow(h.row...); err != nil {
			return fmt.Errorf("append event %s: %w", evs[i].ID, err)
		}
	}
	h.held = append(h.held, evs...)
	h.list.Lock()
	defer h.list.Unlock()
	t := &h.tables[len(h.tables)-1]
	if t.rows == 0 {
		t.first = evs[0].ID.Entry
	}
	t.rows += len(evs)
	for i := range evs {
		t.last = max(t.last, evs[i].ID.Entry)
	}
	return nil
}

// fill sets the scratch row to the event.
func (h *hot) fill(ev *event.Event) {
	clear(h.row)
	h.row[0], h.row[1] = int64(ev.ID.Entry), int32(ev.ID.Leaf)
	h.row[2], h.row[3] = storable(ev.Time), storable(ev.Received)
	h.row[4], h.row[5], h.row[6] = int32(ev.Class), int32(ev.Activity), int32(ev.Severity)
	for i, s := range [...]string{ev.Product, ev.Service, ev.Category, ev.Problem} {
		if s != "" {
			h.row[7+i] = varchar(s)
		}
	}
	for _, a := range ev.Attrs {
		at := fixedColumns + int(a.Attr)
		if h.row[at] != nil || a.Text == "" { // the first value counts
			continue
		}
		if columns[at][1] == "VARCHAR" {
			h.row[at] = varchar(a.Text)
		} else if n, err := strconv.ParseInt(a.Text, 10, 64); err == nil {
			h.row[at] = n
		}
	}
	raw := ev.Raw
	if raw == nil {
		raw = []byte{}
	}
	h.row[len(h.row)-1] = raw
}

// varchar returns text for the appender, which would end a string at its first
// NUL and so hide the rest of it from search.
func varchar(s string) []byte { return []byte(plain.Column(s)) }

// storable keeps times of absurd records within the years that DuckDB and RFC
// 3339 have in common.
func storable(t time.Time) time.Time {
	if t.Year() < 1 {
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if t.Year() > 9999 {
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t
}

// undo takes back the rows of a call that failed half way.
func (h *hot) undo(first event.ID) error {
	err := h.finish() // an appender that failed cannot be used again
	if err != nil {
		err = fmt.Errorf("close hot table: %w", err)
	}
	for _, t := range h.tables {
		_, failed := h.conn.ExecContext(context.Background(), "DELETE FROM "+t.name+
			" WHERE entry > $1 OR entry = $1 AND leaf >= $2", int64(first.Entry), int32(first.Leaf))
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("take back hot events: %w", failed))
		}
	}
	return err
}

// finish flushes and closes the last table.
func (h *hot) finish() error {
	if h.appender == nil {
		return nil
	}
	err := h.appender.Close()
	h.appender = nil
	if err == nil {
		h.release()
	}
	return err
}

// Sealed says that all events up to the entry are in the lake's files, as
// Files.Snapshot already tells: their hot rows are dropped. Running queries
// keep what they saw.
func (e *Engine) Sealed(ctx context.Context, through uint64) error {
	h := e.hot
	h.write.Lock()
	defer h.write.Unlock()
	if n := len(h.tables); n > 0 && h.tables[n-1].rows > 0 && h.tables[n-1].first <= through {
		// Part of the table being filled is sealed: later events go to a new
		// one, so that the next seal can drop this one.
		if err := e.finish(ctx); err != nil {
			return fmt.Errorf("close hot table: %w", err)
		}
	}
	if through >= h.lost {
		h.lost = 0
	}
	var gone []string
	h.list.Lock()
	kept := h.tables[:0:0]
	for _, t := range h.tables {
		if t.last <= through && (t.rows > 0 || h.appender == nil) {
			gone = append(gone, t.name)
		} else {
			kept = append(kept, t)
		}
	}
	h.tables = kept
	h.list.Unlock()
	for _, name := range gone {
		if _, err := h.conn.ExecContext(ctx, "DROP TABLE "+name); err != nil {
			return fmt.Errorf("drop hot table: %w", err)
		}
	}
	return nil
}

func (h *hot) close() error {
	h.write.Lock()
	defer h.write.Unlock()
	return errors.Join(h.finish(), h.conn.Close())
}
