package search

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// TestSealingShowsEachEventOnce ingests and seals while queries run. A query
// must see every event that was visible before it began, none twice and no gap.
func TestSealingShowsEachEventOnce(t *testing.T) {
	lake := newTestLake(t)
	e := openTest(t, lake)
	const entries, perEntry, perSeal = 40, 10, 7
	var visible atomic.Int64 // entries that Hot has returned for
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		if err := ingest(ctx, e, lake, entries, perEntry, perSeal, &visible); err != nil {
			t.Error(err)
		}
	})
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				before := visible.Load()
				if text := glance(ctx, e, before, perEntry); text != "" && ctx.Err() == nil {
					t.Error(text)
					return
				}
			}
		})
	}
	wg.Wait()
	if text := glance(t.Context(), e, entries, perEntry); text != "" {
		t.Error(text)
	}
	n, exact, err := e.Count(t.Context(), Request{CountFor: time.Minute})
	if err != nil || !exact || n != entries*perEntry {
		t.Errorf("count %d (exact %t): %v", n, exact, err)
	}
}

// ingest makes entries visible one by one and seals every perSeal-th.
func ingest(
	ctx context.Context, e *Engine, lake *testLake, entries, perEntry, perSeal int, visible *atomic.Int64,
) error {
	var pending []event.Event
	for entry := 1; entry <= entries; entry++ {
		evs := benchEvents(uint64(entry), perEntry)
		pending = append(pending, evs...)
		if err := e.Hot(ctx, evs); err != nil {
			return err
		}
		visible.Store(int64(entry))
		if entry%perSeal != 0 {
			continue
		}
		// One entry stays unsealed, so that tables are sealed in part too.
		through := uint64(entry - 1)
		cut := slices.IndexFunc(pending, func(ev event.Event) bool { return ev.ID.Entry > through })
		if err := lake.seal(through, pending[:cut]); err != nil {
			return err
		}
		pending = pending[cut:]
		if err := e.Sealed(ctx, through); err != nil {
			return err
		}
	}
	return nil
}

// glance reads all events and says what is wrong with them, "" when nothing is.
func glance(ctx context.Context, e *Engine, before int64, perEntry int) string {
	next := event.ID{Entry: 1}
	err := e.Each(ctx, Request{Columns: []event.Attr{}}, func(r Row) error {
		if r.ID != next {
			return fmt.Errorf("got event %s, want %s", r.ID, next)
		}
		if next.Leaf++; int(next.Leaf) == perEntry {
			next = event.ID{Entry: next.Entry + 1}
		}
		return nil
	})
	if err != nil {
		return err.Error()
	}
	if seen := int64(next.Entry) - 1; next.Leaf != 0 || seen < before {
		return fmt.Sprintf("saw %d entries and %d records, %d entries were visible before",
			seen, next.Leaf, before)
	}
	return ""
}

func TestSealedFreesMemory(t *testing.T) {
	e := openTest(t, nil)
	used := func() (n int64) {
		err := e.db.QueryRowContext(t.Context(),
			"SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT FROM duckdb_memory()").Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := used()
	if err := e.Hot(t.Context(), benchEvents(1, 20_000)); err != nil {
		t.Fatal(err)
	}
	full := used()
	if err := e.Sealed(t.Context(), 40); err != nil {
		t.Fatal(err)
	}
	t.Logf("20,000 events took %d MiB", (full-before)>>20)
	if left := used(); left > before+(full-before)/10 {
		t.Errorf("%d bytes of %d are left after sealing", left-before, full-before)
	}
}

// TestFailedHotLeavesNothing gives events that the table refuses.
func TestFailedHotLeavesNothing(t *testing.T) {
	e := openTest(t, nil)
	evs := benchEvents(1, 1000)
	if err := e.Hot(t.Context(), evs[:500]); err != nil {
		t.Fatal(err)
	}
	row := e.hot.row
	e.hot.row = make([]driver.Value, len(row)+1) // the table refuses this
	if err := e.Hot(t.Context(), evs[500:]); err == nil {
		t.Fatal("a row that is too long was taken")
	}
	e.hot.row = row
	if err := e.Hot(t.Context(), evs[500:]); err != nil {
		t.Fatal(err)
	}
	if n, _, err := e.Count(t.Context(), Request{}); n != 1000 || err != nil {
		t.Errorf("count %d, %v; want 1000", n, err)
	}
}

// TestLostRowsAreNotHidden: after a failed flush no answer is complete until the
// lost events are sealed.
func TestLostRowsAreNotHidden(t *testing.T) {
	e := openTest(t, nil)
	if err := e.Hot(t.Context(), benchEvents(1, 10)); err != nil {
		t.Fatal(err)
	}
	e.hot.lost = 1
	if _, err := e.Search(t.Context(), Request{}); err == nil {
		t.Error("an answer without lost events was given")
	}
	if err := e.Sealed(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Search(t.Context(), Request{}); err != nil {
		t.Error(err)
	}
}
