package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"sync"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/proof"
)

var errKilled = errors.New("killed")

// world is what survives a kill, and the rules that every store enforces on
// the pipeline. All stores share one lock and one fuse.
type world struct {
	mu     sync.Mutex
	broken []string // rules that were broken
	fuse   int      // operations until the kill; below 0: none comes
	after  bool     // the operation that is hit takes effect before it fails
	choose func(low, high uint64) uint64

	entries []*event.Entry // the journal; entry i has sequence i+1
	purged  uint64

	leaves   []proof.Manifest // appended to the ledger
	sealed   uint64           // of them, under a checkpoint
	lake     []event.ID       // committed
	through  uint64           // last entry committed to the lake
	applied  uint64           // last entry in the state
	batches  map[event.BatchID]int
	findings map[string]int
	windows  map[string]state.WindowRow
	counted  int64 // events that sources were credited with
	dead     map[event.ID]int

	// lost at a kill
	pending []event.ID
	last    uint64 // last entry appended to the lake
	hot     map[event.ID]bool
}

func (w *world) broke(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// do runs one operation of a store, unless the process is dead.
func (w *world) do(op func()) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.fuse == 0:
		return errKilled
	case w.fuse > 0:
		w.fuse--
	}
	if w.fuse == 0 {
		if w.after {
			op()
		}
		return errKilled
	}
	op()
	return nil
}

// restart forgets what only memory had. Of the ledger's unsealed entries any
// number may have reached the disk.
func (w *world) restart(t *rapid.T) {
	w.pending, w.last, w.hot = nil, w.through, make(map[event.ID]bool)
	kept := rapid.Uint64Range(w.sealed, uint64(len(w.leaves))).Draw(t, "ledger keeps")
	w.leaves = w.leaves[:kept]
	w.fuse = -1
}

type fakeJournal struct{ *world }

func (w fakeJournal) Read(ctx context.Context, from uint64) iter.Seq2[*event.Entry, error] {
	return func(yield func(*event.Entry, error) bool) {
		for seq := from; seq <= uint64(len(w.entries)); seq++ {
			var e event.Entry
			err := w.do(func() {
				if seq <= w.purged {
					w.broke("entry %d is read after it was purged", seq)
				}
				e = *w.entries[seq-1]
			})
			if !yield(&e, err) || err != nil {
				return
			}
		}
		<-ctx.Done()
	}
}

func (w fakeJournal) Purge(_ context.Context, through uint64) error {
	return w.do(func() {
		if through > w.through || through > w.sealed {
			w.broke("purged through %d, lake has %d, ledger %d", through, w.through, w.sealed)
		}
		w.purged = max(w.purged, through)
	})
}

type fakeLedger struct{ *world }

func (w fakeLedger) Append(_ context.Context, m proof.Manifest) error {
	return w.do(func() {
		if m.Seq != uint64(len(w.leaves))+1 {
			w.broke("ledger gets entry %d after %d", m.Seq, len(w.leaves))
		}
		w.leaves = append(w.leaves, m)
		w.sealed = w.choose(w.sealed, m.Seq)
	})
}

func (w fakeLedger) Next() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return uint64(len(w.leaves)) + 1
}

func (w fakeLedger) Sealed() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sealed
}

type fakeLake struct{ *world }

func (w fakeLake) Append(_ context.Context, e *event.Entry, evs []event.Event) error {
	return w.do(func() {
		if e.Seq != w.last+1 || len(evs) != len(e.Records) {
			w.broke("lake gets entry %d after %d, %d events for %d records", e.Seq, w.last, len(evs),
				len(e.Records))
		}
		w.last = e.Seq
		for i := range evs {
			w.pending = append(w.pending, evs[i].ID)
		}
	})
}

func (w fakeLake) Seal(context.Context) error {
	return w.do(func() {
		if w.applied < w.last {
			w.broke("lake is sealed through %d, the state has only %d", w.last, w.applied)
		}
		w.lake = append(w.lake, w.pending...)
		w.pending, w.through = nil, w.last
	})
}

func (w fakeLake) Watermark() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.through
}

func (w fakeLake) Pending() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pending)
}

func (fakeLake) PendingBytes() int64 { return 0 }

type fakeHot struct{ *world }

func (w fakeHot) Hot(_ context.Context, evs []event.Event) error {
	return w.do(func() {
		for i := range evs {
			if w.hot[evs[i].ID] {
				w.broke("event %s becomes searchable twice", evs[i].ID)
			}
			w.hot[evs[i].ID] = true
		}
	})
}

func (w fakeHot) Sealed(_ context.Context, through uint64) error {
	return w.do(func() {
		if through != w.through {
			w.broke("hot table hears of %d, the lake has %d", through, w.through)
		}
		for id := range w.hot {
			if id.Entry <= through {
				delete(w.hot, id)
			}
		}
	})
}

type fakeState struct{ *world }

func (w fakeState) Through(context.Context) (uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.applied, nil
}

func (w fakeState) Apply(_ context.Context, c state.Change) error {
	return w.do(func() {
		if want := c.Through - w.applied; c.Through <= w.applied || uint64(len(c.Batches)) != want {
			w.broke("state gets %d batches through %d after %d", len(c.Batches), c.Through, w.applied)
		}
		w.applied = c.Through
		for id := range c.Batches {
			w.batches[id]++
		}
		for _, f := range c.Findings {
			w.findings[f.UID]++
		}
		for _, r := range c.Windows {
			w.write(r)
		}
		for _, d := range c.Dead {
			w.dead[d.Event]++
		}
		for _, s := range c.Sources {
			w.counted += s.Events
		}
	})
}

// write does to the stored windows what the state does.
func (w *world) write(r state.WindowRow) {
	name := fmt.Sprintf("%s|%x|%d", r.Correlation, r.Group, r.Part)
	if r.Body != nil {
		w.windows[name] = r
		return
	}
	maps.DeleteFunc(w.windows, func(_ string, old state.WindowRow) bool {
		return old.Correlation == r.Correlation && (r.Group == nil || bytes.Equal(r.Group, old.Group)) &&
			(r.Part < 0 || r.Part == old.Part)
	})
}

func (w fakeState) Windows(context.Context) iter.Seq2[state.WindowRow, error] {
	return func(yield func(state.WindowRow, error) bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, r := range w.windows {
			if !yield(r, nil) {
				return
			}
		}
	}
}
