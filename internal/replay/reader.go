package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/lake"
)

// Reader is the journal as the pipeline reads it.
type Reader struct {
	Journal *journal.Stream
	Lake    *lake.Table
	// Lost hears of every entry that turns out to be lost while it is read; nil
	// for nobody.
	Lost func(ctx context.Context, seq uint64) error
}

// Purge lets the journal forget entries.
func (r Reader) Purge(ctx context.Context, through uint64) error {
	return r.Journal.Purge(ctx, through)
}

// Read yields the entries from sequence from in order, then new ones. Only a
// state that was lost, and is derived again, goes back to what the journal has
// purged.
func (r Reader) Read(ctx context.Context, from uint64) iter.Seq2[*event.Entry, error] {
	return func(yield func(*event.Entry, error) bool) {
		first, _, err := r.Journal.Bounds(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for e, err := range r.Sealed(ctx, from, first) {
			if !yield(e, err) || err != nil {
				return
			}
		}
		for e, err := range r.Journal.Read(ctx, max(from, first)) {
			var damaged *journal.DamageError
			if errors.As(err, &damaged) {
				e, err = r.pass(ctx, damaged)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// pass finds what to read in the place of a damaged entry.
func (r Reader) pass(ctx context.Context, damaged *journal.DamageError) (*event.Entry, error) {
	if damaged.Seq <= r.Lake.Watermark() {
		return r.Lake.Entry(ctx, damaged.Seq)
	}
	e, err := r.Journal.SetAside(damaged)
	if err != nil {
		return nil, err
	}
	if _, lost := journal.LossOf(e); lost && r.Lost != nil {
		return e, r.Lost(ctx, damaged.Seq)
	}
	return e, nil
}

// Entry returns one entry: journal.ErrNotFound where nobody has it, a
// *journal.DamageError where only the journal had it.
func (r Reader) Entry(ctx context.Context, seq uint64) (*event.Entry, error) {
	e, err := r.Journal.Get(ctx, seq)
	var damaged *journal.DamageError
	elsewhere := errors.Is(err, journal.ErrNotFound) || errors.As(err, &damaged)
	if err == nil || !elsewhere || seq > r.Lake.Watermark() {
		return e, err
	}
	return r.Lake.Entry(ctx, seq)
}

// Sealed yields the lake's entries in [from, end).
func (r Reader) Sealed(ctx context.Context, from, end uint64) iter.Seq2[*event.Entry, error] {
	return func(yield func(*event.Entry, error) bool) {
		if from >= end {
			return
		}
		snapshot, err := r.Lake.Snapshot(ctx, time.Time{}, time.Time{})
		if err != nil {
			yield(nil, err)
			return
		}
		for _, file := range snapshot.Files {
			if file.LastEntry < from || file.FirstEntry >= end {
				continue
			}
			for e, err := range r.Lake.Entries(ctx, file) {
				switch {
				case err != nil:
					yield(nil, fmt.Errorf("read sealed entries: %w", err))
					return
				case e.Seq < from:
					continue
				case e.Seq >= end:
					return
				}
				if from = e.Seq + 1; !yield(e, nil) {
					return
				}
			}
		}
		if from < end {
			yield(nil, fmt.Errorf("read entry %d: neither journal nor lake has it", from))
		}
	}
}
