package journal

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/evident-sec/evident/event"
)

// recentBytes bounds the raw bytes of entries that wait in memory for Read: above
// it Append waits.
const recentBytes = 32 << 20

// recent hands acknowledged entries to a Read that waits for them, so that what
// was written a moment ago need not be read back, checked and decoded again. It
// is no store: what it does not take, or no longer has, Read gets from the
// stream.
type recent struct {
	mu      sync.Mutex
	readers int
	next    uint64 // the first entry that no Read has come to
	held    map[uint64]*event.Entry
	bytes   int
	freed   chan struct{} // closed when there is room again; nil while nobody waits
}

// join notes that a Read begins at seq; leave takes it back.
func (r *recent) join(seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers++
	r.next = max(r.next, seq)
}

func (r *recent) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers--
	r.held, r.bytes = nil, 0 // what another Read would never come to must not stay
	r.wake()
}

// wake lets those go on that wait for room; the caller holds r.mu.
func (r *recent) wake() {
	if r.freed != nil {
		close(r.freed)
		r.freed = nil
	}
}

// room waits while a Read is so far behind that entries would have to be read
// back, or ctx or the journal ends.
func (r *recent) room(ctx context.Context, done <-chan struct{}) error {
	for {
		r.mu.Lock()
		if r.bytes < recentBytes {
			r.mu.Unlock()
			return nil
		}
		if r.freed == nil {
			r.freed = make(chan struct{})
		}
		freed := r.freed
		r.mu.Unlock()
		select {
		case <-freed:
		case <-done:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// put offers an entry that the stream acknowledged as seq. It is not kept when
// many appended at once and there is no room after all.
func (r *recent) put(seq uint64, e *event.Entry) {
	size := e.Bytes()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.readers == 0 || seq < r.next || r.bytes+size > 2*recentBytes {
		return
	}
	if r.held == nil {
		r.held = make(map[uint64]*event.Entry)
	}
	r.bytes += size
	r.held[seq] = asRead(seq, e)
}

// asRead returns the entry as Get would: with its sequence, its time without
// clock reading and zone, and a slice of records that the caller does not share.
func asRead(seq uint64, e *event.Entry) *event.Entry {
	c := *e
	c.Seq, c.Records = seq, slices.Clone(e.Records)
	c.Received = time.Unix(0, e.Received.UnixNano()).UTC()
	return &c
}

// take returns entry seq and forgets it; nil where it is not held.
func (r *recent) take(seq uint64) *event.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = max(r.next, seq+1)
	e := r.held[seq]
	if e != nil {
		delete(r.held, seq)
		r.bytes -= e.Bytes()
		r.wake()
	}
	return e
}
