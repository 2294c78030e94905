package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/proof"
	"github.com/evident-sec/evident/sigma/correlate"
)

// Journal is where entries come from.
type Journal interface {
	Read(ctx context.Context, from uint64) iter.Seq2[*event.Entry, error]
	Purge(ctx context.Context, through uint64) error
}

// Ledger takes one manifest for every entry.
type Ledger interface {
	Append(ctx context.Context, m proof.Manifest) error
	Next() uint64
	Sealed() uint64
}

// Lake keeps events and original bytes; Watermark is the last entry whose
// events are all committed.
type Lake interface {
	Append(ctx context.Context, e *event.Entry, evs []event.Event) error
	Seal(ctx context.Context) error
	Watermark() uint64
	Pending() int        // events that wait for a Seal
	PendingBytes() int64 // their original bytes
}

// Hot makes events searchable before the lake has them.
type Hot interface {
	Hot(ctx context.Context, evs []event.Event) error
	Sealed(ctx context.Context, through uint64) error
}

// Edges keeps what events say about cause. Append follows Lake.Append with the
// same entry, Sealed follows whatever may have sealed the lake.
type Edges interface {
	Append(seq uint64, evs []event.Event)
	Sealed()
}

// State takes findings, batches, dead letters, the freshness of sources and the
// windows of correlations.
type State interface {
	Through(ctx context.Context) (uint64, error)
	Windows(ctx context.Context) iter.Seq2[state.WindowRow, error]
	Apply(ctx context.Context, c state.Change) error
}

// Config wires a Pipeline; Hot, Edges and Detect may be nil.
type Config struct {
	Journal   Journal
	Ledger    Ledger
	Lake      Lake
	Hot       Hot
	Edges     Edges
	State     State
	Normalize *normalize.Normalizer
	Masker    Masker // nil: values that identify a person pass
	Detect    *detect.Detector
	Partial   bool          // Detect may lack rules of this state: keep the windows it does not know
	Workers   int           // 0: one a processor
	SealAfter time.Duration // seal the lake at the latest after this; 0: 30 s
	SealCount int           // or after this many events; 0: 100,000
	Log       *slog.Logger
}

// Pipeline is one pass over the journal that goes on until its context ends.
type Pipeline struct {
	cfg     Config
	orders  chan order
	through atomic.Uint64 // last entry committed to every consumer's memory
	events  atomic.Int64  // events committed by this process
	dead    atomic.Int64
	arrived atomic.Int64 // arrival of the last entry committed, Unix ns
	windows atomic.Pointer[correlate.Stats]
	stopped chan struct{}
	err     error // set before stopped is closed

	rules rules
}

// order asks the committer to seal everything up to and including an entry.
type order struct {
	through uint64
	done    chan error
}

// New returns a Pipeline; Run starts it.
func New(cfg Config) (*Pipeline, error) {
	if cfg.Journal == nil || cfg.Ledger == nil || cfg.Lake == nil || cfg.State == nil ||
		cfg.Normalize == nil {
		return nil, errors.New("create pipeline: journal, ledger, lake, state, normalizer are required")
	}
	if cfg.Workers <= 0 {
		cfg.Workers = runtime.GOMAXPROCS(0)
	}
	if cfg.SealAfter <= 0 {
		cfg.SealAfter = 30 * time.Second
	}
	if cfg.SealCount <= 0 {
		cfg.SealCount = 100_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Detect != nil {
		if _, err := cfg.Detect.Correlator(); err != nil {
			return nil, fmt.Errorf("create pipeline: %w", err)
		}
	}
	p := &Pipeline{cfg: cfg, orders: make(chan order), stopped: make(chan struct{})}
	p.rules.detect = cfg.Detect
	p.windows.Store(&correlate.Stats{})
	return p, nil
}

// Status is where the pipeline stands.
type Status struct {
	Through uint64    // last journal entry that is searchable
	Events  int64     // events committed since start
	Dead    int64     // of these, records that could not be decoded
	Arrived time.Time // arrival of the last entry committed
}

// Status returns where the pipeline stands now.
func (p *Pipeline) Status() Status {
	s := Status{Through: p.through.Load(), Events: p.events.Load(), Dead: p.dead.Load()}
	if ns := p.arrived.Load(); ns != 0 {
		s.Arrived = time.Unix(0, ns).UTC()
	}
	return s
}

// Correlations says what the windows of correlations hold, as of the last write
// of the state.
func (p *Pipeline) Correlations() correlate.Stats { return *p.windows.Load() }

// ahead is how many entries workers may have finished before they are committed:
// about what they get done while the lake is being sealed. It bounds memory: an
// entry with its events takes up to a few megabytes.
const ahead = 24

// Run processes entries until ctx ends; then it returns nil. Any other end is
// an error, after which nothing is processed any more.
func (p *Pipeline) Run(ctx context.Context) (err error) {
	defer func() {
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		p.err = err
		close(p.stopped)
	}()
	c, err := newCommitter(ctx, p)
	if err != nil {
		return err
	}
	p.through.Store(c.start() - 1)
	p.rules.from(c.start())
	jobs := make(chan *job, ahead)    // to the workers
	ordered := make(chan *job, ahead) // the same jobs, in order
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(jobs)
		defer close(ordered)
		return p.read(ctx, c.start(), jobs, ordered)
	})
	for range p.cfg.Workers {
		group.Go(func() error { return p.work(ctx, jobs) })
	}
	group.Go(func() error { return c.run(ctx, ordered) })
	return group.Wait()
}

func (p *Pipeline) read(ctx context.Context, from uint64, jobs, ordered chan<- *job) error {
	for entry, err := range p.cfg.Journal.Read(ctx, from) {
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("read journal: %w", err)
		}
		j := &job{entry: entry, detect: p.rules.of(entry.Seq), done: make(chan struct{})}
		for _, to := range []chan<- *job{ordered, jobs} {
			select {
			case to <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return ctx.Err()
}

// Seal waits until every entry up to and including through is committed, then
// seals the lake and returns once the state and the lake have it on disk.
func (p *Pipeline) Seal(ctx context.Context, through uint64) error {
	o := order{through: through, done: make(chan error, 1)}
	select {
	case p.orders <- o:
	case <-p.stopped:
		return p.failure()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.done:
		return err
	case <-p.stopped:
		return p.failure()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Pipeline) failure() error {
	if p.err != nil {
		return fmt.Errorf("pipeline has stopped: %w", p.err)
	}
	return errors.New("pipeline has stopped")
}

// Stopped is closed when Run has returned; Err then says why.
func (p *Pipeline) Stopped() <-chan struct{} { return p.stopped }

// Err returns what ended Run; nil while it runs or after a regular end.
func (p *Pipeline) Err() error {
	select {
	case <-p.stopped:
		return p.err
	default:
		return nil
	}
}
