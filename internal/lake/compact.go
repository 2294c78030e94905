package lake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
)

// CompactOptions bound a Compact; zero values mean the defaults.
type CompactOptions struct {
	Rows   int64 // events of one file at most; 1,000,000
	Bytes  int64 // bytes of columns read for one file at most; 64 MiB
	Memory int64 // bytes of text held at a time; 256 MiB
	Fanin  int   // neighbours of one generation that are merged while a day goes on; 16
	All    bool  // merge whatever neighbours fit, also of today
	Both   bool  // write columns and originals at the same time, where two processors are idle
	Now    time.Time

	// Check is asked about every entry before it is copied, e.g. whether it is
	// as the ledger sealed it. What it refuses is not rewritten.
	Check func(*event.Entry) error
}

func (o CompactOptions) complete() CompactOptions {
	orDefault := func(v *int64, n int64) {
		if *v <= 0 {
			*v = n
		}
	}
	orDefault(&o.Rows, 1_000_000)
	orDefault(&o.Bytes, 64<<20)
	orDefault(&o.Memory, 256<<20)
	if o.Fanin < 2 {
		o.Fanin = 16
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return o
}

// Compaction is what a Compact did.
type Compaction struct {
	Merged int   // files that were replaced
	Made   int   // files that replaced them
	Rows   int64 // events in them
	Left   []error
}

// Compact merges neighbouring small files of one day of arrival to larger ones
// whose rows are sorted by day, host and time. Identifiers, original bytes,
// salts and with them all proofs stay. Files that are damaged, or refused by
// o.Check, stay as they are; Left says why. It may run beside Append, Seal and
// readers. What was replaced is wiped by Dispose.
func (t *Table) Compact(ctx context.Context, o CompactOptions) (Compaction, error) {
	o = o.complete()
	t.rewriting.Lock()
	defer t.rewriting.Unlock()
	var done Compaction
	left := map[string]bool{} // by path: cannot be merged
	for {
		runs := plan(t.state.Load().files, o, left)
		if len(runs) == 0 {
			return done, nil
		}
		for _, run := range runs {
			if err := t.merge(ctx, run, o, &done, left); err != nil {
				return done, fmt.Errorf("compact lake: %w", err)
			}
		}
		if !o.All {
			return done, nil // further generations come with the next call
		}
	}
}

// merge makes one file of a run, or of its halves where they are too large
// together or differ in their mapping.
func (t *Table) merge(ctx context.Context, run []File, o CompactOptions, done *Compaction,
	left map[string]bool,
) error {
	w := &rewriting{t: t, olds: run, limit: o.Memory, check: o.Check, together: o.Both}
	f, err := w.run(ctx)
	var damaged *DamageError
	switch {
	case err == nil:
		done.Merged += len(run)
		done.Made++
		done.Rows += f.Rows
		return nil
	case ctx.Err() != nil || errors.Is(err, errClosed):
		return err
	case len(run) == 1:
		left[run[0].Path] = true
		return nil
	case errors.Is(err, errTooLarge) || errors.Is(err, errMixed):
	case errors.As(err, &damaged):
		done.Left = append(done.Left, err)
		for _, f := range run {
			left[f.Path] = true
		}
		return nil
	default:
		return err
	}
	half := len(run) / 2
	for _, part := range [][]File{run[:half], run[half:]} {
		left[part[len(part)-1].Path] = true // not to be joined again by this call
		if len(part) < 2 {
			continue
		}
		if err := t.merge(ctx, part, o, done, left); err != nil {
			return err
		}
	}
	return nil
}

// plan returns the runs of neighbours to merge, oldest first. While a day goes
// on only files of one generation are merged, Fanin at a time, so that a record
// is rewritten a few times only; once it is over all of its small files are.
func plan(files []File, o CompactOptions, left map[string]bool) (runs [][]File) {
	for from := 0; from < len(files); {
		to, rows, bytes := from, int64(0), int64(0)
		over := o.All || arrival(&files[from]).Before(arrivalDay(o.Now))
		for ; to < len(files); to++ {
			f := &files[to]
			small := f.Rows < o.Rows/2 && f.Bytes < o.Bytes/2 && !left[f.Path]
			same := arrival(f).Equal(arrival(&files[from])) &&
				(over || f.Generation() == files[from].Generation())
			fits := rows+f.Rows <= o.Rows && bytes+f.Bytes <= o.Bytes
			if !small || !same || !fits || !over && to-from == o.Fanin {
				break
			}
			rows, bytes = rows+f.Rows, bytes+f.Bytes
		}
		if n := to - from; n >= 2 && (over || n == o.Fanin) {
			runs = append(runs, files[from:to])
		}
		from = max(to, from+1)
	}
	return runs
}

// arrival is the day the file's first record arrived, the zero time where that
// is not known.
func arrival(f *File) time.Time {
	if f.ReceivedTo.IsZero() {
		return time.Time{}
	}
	return arrivalDay(f.ReceivedFrom)
}

func arrivalDay(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// Erase rewrites file f without the records for which erase returns the journal
// entry of a tombstone: their columns, bytes and salts go, their leaf hashes
// stay. The old file is wiped before Erase returns.
func (t *Table) Erase(ctx context.Context, f File, check func(*event.Entry) error,
	erase func(event.ID) uint64,
) (File, error) {
	out, err := t.rewriteOne(ctx, &rewriting{olds: []File{f}, check: check, erase: erase})
	if err != nil {
		return out, fmt.Errorf("erase records of %s: %w", f.Path, err)
	}
	return out, nil
}

// Rekey rewrites file f with its originals under the newest key of their day.
// The old file is wiped before Rekey returns.
func (t *Table) Rekey(ctx context.Context, f File, check func(*event.Entry) error) (File, error) {
	out, err := t.rewriteOne(ctx, &rewriting{olds: []File{f}, check: check})
	if err != nil {
		return out, fmt.Errorf("encrypt %s anew: %w", f.Path, err)
	}
	return out, nil
}

func (t *Table) rewriteOne(ctx context.Context, w *rewriting) (File, error) {
	t.rewriting.Lock()
	defer t.rewriting.Unlock()
	w.t, w.limit = t, 1<<40
	out, err := w.run(ctx)
	if err != nil {
		return out, err
	}
	return out, t.dispose(ctx, 0)
}
