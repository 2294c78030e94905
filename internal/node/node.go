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
	"github.com/evident-sec/evident/internal/daykey"
	"github.com/evident-sec/evident/internal/edgelake"
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
	Dir      string
	Command  string   // who opens it, for the message to others
	Rules    []string // rule files and folders besides the starter pack
	Shadow   []string // folders that a set to compare may come from, besides Rules
	NoDetect bool     // receive and seal only
	NoSearch bool     // no query engine and hot table, e.g. for a bulk ingest
	Reader   bool     // for one question: load the rules only if records wait for them
	Frozen   bool     // process nothing, e.g. to verify what lies there

	AcceptLoss bool // go on though acknowledged entries are gone; see journal.Config

	// MasterKey is the file of the master key set: "" is what EVIDENT_MASTER_KEY
	// says, or keys/master.json in Dir.
	MasterKey string
	Masker    pipeline.Masker // stands between persons and columns; nil: they pass

	Witnesses *proof.Policy // who cosigns checkpoints; nil: nobody is asked
	SealAfter time.Duration
	SealCount int
	Log       *slog.Logger

	EdgeMemory int64 // bytes of causal edges kept in memory; 0: 1 GiB
}

// Node is one open data folder.
type Node struct {
	cfg     Config
	lock    *lock
	journal *journal.Stream
	ledger  *ledger.Log
	lake    *lake.Table
	keys    *daykey.Ring
	state   *state.Store
	search  *search.Engine // nil with NoSearch
	pipe    *pipeline.Pipeline
	norm    *normalize.Normalizer
	causes  *reconstruct.Reconstructor
	edges   *edgelake.Store

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
	mu     sync.Mutex               // guards known
	known  map[event.BatchID]uint64 // with the entry that holds the batch
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
		n.openMapping, n.openStores, n.openRules, n.openEdges, n.openSearch, n.openCauses, n.loadKnown, n.startPipeline,
		n.noteMapping,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, n.Close())
		}
	}
	return n, nil
}

func (n *Node) onClose(f func() error) { n.closed = append(n.closed, f) }

// openStores opens ledger and lake before the journal, which depends on them.
func (n *Node) openStores(ctx context.Context) (err error) {
	dir, log := n.cfg.Dir, n.cfg.Log
	n.ledger, err = ledger.Open(ctx, ledger.Config{
		Dir: filepath.Join(dir, "ledger"), Log: log, Witnesses: n.cfg.Witnesses,
	})
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	n.onClose(n.ledger.Close)
	if err := n.openKeys(); err != nil {
		return err
	}
	// The pipeline decides when to seal, after the state has what it needs.
	n.lake, err = lake.Open(ctx, lake.Config{
		Dir: n.lakeDir(), SealEvents: math.MaxInt, Log: log, Mapping: n.mapping(), Keys: n.keys,
	})
	if err != nil {
		return fmt.Errorf("open lake: %w", err)
	}
	n.onClose(n.lake.Close)
	if err := n.openJournal(ctx); err != nil {
		return err
	}
	n.state, err = state.Open(ctx, dir)
	if err != nil {
		return fmt.Errorf("open state: %w", err)
	}
	n.onClose(n.state.Close)
	return nil
}

func (n *Node) lakeDir() string { return filepath.Join(n.cfg.Dir, "lake") }

func (n *Node) startPipeline(ctx context.Context) error {
	if n.cfg.Frozen {
		return nil
	}
	cfg := pipeline.Config{
		Journal: n.replay(), Ledger: n.ledger, Lake: n.lake, State: n.state,
		Edges: n.edges, Normalize: n.norm, Masker: n.cfg.Masker, Detect: n.book.Load().detect, Partial: n.cfg.Reader, Log: n.cfg.Log,
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
