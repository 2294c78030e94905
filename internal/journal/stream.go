package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// Config says where the journal lives.
type Config struct {
	Dir      string       // folder of its own, created when missing
	FirstSeq uint64       // sequence of the first entry of a new journal; 0 means 1
	Log      *slog.Logger // nil discards

	// Need is the first entry that somebody who reads the journal lacks, so that
	// one missing at the front is noticed; 0 where nobody knows.
	Need uint64
	// AcceptLoss goes on where entries are gone without a trace, and sets a Loss
	// in the place of each; without it Open fails with ErrLost.
	AcceptLoss bool
}

// Stream is an open journal. Its methods may be called concurrently.
type Stream struct {
	cfg Config
	log *slog.Logger

	mu     sync.RWMutex // held for writing while the server is replaced
	engine *engine      // nil after a failed restart
	broken error        // why the engine takes no more writes
	closed bool

	tail   tail
	recent recent
	mark   *mark
	aside  *aside
	done   chan struct{} // closed by Close
}

// Open opens the journal in cfg.Dir, creating it when there is none. Damaged
// entries are set aside (SetAside). It fails with ErrLost where acknowledged
// entries are missing without a trace of damage.
func Open(ctx context.Context, cfg Config) (*Stream, error) {
	cfg.FirstSeq = max(cfg.FirstSeq, 1)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("create journal folder: %w", err)
	}
	set, err := openAside(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	m, err := openMark(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	s := &Stream{cfg: cfg, log: cfg.Log, mark: m, aside: set, done: make(chan struct{})}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), m.close())
	}
	return s, nil
}

// start reads the blocks, starts the server on them and brings the stream to
// hold what was acknowledged. The caller holds s.mu or is alone.
func (s *Stream) start(ctx context.Context) error {
	r, err := s.plan()
	if err != nil {
		return err
	}
	eng, err := startEngine(ctx, s.cfg.Dir, s.log)
	if err != nil {
		return err
	}
	if err = eng.openStream(ctx); errors.Is(err, jetstream.ErrStreamNotFound) {
		eng, err = s.create(ctx, eng, r)
	}
	if err == nil {
		err = s.restore(ctx, eng, r)
	}
	var state jetstream.StreamState
	if err == nil {
		state, err = eng.state(ctx)
	}
	if err != nil {
		eng.stop()
		return err
	}
	s.engine, s.broken = eng, nil
	s.tail.advance(state.LastSeq)
	return nil
}

// Bounds returns the sequences of the lowest entry still held and of the
// highest ever assigned. first is last+1 when none is held; last is one below
// Config.FirstSeq, so 0 for a new journal, when none was assigned.
func (s *Stream) Bounds(ctx context.Context) (first, last uint64, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(); err != nil {
		return 0, 0, fmt.Errorf("read journal bounds: %w", err)
	}
	state, err := s.engine.state(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read journal bounds: %w", err)
	}
	s.tail.advance(state.LastSeq)
	return s.aside.lowest(state.FirstSeq), state.LastSeq, nil
}

// Purge removes the entries up to and including through; sequences go on
// after the highest assigned one.
func (s *Stream) Purge(ctx context.Context, through uint64) error {
	first, last, err := s.Bounds(ctx)
	if err != nil {
		return fmt.Errorf("purge journal: %w", err)
	}
	if through = min(through, last); through < first {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(); err != nil {
		return fmt.Errorf("purge journal: %w", err)
	}
	if err := s.engine.stream.Purge(ctx, jetstream.WithPurgeSequence(through+1)); err != nil {
		return fmt.Errorf("purge journal through %d: %w", through, diskError(err))
	}
	return s.aside.purge(through)
}

// Close stops the server. Reads that wait end with ErrClosed.
func (s *Stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	close(s.done)
	if s.engine != nil {
		s.engine.stop()
		// The server removes what a purge freed in the background, and at its next
		// start what it did not get to.
		_ = os.RemoveAll(filepath.Join(s.cfg.Dir, "jetstream", "$G", "streams", streamName, "__msgs__"))
	}
	return s.mark.close()
}

// usable reports why the engine cannot be asked; the caller holds s.mu.
func (s *Stream) usable() error {
	if s.closed {
		return ErrClosed
	}
	if s.engine == nil {
		return fmt.Errorf("%w: %w", errDown, s.broken)
	}
	return nil
}
