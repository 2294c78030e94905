package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"

	"github.com/evident-sec/evident/proof"
)

const (
	batchSize  = 256 // entries given to Tessera at once: one bundle
	batchAge   = 50 * time.Millisecond
	maxPending = 1 << 16 // Append waits above this; about 10 MB
	retryAfter = 500 * time.Millisecond
	// pace is the time between small batches while entries keep coming: each
	// costs Tessera a dozen synced files, and checkpoints are further apart.
	pace = 250 * time.Millisecond
)

// batcher hands manifests to Tessera in order, one batch at a time, and waits
// for each to be integrated before the next. So when a batch fails nothing
// behind it is on its way, and it can be tried again at the same place.
type batcher struct {
	add  tessera.AddFn
	size func(context.Context) (uint64, error) // integrated size of the log
	tidy func(size uint64)                     // called before a batch is tried again
	log  *slog.Logger

	mu         sync.Mutex
	pending    []proof.Manifest // queued, not integrated
	integrated uint64           // size of the log
	fatal      error            // order was broken: nothing more can be sealed
	trouble    error            // why the current batch is being tried again
	closed     bool
	draining   int           // callers of drain: they do not wait for company
	changed    chan struct{} // closed and renewed when any of the above changes

	stop chan struct{}
	done chan struct{}
}

// start starts the worker on a log of the given size; add, size, tidy and log
// are set.
func (b *batcher) start(integrated uint64) {
	b.integrated = integrated
	b.changed, b.stop, b.done = make(chan struct{}), make(chan struct{}), make(chan struct{})
	go b.run()
}

// notify wakes everyone who waits for a change; the caller holds b.mu.
func (b *batcher) notify() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// next is the expected sequence; the caller holds b.mu.
func (b *batcher) next() uint64 { return b.integrated + uint64(len(b.pending)) + 1 }

func (b *batcher) nextSeq() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next()
}

// state returns the error that keeps the batcher from taking more; the caller
// holds b.mu.
func (b *batcher) state() error {
	if b.fatal != nil {
		return b.fatal
	}
	if b.closed {
		return ErrClosed
	}
	return nil
}

func (b *batcher) push(ctx context.Context, m proof.Manifest) error {
	return b.wait(ctx, func() (bool, error) {
		if err := b.state(); err != nil {
			return true, err
		}
		if want := b.next(); m.Seq != want {
			return true, fmt.Errorf("%w: the ledger expects %d", ErrOutOfOrder, want)
		}
		if len(b.pending) >= maxPending {
			return false, nil
		}
		b.pending = append(b.pending, m)
		b.notify()
		return true, nil
	})
}

// drain waits until the log holds size entries.
func (b *batcher) drain(ctx context.Context, size uint64) error {
	b.addDraining(1)
	defer b.addDraining(-1)
	return b.wait(ctx, func() (bool, error) {
		return b.integrated >= size || b.fatal != nil, b.fatal
	})
}

func (b *batcher) addDraining(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draining += n
	b.notify()
}

// rest is how long the next batch still waits for company; the caller holds
// b.mu. A first entry after a while, a full batch and who waits go at once.
func (b *batcher) rest(last time.Time) time.Duration {
	if b.draining > 0 || len(b.pending) >= batchSize {
		return 0
	}
	return pace - time.Since(last)
}

// wait calls try under b.mu, after each change, until it is done.
func (b *batcher) wait(ctx context.Context, try func() (done bool, err error)) error {
	for {
		b.mu.Lock()
		done, err := try()
		changed, trouble := b.changed, b.trouble
		b.mu.Unlock()
		if done {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), trouble)
		case <-changed:
		}
	}
}

// close stops taking entries, waits for those queued and ends the worker.
func (b *batcher) close(ctx context.Context) error {
	b.mu.Lock()
	already := b.closed
	b.closed = true
	want := b.next() - 1
	b.notify()
	b.mu.Unlock()
	if already {
		return nil
	}
	err := b.drain(ctx, want)
	close(b.stop)
	select {
	case <-b.done:
	case <-ctx.Done():
	}
	return err
}

// run integrates batches until close.
func (b *batcher) run() {
	defer close(b.done)
	var last time.Time
	for {
		b.mu.Lock()
		batch := b.pending[:min(len(b.pending), batchSize)]
		changed, fatal, start, rest := b.changed, b.fatal, b.integrated, b.rest(last)
		b.mu.Unlock()
		if len(batch) == 0 || fatal != nil {
			rest = math.MaxInt64 // until something changes
		}
		if rest > 0 {
			select {
			case <-b.stop:
				return
			case <-changed:
			case <-time.After(rest):
			}
			continue
		}
		last = time.Now()
		if !b.record(b.integrate(batch)) {
			select {
			case <-b.stop:
				return
			case <-time.After(retryAfter):
			}
			b.tidy(start)
		}
	}
}

// record notes the outcome of a batch and reports whether to go on at once.
func (b *batcher) record(size uint64, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	done := size - b.integrated
	b.pending = b.pending[done:]
	b.integrated = size
	switch {
	case errors.Is(err, errDisplaced):
		b.fatal = err
		b.log.Error("ledger cannot go on", "error", err)
	case err != nil && b.trouble == nil:
		b.log.Warn("ledger tries again", "error", err)
	}
	b.trouble = err
	b.notify()
	return err == nil || b.fatal != nil
}

// errDisplaced says that the log does not hold the entries where they belong.
var errDisplaced = errors.New("log and journal are out of step")

// integrate gives a batch to Tessera, waits, and returns the log's size after
// it. An error that does not wrap errDisplaced left the log in order: what it
// does not hold yet can be tried again.
func (b *batcher) integrate(batch []proof.Manifest) (uint64, error) {
	start := batch[0].Seq - 1
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	futures := b.queue(ctx, batch)
	var failed, displaced error
	for i, future := range futures { // all of them: nothing may stay on its way
		index, err := future()
		switch {
		case err != nil:
			failed = fmt.Errorf("integrate entry %d: %w", batch[i].Seq, err)
		case index.Index != batch[i].Seq-1:
			displaced = fmt.Errorf("entry %d got log index %d: %w",
				batch[i].Seq, index.Index, errDisplaced)
		}
	}
	if displaced != nil {
		return start, displaced
	}
	if failed == nil {
		return start + uint64(len(futures)), nil
	}
	size, err := b.size(ctx)
	switch {
	case err != nil:
		return start, errors.Join(failed, fmt.Errorf("read log size: %w", err))
	case size < start || size > start+uint64(len(batch)):
		return start, fmt.Errorf("log size is %d, not from %d to %d: %w",
			size, start, start+uint64(len(batch)), errDisplaced)
	}
	return size, failed
}

// queue puts the batch into Tessera's queue. Tessera flushes its queue when it
// is full or batchAge old; should the flush come in between, the rest is left
// for the next round, so that a batch is integrated as a whole or not at all.
func (b *batcher) queue(ctx context.Context, batch []proof.Manifest) []tessera.IndexFuture {
	futures := make([]tessera.IndexFuture, 0, len(batch))
	begin := time.Now()
	for _, m := range batch {
		if time.Since(begin) > batchAge/2 {
			break
		}
		futures = append(futures, b.add(ctx, tessera.NewEntry(m.Marshal())))
	}
	return futures
}
