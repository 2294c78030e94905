package search

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// monsters are questions that ask for all memory there is: what they collect
// cannot spill.
var monsters = []string{
	"SELECT list(x) FROM range(200000000) r(x)",
	"SELECT string_agg(process_cmd_line, ',') FROM events, range(100000)",
	"SELECT count(*) FROM events a, events b, events c WHERE a.process_cmd_line || b.process_cmd_line < c.message",
	"SELECT list(process_cmd_line || x::VARCHAR) FROM events, range(100000) r(x)",
}

// TestMonstrousQueriesCannotStopArrivingEvents asks the monsters over and over,
// while events arrive. Every event has to become visible; a question that cannot
// be answered has to say why, and the next small one has to work.
func TestMonstrousQueriesCannotStopArrivingEvents(t *testing.T) {
	e, err := Open(t.Context(), Config{
		Dir: t.TempDir(), MemoryMB: 120, SpillMB: 30, Threads: 2, Time: 3 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	const entries, perEntry = 30, 500
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var refused, slow, gaveWay atomic.Int64
	var wg sync.WaitGroup
	for _, text := range monsters {
		wg.Go(func() {
			for ctx.Err() == nil {
				switch _, err := e.SQL(ctx, SQLRequest{Text: text}); {
				case errors.Is(err, ErrGaveWay):
					gaveWay.Add(1)
				case errors.Is(err, ErrMemory):
					refused.Add(1)
				case errors.Is(err, ErrTime):
					slow.Add(1)
				case err != nil && ctx.Err() == nil:
					t.Errorf("%s: %v does not say what to do", text, err)
					return
				}
			}
		})
	}
	longest := arrive(t, e, entries, perEntry)
	cancel()
	wg.Wait()
	t.Logf("monsters: %d refused, %d too slow, %d gave way; events waited %s at most",
		refused.Load(), slow.Load(), gaveWay.Load(), longest)
	if refused.Load()+gaveWay.Load() == 0 {
		t.Error("no question was refused: the test has no monsters")
	}
	if text := glance(t.Context(), e, entries, perEntry); text != "" {
		t.Error(text)
	}
}

// arrive gives entries to the engine and returns how long one waited at most.
func arrive(t *testing.T, e *Engine, entries, perEntry int) (longest time.Duration) {
	for entry := 1; entry <= entries; entry++ {
		began := time.Now()
		if err := e.Hot(t.Context(), wide(uint64(entry), perEntry)); err != nil {
			t.Fatalf("entry %d was not taken: %v", entry, err)
		}
		longest = max(longest, time.Since(began))
		time.Sleep(20 * time.Millisecond)
	}
	return longest
}

// wide makes events with long command lines, all different.
func wide(entry uint64, n int) []event.Event {
	evs := benchEvents(entry, n)
	for i := range evs {
		for j, a := range evs[i].Attrs {
			if a.Attr == event.AttrProcessCmdLine {
				evs[i].Attrs[j].Text = strings.Repeat(evs[i].ID.String()+" ", 60)
			}
		}
	}
	return evs
}
