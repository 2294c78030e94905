package search

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/evident-sec/evident/event"
)

// testLake writes Parquet files with an engine of its own and lists them.
type testLake struct {
	dir string
	db  *sql.DB

	mu   sync.Mutex
	snap Snapshot
}

func newTestLake(t testing.TB) *testLake {
	t.Helper()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &testLake{dir: t.TempDir(), db: sql.OpenDB(connector)}
	t.Cleanup(func() { _ = l.db.Close() })
	return l
}

// Snapshot implements Files.
func (l *testLake) Snapshot(context.Context, time.Time, time.Time) (Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Snapshot{Through: l.snap.Through, Files: slices.Clone(l.snap.Files)}, nil
}

// seal writes the events, which are all up to the entry through, to a file.
func (l *testLake) seal(through uint64, evs []event.Event) error {
	l.mu.Lock()
	n := len(l.snap.Files)
	l.mu.Unlock()
	f := File{
		Path:      filepath.Join(l.dir, fmt.Sprintf("%d.parquet", n)),
		Originals: filepath.Join(l.dir, fmt.Sprintf("%d.originals.parquet", n)),
		Rows:      int64(len(evs)),
	}
	byTime := func(a, b event.Event) int { return a.Time.Compare(b.Time) }
	f.From, f.To = slices.MinFunc(evs, byTime).Time, slices.MaxFunc(evs, byTime).Time
	if err := l.write(f, evs); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.snap = Snapshot{Through: through, Files: append(slices.Clone(l.snap.Files), f)}
	return nil
}

func (l *testLake) write(f File, evs []event.Event) error {
	ctx := context.Background()
	h, err := openHot(ctx, l.db)
	if err != nil {
		return err
	}
	e := &Engine{hot: h}
	if err := e.Hot(ctx, evs); err != nil {
		return err
	}
	if err := e.show(); err != nil {
		return err
	}
	all := (&view{tables: tableNames(h)}).hotSQL
	for _, stmt := range []string{
		"COPY (" + all("* EXCLUDE (raw)") + ") TO " + text(f.Path) +
			" (FORMAT parquet, ROW_GROUP_SIZE 65536)",
		"COPY (" + all("entry, leaf, raw") + ") TO " + text(f.Originals) +
			" (FORMAT parquet, ROW_GROUP_SIZE 2048)",
		"DROP TABLE shape",
	} {
		if _, err := l.db.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	for _, name := range tableNames(h) {
		if _, err := l.db.ExecContext(ctx, "DROP TABLE "+name); err != nil {
			return err
		}
	}
	return h.close()
}

func tableNames(h *hot) (names []string) {
	for _, t := range h.tables {
		names = append(names, t.name)
	}
	return names
}

func openTest(t testing.TB, l *testLake) *Engine {
	t.Helper()
	cfg := Config{Dir: t.TempDir()}
	if l != nil {
		cfg.Lake, cfg.Files = l.dir, l
	}
	e, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// keyOf is an event's place in the order of answers.
func keyOf(ev *event.Event) key {
	return key{micros: ev.Time.UnixMicro(), entry: int64(ev.ID.Entry), leaf: int32(ev.ID.Leaf)}
}

// naive answers a request by looking at every event.
func naive(evs []event.Event, req Request) (ids []event.ID) {
	var hits []event.Event
	for i := range evs {
		at := time.UnixMicro(evs[i].Time.UnixMicro())
		if !req.From.IsZero() && at.Before(req.From) || !req.To.IsZero() && !at.Before(req.To) {
			continue
		}
		if req.Query.Match(&evs[i]) {
			hits = append(hits, evs[i])
		}
	}
	slices.SortFunc(hits, func(a, b event.Event) int {
		x, y := keyOf(&a), keyOf(&b)
		order := cmp.Or(cmp.Compare(x.micros, y.micros), cmp.Compare(x.entry, y.entry),
			cmp.Compare(x.leaf, y.leaf))
		if req.Oldest {
			return order
		}
		return -order
	})
	for i := range hits {
		ids = append(ids, hits[i].ID)
	}
	return ids
}
