package node

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/lake"
)

// replay is the journal as the pipeline reads it: what the journal has purged
// comes from the lake. Only a state that was lost, and is derived again, goes
// back that far.
type replay struct {
	*journal.Stream
	table *lake.Table
}

// Read yields the entries from sequence from in order, then new ones.
func (r replay) Read(ctx context.Context, from uint64) iter.Seq2[*event.Entry, error] {
	return func(yield func(*event.Entry, error) bool) {
		first, _, err := r.Bounds(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for e, err := range r.sealed(ctx, from, first) {
			if !yield(e, err) || err != nil {
				return
			}
		}
		for e, err := range r.Stream.Read(ctx, max(from, first)) {
			if !yield(e, err) {
				return
			}
		}
	}
}

// sealed yields the lake's entries in [from, end).
func (r replay) sealed(ctx context.Context, from, end uint64) iter.Seq2[*event.Entry, error] {
	return func(yield func(*event.Entry, error) bool) {
		if from >= end {
			return
		}
		snapshot, err := r.table.Snapshot(ctx, time.Time{}, time.Time{})
		if err != nil {
			yield(nil, err)
			return
		}
		for _, file := range snapshot.Files {
			if file.LastEntry < from || file.FirstEntry >= end {
				continue
			}
			for e, err := range r.table.Entries(ctx, file) {
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
