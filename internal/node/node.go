package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/pipeline"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/proof"
	"github.com/evident-sec/evident/sigma"
)

// Config says which folder to open and what to run on it.
type Config struct {
	Dir       string
	Command   string        // who opens it, for the message to others
	Rules     []string      // rule files and folders besides the starter pack
	Shadow    []string      // folders that a set to compare may come from, besides Rules
	NoDetect  bool          // receive and seal only
	NoSearch  bool          // no query engine and hot table, e.g. for a bulk ingest
	Reader    bool          // for one question: load the rules only if records wait for them
	Frozen    bool          // process nothing, e.g. to verify what lies there
	Witnesses *proof.Policy // who cosigns checkpoints; nil: nobody is asked
	SealAfter time.Duration
	SealCount int
	Log       *slog.Logger
}

// Node is one open data folder.
type Node struct {
	cfg     Config
	lock    *lock
	journal *journal.Stream
	ledger  *ledger.Log
	lake    *lake.Table
	state   *state.Store
	search  *search.Engine // nil with NoSearch
	pipe    *pipeline.Pipeline
	norm    *normalize.Normalizer
	causes  *reconstruct.Reconstructor

	book       atomic.Pointer[rulebook] // what judges; replaced by a reload
	reloading  sync.Mutex               // held while the rules are read anew
	lastReload atomic.Pointer[Reload]
	shadow     atomic.Pointer[shadow] // a set that is compared with it, nil for none
	roots      []string               // folders that a shadow's rules may come from
	life       context.Context        // ends when processing does

	mapped *sigma.Logsources
	feeds  feeds

	rate   rate
	recent recent
	mu     sync.Mutex // guards known
	known  map[event.BatchID]bool
	stop   context.CancelFunc
	closed []func() error
}

// Open opens or creates the data folder and starts its pipeline. The node
// belongs to ctx: when ctx ends, processing stops. Close it in any case.
func Open(ctx context.Context, cfg Config) (*Node, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("create data folder: %w", err)
	}
	held, err := takeLock(cfg.Dir, cfg.Command)
	if err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, lock: held}
	n.onClose(n.lock.release)
	for _, open := range []func(context.Context) error{
		n.openMapping, n.openStores, n.openRules, n.openSearch, n.openCauses, n.loadKnown, n.startPipeline,
		n.noteMapping,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, n.Close())
		}
	}
	return n, nil
}

func (n *Node) onClose(f func() error) { n.closed = append(n.closed, f) }

// openStores opens ledger and lake before the journal: if the journal was
// lost, its numbers have to go on behind what the others have.
func (n *Node) openStores(ctx context.Context) (err error) {
	dir, log := n.cfg.Dir, n.cfg.Log
	n.ledger, err = ledger.Open(ctx, ledger.Config{
		Dir: filepath.Join(dir, "ledger"), Log: log, Witnesses: n.cfg.Witnesses,
	})
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	n.onClose(n.ledger.Close)
	// The pipeline decides when to seal, after the state has what it needs.
	n.lake, err = lake.Open(ctx, lake.Config{
		Dir: n.lakeDir(), SealEvents: math.MaxInt, Log: log, Mapping: n.norm.Version(),
	})
	if err != nil {
		return fmt.Errorf("open lake: %w", err)
	}
	n.onClose(n.lake.Close)
	n.journal, err = journal.Open(ctx, journal.Config{
		Dir: filepath.Join(dir, "journal"), FirstSeq: max(n.ledger.Next(), n.lake.Watermark()+1), Log: log,
	})
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	n.onClose(n.journal.Close)
	n.state, err = state.Open(ctx, dir)
	if err != nil {
		return fmt.Errorf("open state: %w", err)
	}
	n.onClose(n.state.Close)
	return nil
}

func (n *Node) lakeDir() string { return filepath.Join(n.cfg.Dir, "lake") }

// loadKnown collects the batches that need not be ingested again: those in the
// state and those that the state has not seen yet.
func (n *Node) loadKnown(ctx context.Context) error {
	n.known = make(map[event.BatchID]bool)
	if n.cfg.Frozen {
		return nil // nothing is taken, and damage is for Verify to name
	}
	batches, err := n.state.Batches(ctx)
	if err != nil {
		return err
	}
	for id := range batches {
		n.known[id] = true
	}
	through, err := n.state.Through(ctx)
	if err != nil {
		return err
	}
	first, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return fmt.Errorf("read journal bounds: %w", err)
	}
	for e, err := range (replay{n.journal, n.lake}).sealed(ctx, through+1, first) {
		if err != nil {
			return err
		}
		n.known[e.Batch] = true
	}
	for seq := max(through+1, first); seq <= last; seq++ {
		e, err := n.journal.Get(ctx, seq)
		if err != nil {
			return fmt.Errorf("read journal entry %d: %w", seq, err)
		}
		n.known[e.Batch] = true
	}
	return nil
}

func (n *Node) startPipeline(ctx context.Context) error {
	if n.cfg.Frozen {
		return nil
	}
	cfg := pipeline.Config{
		Journal: replay{n.journal, n.lake}, Ledger: n.ledger, Lake: n.lake, State: n.state,
		Normalize: n.norm, Detect: n.book.Load().detect, Partial: n.cfg.Reader, Log: n.cfg.Log,
		SealAfter: n.cfg.SealAfter, SealCount: n.cfg.SealCount,
	}
	if n.search != nil {
		cfg.Hot = hotRows{n.search, n.cfg.Log}
	}
	pipe, err := pipeline.New(cfg)
	if err != nil {
		return err
	}
	n.pipe = pipe
	ctx, n.stop = context.WithCancel(ctx)
	n.life = ctx
	go func() {
		if err := pipe.Run(ctx); err != nil { // whoever waits for it gets it as well
			n.cfg.Log.Info("pipeline stopped", "error", err)
		}
	}()
	n.onClose(func() error {
		n.stop()
		<-pipe.Stopped()
		return pipe.Err()
	})
	n.onClose(func() error {
		n.replaceShadow(nil)
		return nil
	})
	return nil
}

// Announce tells other processes where this one serves.
func (n *Node) Announce(url string) error { return n.lock.announce(url) }

// Stopped is closed when processing has ended; Err says why.
func (n *Node) Stopped() <-chan struct{} { return n.pipe.Stopped() }

// Status says how far processing is.
func (n *Node) Status() pipeline.Status {
	if n.pipe == nil {
		return pipeline.Status{}
	}
	return n.pipe.Status()
}

// Err returns what ended processing, nil while it runs.
func (n *Node) Err() error {
	if n.pipe == nil {
		return nil
	}
	return n.pipe.Err()
}

// Settle waits until everything acknowledged so far is detected, in the lake
// and under a signed checkpoint.
func (n *Node) Settle(ctx context.Context) error {
	_, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return fmt.Errorf("read journal bounds: %w", err)
	}
	if err := n.pipe.Seal(ctx, last); err != nil {
		return err
	}
	if err := n.ledger.Flush(ctx); err != nil {
		return fmt.Errorf("flush ledger: %w", err)
	}
	// Now that the checkpoint covers it, the journal can forget it.
	return n.pipe.Seal(ctx, last)
}

// CatchUp waits until everything acknowledged so far is searchable.
func (n *Node) CatchUp(ctx context.Context) error {
	_, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return fmt.Errorf("read journal bounds: %w", err)
	}
	return n.await(ctx, last)
}

// await polls, because waiting happens once at a start and never per event.
func (n *Node) await(ctx context.Context, seq uint64) error {
	if n.pipe == nil {
		return nil
	}
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for n.pipe.Status().Through < seq {
		select {
		case <-ticker.C:
		case <-n.pipe.Stopped():
			return fmt.Errorf("process entry %d: %w", seq, errors.Join(n.pipe.Err(), errStopped))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

var errStopped = errors.New("processing has stopped")

// Close stops processing and closes every store. What is not sealed yet stays
// in the journal and is taken up at the next Open.
func (n *Node) Close() error {
	var errs []error
	for i := len(n.closed) - 1; i >= 0; i-- {
		errs = append(errs, n.closed[i]())
	}
	n.closed = nil
	return errors.Join(errs...)
}
