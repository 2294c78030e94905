package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/search/plain"
)

// Reader reads files of original bytes. Its methods are safe for concurrent
// use.
type Reader interface {
	// Fetch calls visit, in no order, for those records of the files that are
	// among ids.
	Fetch(ctx context.Context, paths []string, ids []event.ID, visit func(event.ID, []byte)) error
	// Parts returns how many parts a file has, Part where the records of one
	// are and their bytes.
	Parts(path string) (int, error)
	Part(path string, n int) (entry []int64, leaf []int32, raw [][]byte, err error)
}

const (
	function = "evident_records"
	threads  = 2
)

// Table is the table function of one database. A nil Table is of use: its
// sessions are nil.
type Table struct {
	reader Reader
	mu     sync.Mutex
	last   int64
	open   map[int64]*ticket
}

// ticket is the files that one statement may read.
type ticket struct {
	ctx   context.Context
	paths []string
}

// Register adds the table function to a database, whose connections all have it
// then. Without a reader there is nothing to add.
func Register(ctx context.Context, db *sql.DB, reader Reader) (*Table, error) {
	if reader == nil {
		return nil, nil
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("register records: %w", err)
	}
	defer conn.Close()
	t := &Table{reader: reader, open: map[int64]*ticket{}}
	number, err := duckdb.NewTypeInfo(duckdb.TYPE_BIGINT)
	if err != nil {
		return nil, fmt.Errorf("register records: %w", err)
	}
	err = duckdb.RegisterTableUDF(conn, function, duckdb.ParallelChunkTableFunction{
		Config:        duckdb.TableFunctionConfig{Arguments: []duckdb.TypeInfo{number}},
		BindArguments: t.bind,
	})
	if err != nil {
		return nil, fmt.Errorf("register records: %w", err)
	}
	return t, nil
}

func (t *Table) bind(_ map[string]any, args ...any) (duckdb.ParallelChunkTableSource, error) {
	n, ok := args[0].(int64)
	t.mu.Lock()
	held := t.open[n]
	t.mu.Unlock()
	if !ok || held == nil {
		return nil, errors.New("no such records")
	}
	return &source{reader: t.reader, held: held}, nil
}

// Session is one question's use of the table function. A nil Session reads
// nothing.
type Session struct {
	table   *Table
	ctx     context.Context
	tickets []int64
}

// Session begins a question, which ctx ends.
func (t *Table) Session(ctx context.Context) *Session {
	if t == nil {
		return nil
	}
	return &Session{table: t, ctx: ctx}
}

// Source returns the relation (entry, leaf, raw) of all records in the files. raw
// is what a search looks through: original bytes, as text where they are none.
func (s *Session) Source(paths []string) string {
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.open[t.last] = &ticket{s.ctx, paths}
	s.tickets = append(s.tickets, t.last)
	return function + "(" + strconv.FormatInt(t.last, 10) + ")"
}

// Fetch visits those records of the files that are among ids, in no order.
func (s *Session) Fetch(
	ctx context.Context, paths []string, ids []event.ID, visit func(event.ID, []byte),
) error {
	return s.table.reader.Fetch(ctx, paths, ids, visit)
}

// Close ends the session: its relations are of no use any more.
func (s *Session) Close() {
	if s == nil {
		return
	}
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	for _, n := range s.tickets {
		delete(s.table.open, n)
	}
}

// source gives the records of some files to one statement.
type source struct {
	reader Reader
	held   *ticket
	once   sync.Once
	parts  []part
	err    error // why they are not known
	next   atomic.Int64
}

// part is one part of a file.
type part struct {
	path string
	n    int
}

// list finds the parts of the files when the first thread asks.
func (s *source) list() error {
	s.once.Do(func() {
		for _, path := range s.held.paths {
			n, err := s.reader.Parts(path)
			if err != nil {
				s.err = err
				return
			}
			for i := range n {
				s.parts = append(s.parts, part{path, i})
			}
		}
	})
	return s.err
}

// ColumnInfos implements duckdb.ParallelChunkTableSource.
func (s *source) ColumnInfos() []duckdb.ColumnInfo {
	var out []duckdb.ColumnInfo
	for _, c := range []struct {
		name string
		kind duckdb.Type
	}{
		{"entry", duckdb.TYPE_BIGINT}, {"leaf", duckdb.TYPE_INTEGER}, {"raw", duckdb.TYPE_BLOB},
	} {
		info, err := duckdb.NewTypeInfo(c.kind)
		if err != nil {
			return nil // no such basic type: the engine says what is missing
		}
		out = append(out, duckdb.ColumnInfo{Name: c.name, T: info})
	}
	return out
}

// Cardinality implements duckdb.ParallelChunkTableSource.
func (s *source) Cardinality() *duckdb.CardinalityInfo {
	const usual = 100_000 // records of a file
	return &duckdb.CardinalityInfo{Cardinality: uint(usual * len(s.held.paths))}
}

// Init implements duckdb.ParallelChunkTableSource.
func (s *source) Init() duckdb.ParallelTableSourceInfo {
	return duckdb.ParallelTableSourceInfo{MaxThreads: threads}
}

// rest is what one thread has read and not given yet.
type rest struct {
	entry []int64
	leaf  []int32
	raw   [][]byte
}

// text returns the original bytes as the text that a search looks through. In SQL
// alone it would be wrong: TRY, of which plain.RawSQL is made, also takes the
// value from the rows of a table function (DuckDB 1.4).
func (r *rest) text(i int) []byte {
	if utf8.Valid(r.raw[i]) {
		return r.raw[i]
	}
	return []byte(plain.Raw(r.raw[i]))
}

// NewLocalState implements duckdb.ParallelChunkTableSource.
func (s *source) NewLocalState() any { return &rest{} }

// FillChunk implements duckdb.ParallelChunkTableSource.
func (s *source) FillChunk(local any, chunk duckdb.DataChunk) error {
	have, ok := local.(*rest)
	if !ok {
		return errors.New("read records: no state of this thread")
	}
	if err := s.list(); err != nil {
		return err
	}
	for len(have.entry) == 0 {
		if err := s.held.ctx.Err(); err != nil {
			return fmt.Errorf("read records: %w", err)
		}
		at := int(s.next.Add(1)) - 1
		if at >= len(s.parts) {
			return chunk.SetSize(0)
		}
		var err error
		have.entry, have.leaf, have.raw, err = s.reader.Part(s.parts[at].path, s.parts[at].n)
		if err != nil {
			return err
		}
	}
	n := min(len(have.entry), duckdb.GetDataChunkCapacity())
	for i := range n {
		err := errors.Join(duckdb.SetChunkValue(chunk, 0, i, have.entry[i]),
			duckdb.SetChunkValue(chunk, 1, i, have.leaf[i]), duckdb.SetChunkValue(chunk, 2, i, have.text(i)))
		if err != nil {
			return fmt.Errorf("give records: %w", err)
		}
	}
	have.entry, have.leaf, have.raw = have.entry[n:], have.leaf[n:], have.raw[n:]
	return chunk.SetSize(n)
}
