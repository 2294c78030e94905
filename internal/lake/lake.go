package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evident-sec/evident/internal/durable"
	"github.com/evident-sec/evident/internal/lake/originals"
)

const (
	dataDir      = "data"
	originalsDir = "originals"
	pendingDir   = "pending"
	metadataDir  = "metadata"
	catalogFile  = "catalog.db"

	defaultSealEvents = 100_000
	defaultSealBytes  = 128 << 20
)

// ErrNotFound is returned for entries and records that no sealed file holds.
var ErrNotFound = errors.New("not in the lake")

// Config is the configuration of a Table.
type Config struct {
	Dir        string // folder of the lake, created where missing
	SealEvents int    // Append seals at this many events; 0 means 100,000
	SealBytes  int64  // or at this many raw bytes; 0 means 128 MiB
	Mapping    string // version of the mapping that made the events; kept in each file
	Keys       Keys   // encrypt originals by day of arrival; nil: they are not encrypted
	Log        *slog.Logger
}

// Table is the lake. Append and Seal are called by one goroutine at a time;
// everything else may be called by any number of goroutines meanwhile.
type Table struct {
	cfg   Config
	db    *sql.DB
	ice   *iceTable
	state atomic.Pointer[state]

	originals originals.Reader

	rewriting sync.Mutex   // held by Compact, Erase and Dispose, taken before mu
	pins      atomic.Int64 // readers that need their files for longer

	mu      sync.Mutex // held by Append, Seal, Close and the commit of a rewrite
	pair    *pair      // nil when nothing is pending
	closed  bool
	pending atomic.Int64
	bytes   atomic.Int64
}

// state is what readers see: it is replaced as a whole, never changed.
type state struct {
	snapshot int64
	through  uint64
	files    []File // in entry order
}

// Open opens the lake in cfg.Dir, creating it where missing, brings it to the
// last committed state and removes what an interrupted Seal left. A lake can be
// opened once at a time.
func Open(ctx context.Context, cfg Config) (*Table, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	db, fresh, err := openDB(ctx, filepath.Join(cfg.Dir, catalogFile))
	if err != nil {
		return nil, err
	}
	t := &Table{cfg: cfg, db: db}
	t.originals.Unseal = t.unseal
	if err := t.recover(ctx, fresh); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open lake %s: %w", cfg.Dir, err)
	}
	return t, nil
}

func (c Config) complete() (Config, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("open lake: %w", err)
	}
	c.Dir = dir
	if c.SealEvents <= 0 {
		c.SealEvents = defaultSealEvents
	}
	if c.SealBytes <= 0 {
		c.SealBytes = defaultSealBytes
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, sub := range []string{dataDir, originalsDir, pendingDir, metadataDir} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return c, fmt.Errorf("create lake: %w", err)
		}
	}
	return c, durable.SyncDir(dir)
}

// recover finds the last committed state.
func (t *Table) recover(ctx context.Context, fresh bool) error {
	files, err := readFacts(ctx, t.db, t.cfg.Dir)
	if err != nil {
		return err
	}
	condemned, err := condemnedFiles(ctx, t.db, time.Time{})
	if err != nil {
		return err
	}
	if err := t.removeOrphans(files, condemned, fresh); err != nil {
		return err
	}
	cols := columns()
	ids, err := columnIDs(ctx, t.db, cols)
	if err != nil {
		return err
	}
	t.ice = &iceTable{
		db: t.db, location: fileURI(t.cfg.Dir), metadata: filepath.Join(t.cfg.Dir, metadataDir),
		cols: cols, ids: ids, log: t.cfg.Log,
		expiry: expiry{above: 100, keep: 20, age: time.Minute},
	}
	if err := openIceberg(ctx, t.ice, files); err != nil {
		return err
	}
	if err := t.ice.sweep(); err != nil {
		t.cfg.Log.Warn("lake: left-over metadata stays", "error", err)
	}
	t.publish(files)
	t.tellKeys(files)
	return t.Dispose(ctx, 0) // nobody reads yet
}

// publish makes files the state that readers see.
func (t *Table) publish(files []File) {
	s := &state{files: files}
	if n := len(files); n > 0 {
		s.through = files[n-1].LastEntry
	}
	if snap := t.ice.tbl.CurrentSnapshot(); snap != nil {
		s.snapshot = snap.SnapshotID
	}
	t.state.Store(s)
}

// Watermark returns the last entry whose events are all committed, 0 when none
// is. The pipeline reads on after it.
func (t *Table) Watermark() uint64 { return t.state.Load().through }

// Pending returns the number of events appended but not sealed.
func (t *Table) Pending() int { return int(t.pending.Load()) }

// PendingBytes returns the raw bytes appended but not sealed.
func (t *Table) PendingBytes() int64 { return t.bytes.Load() }

// Close gives up what is not sealed and closes the lake. Call Seal before to
// keep it; the journal still holds it in any case.
func (t *Table) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.drop()
	if err := t.db.Close(); err != nil {
		return fmt.Errorf("close lake: %w", err)
	}
	return nil
}
