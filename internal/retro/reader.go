package retro

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/sigma"
)

// Config is what a Reader works with.
type Config struct {
	Lake       *lake.Table
	Plan       *sigma.Plan
	Normalizer *normalize.Normalizer
	From, To   time.Time // events from From and before To; zero: no limit

	// Seen, if not nil, is told of events of the span that were looked at, from
	// several goroutines.
	Seen func(events int64)
}

// within reports whether an event may be within the span, by its time in whole
// microseconds.
func (c *Config) within(micros int64) bool {
	at := time.UnixMicro(micros)
	return (c.From.IsZero() || at.Add(time.Microsecond).After(c.From)) && (c.To.IsZero() || at.Before(c.To))
}

// Reader finds candidates in sealed files.
type Reader struct {
	cfg        Config
	events     atomic.Int64
	candidates atomic.Int64
}

// New returns a Reader.
func New(cfg Config) *Reader { return &Reader{cfg: cfg} }

// Events returns how many events of the span were looked at so far.
func (r *Reader) Events() int64 { return r.events.Load() }

// Candidates returns how many of them were given to visit so far.
func (r *Reader) Candidates() int64 { return r.candidates.Load() }

// Visit gets an entry and which of its records, in ascending order, any rule
// may hold for. Entries have no salts and no batch.
type Visit func(e *event.Entry, records []uint32) error

// found is a candidate entry on its way to Visit.
type found struct {
	entry   *event.Entry
	records []uint32
}

// ahead is how many entries of a file wait for their turn.
const ahead = 4

// Each visits the entries with candidates in order. Files are read on all
// processors.
func (r *Reader) Each(ctx context.Context, files []lake.File, visit Visit) error {
	group, ctx := errgroup.WithContext(ctx)
	free := make(chan *selector, runtime.GOMAXPROCS(0))
	for range cap(free) {
		free <- &selector{r: r, kinds: newKinds(r.cfg.Normalizer, r.cfg.Plan)}
	}
	order := make(chan chan found, cap(free))
	group.Go(func() error {
		defer close(order)
		for _, f := range files {
			var x *selector
			select {
			case x = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			out := make(chan found, ahead)
			select {
			case order <- out:
			case <-ctx.Done():
				return ctx.Err()
			}
			group.Go(func() error {
				defer func() { close(out); free <- x }()
				return r.file(ctx, x, f, out)
			})
		}
		return nil
	})
	group.Go(func() error {
		for out := range order {
			for f := range out {
				if err := visit(f.entry, f.records); err != nil {
					return err
				}
			}
			// A file that could not be read ends its channel too.
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return fmt.Errorf("judge the past: %w", err)
	}
	return nil
}

// file reads the candidates of one file.
func (r *Reader) file(ctx context.Context, x *selector, f lake.File, out chan<- found) error {
	chosen, err := x.file(ctx, f)
	if err != nil {
		return err
	}
	r.events.Add(chosen.events)
	if r.cfg.Seen != nil {
		r.cfg.Seen(chosen.events)
	}
	if len(chosen.ids) == 0 {
		return nil
	}
	return r.cfg.Lake.EntriesOf(ctx, f, chosen.wants, func(e *event.Entry) error {
		records := chosen.records(e.Seq)
		r.candidates.Add(int64(len(records)))
		select {
		case out <- found{e, records}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}
