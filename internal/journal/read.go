package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/evident-sec/evident/event"
)

// pollInterval bounds how long Read overlooks an entry whose Append ended
// without hearing the acknowledgement.
const pollInterval = time.Second

// Get returns the entry with the sequence: ErrNotFound where it was purged or
// not assigned yet, a *DamageError where it cannot be read back whole.
func (s *Stream) Get(ctx context.Context, seq uint64) (*event.Entry, error) {
	if s.aside.has(seq) {
		e, err := s.asideEntry(seq)
		if err != nil {
			return nil, fmt.Errorf("read journal: %w", &DamageError{seq, s.cfg.Dir, err})
		}
		return e, nil
	}
	msg, err := s.load(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		err = s.explainMissing(ctx, seq)
	}
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	e := &event.Entry{Seq: seq}
	if sum := checksum(msg.Data); msg.Header.Get(headerCRC) != sum || msg.Sequence != seq {
		err = errors.New("checksum does not match")
	} else {
		err = e.UnmarshalBinary(msg.Data)
	}
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", &DamageError{seq, s.cfg.Dir, err})
	}
	return e, nil
}

func (s *Stream) load(ctx context.Context, seq uint64) (*jetstream.RawStreamMsg, error) {
	if seq == 0 {
		return nil, jetstream.ErrMsgNotFound
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(); err != nil {
		return nil, err
	}
	msg, err := s.engine.stream.GetMsg(ctx, seq)
	if err != nil {
		return nil, fmt.Errorf("load entry %d: %w", seq, err)
	}
	return msg, nil
}

// explainMissing tells an entry that is not there by right from one that is
// missing: the server answers "not found" for a bad record as well.
func (s *Stream) explainMissing(ctx context.Context, seq uint64) error {
	first, last, err := s.Bounds(ctx)
	switch {
	case err != nil:
		return err
	case seq < first:
		return fmt.Errorf("%w: %d, the journal starts at %d", ErrNotFound, seq, first)
	case seq > last:
		return fmt.Errorf("%w: %d, the journal ends at %d", ErrNotFound, seq, last)
	}
	return &DamageError{seq, s.cfg.Dir, errors.New("its record is missing or unreadable")}
}

// Read yields the entries from sequence from (0: from the first one held) in
// order and goes on with new ones as they are appended, until ctx ends; while
// a full disk keeps the journal down it waits. A damaged entry is yielded as
// nil with its *DamageError, and reading goes on after it; any other error is
// yielded last.
func (s *Stream) Read(ctx context.Context, from uint64) iter.Seq2[*event.Entry, error] {
	return func(yield func(*event.Entry, error) bool) {
		seq := from
		if seq == 0 {
			first, _, err := s.Bounds(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			seq = first
		}
		s.recent.join(seq)
		defer s.recent.leave()
		for ; s.await(ctx, seq); seq++ {
			e, err := s.next(ctx, seq)
			for errors.Is(err, errDown) && s.pause(ctx) {
				if s.repair(ctx) == nil {
					e, err = s.Get(ctx, seq)
				}
			}
			if ctx.Err() != nil {
				return
			}
			var damage *DamageError
			if !yield(e, err) || err != nil && !errors.As(err, &damage) {
				return
			}
		}
		if ctx.Err() == nil {
			yield(nil, fmt.Errorf("read journal: %w", ErrClosed))
		}
	}
}

// next is Get for one entry after the other.
func (s *Stream) next(ctx context.Context, seq uint64) (*event.Entry, error) {
	if e := s.recent.take(seq); e != nil {
		return e, nil
	}
	return s.Get(ctx, seq)
}

// pause waits a moment; false when ctx or the journal ended first.
func (s *Stream) pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-s.done:
		return false
	case <-time.After(pollInterval):
		return true
	}
}

// await waits until the sequence is assigned; false when ctx or the journal
// ended first.
func (s *Stream) await(ctx context.Context, seq uint64) bool {
	for {
		last, changed := s.tail.get()
		if ctx.Err() != nil {
			return false
		}
		if seq <= last {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-s.done:
			return false
		case <-changed:
		case <-time.After(pollInterval):
			// An error here shows at the next Get.
			_, _, _ = s.Bounds(ctx)
		}
	}
}
