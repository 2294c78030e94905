package edgelake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/lake"
)

// defaultMemory is how many bytes of blocks are kept where nothing else is said.
const defaultMemory = 1 << 30

// Config says what a Store keeps edges for.
type Config struct {
	Table  *lake.Table
	Memory int64 // bytes of blocks kept in memory; 0: 1 GiB
	Log    *slog.Logger
}

// Store keeps the edges of a lake's files and of the entries that are not
// sealed yet. Append and Sealed are called by one goroutine at a time, all else
// by any number.
type Store struct {
	cfg Config

	mu      sync.Mutex
	known   map[string]lake.EdgeFacts // by name of the file
	blocks  map[string]*held          // in memory, by name of the file
	bytes   int64                     // of blocks
	uses    int64                     // counts up, for who was used last
	pending *packer                   // entries from to through; nil for none
	from    uint64
	through uint64
	hot     *Block // pending as it was last asked for; nil where it changed since
	status  Status

	writing sync.WaitGroup
	turn    sync.Mutex // files are written and derived one at a time
}

// held is a block, or the work of getting it.
type held struct {
	ready chan struct{} // closed when block and err are set
	block *Block
	err   error
	used  int64
}

// Status is what a Store did and holds.
type Status struct {
	Files   int   `json:"files"`   // sealed files of the lake
	Stored  int   `json:"stored"`  // of them with edges of this version
	Bytes   int64 `json:"bytes"`   // of stored edges on the disk
	Loaded  int   `json:"loaded"`  // blocks in memory
	Memory  int64 `json:"memory"`  // bytes they take
	Records int64 `json:"records"` // events in them
	Edges   int64 `json:"edges"`   // edges in them
	Read    int64 `json:"read"`    // files read since the start
	Derived int64 `json:"derived"` // files derived from columns since the start
	Damaged int64 `json:"damaged"` // of them because the stored edges were not as noted
	Pending int   `json:"pending"` // events that are not sealed yet
}

// Open opens the edges of a lake. Nothing is read yet.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Table == nil {
		return nil, errors.New("open edges: no lake")
	}
	if cfg.Memory <= 0 {
		cfg.Memory = defaultMemory
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	known, err := cfg.Table.KnownEdges(ctx)
	if err != nil {
		return nil, fmt.Errorf("open edges: %w", err)
	}
	return &Store{cfg: cfg, known: known, blocks: map[string]*held{}}, nil
}

// Close waits for what is being written.
func (s *Store) Close() error {
	s.writing.Wait()
	return nil
}

// Status returns what the store holds.
func (s *Store) Status() Status {
	files := s.cfg.Table.Files()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.status
	out.Files, out.Loaded, out.Memory = len(files), len(s.blocks), s.bytes
	for i := range files {
		if facts, ok := s.known[nameOf(files[i])]; ok && facts.Version == edge.Version {
			out.Stored++
			out.Bytes += facts.Bytes
		}
	}
	for _, h := range s.blocks {
		if h.block != nil {
			out.Records += int64(h.block.records)
			out.Edges += int64(h.block.edges)
		}
	}
	if s.pending != nil {
		out.Pending = len(s.pending.rows)
	}
	return out
}

func nameOf(f lake.File) string { return filepath.Base(f.Path) }

// Append takes the events of a journal entry, which follows the one before;
// after a gap what was pending is forgotten. Nothing of the events is kept.
func (s *Store) Append(seq uint64, evs []event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil || seq != s.through+1 {
		s.pending, s.from = newPacker(), seq
	}
	s.through, s.hot = seq, nil
	room := make([]edge.Edge, 0, 4)
	for i := range evs {
		r := RecordOf(&evs[i], room[:0])
		s.pending.add(&r)
	}
}

// Sealed stores what was appended beside the file that the lake made of it. It
// returns at once; Close waits for the writing. Where the file holds other
// entries than were appended, its edges are derived when they are needed.
func (s *Store) Sealed() {
	files := s.cfg.Table.Files()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil || len(files) == 0 || files[len(files)-1].LastEntry < s.from {
		return
	}
	b, f := s.pendingBlock(), files[len(files)-1]
	if f.LastEntry >= s.through {
		s.pending, s.hot = nil, nil
	}
	if b == nil || f.FirstEntry != s.from || f.LastEntry != s.through || f.Generation() != 0 {
		return
	}
	h := &held{ready: make(chan struct{}), block: b}
	close(h.ready)
	s.hold(nameOf(f), h)
	s.writing.Go(func() {
		if err := s.place(context.Background(), f, b); err != nil {
			s.cfg.Log.Warn("edges are not stored yet", "file", f.Path, "error", err)
		}
	})
}

// pendingBlock returns what is not sealed, nil where there is nothing or too
// much text for one block.
func (s *Store) pendingBlock() *Block {
	if s.pending == nil || s.pending.full {
		return nil
	}
	if s.hot == nil {
		s.hot = s.pending.block()
	}
	return s.hot
}

// hold keeps a block, and drops those used longest ago beyond what memory is
// for.
func (s *Store) hold(name string, h *held) {
	if old := s.blocks[name]; old != nil && old.block != nil {
		s.bytes -= old.block.Bytes()
	}
	s.blocks[name] = h
	if h.block != nil {
		s.bytes += h.block.Bytes()
	}
	for s.bytes > s.cfg.Memory {
		oldest := ""
		for n, o := range s.blocks {
			if o.block != nil && n != name && (oldest == "" || o.before(n, s.blocks[oldest], oldest)) {
				oldest = n
			}
		}
		if oldest == "" {
			return
		}
		s.drop(oldest)
	}
}

// before orders by last use; those never asked for go by the day they arrived,
// which their names begin with.
func (h *held) before(name string, other *held, othersName string) bool {
	return cmp.Or(cmp.Compare(h.used, other.used), cmp.Compare(name, othersName)) < 0
}

func (s *Store) drop(name string) {
	if h := s.blocks[name]; h != nil && h.block != nil {
		s.bytes -= h.block.Bytes()
	}
	delete(s.blocks, name)
}

// place writes a block and notes it.
func (s *Store) place(ctx context.Context, f lake.File, b *Block) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	_, pending := s.cfg.Table.EdgesOf(f)
	facts, err := b.write(pending)
	if err != nil {
		return err
	}
	placed, err := s.cfg.Table.PlaceEdges(ctx, f, facts)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if placed {
		s.known[nameOf(f)] = facts
	} else {
		s.drop(nameOf(f)) // compacted or erased meanwhile
	}
	return nil
}

// block returns the edges of a sealed file: from memory, from their own file,
// or derived from the columns. asked says that a query wants it.
func (s *Store) block(ctx context.Context, f lake.File, asked bool) (*Block, error) {
	name := nameOf(f)
	for {
		s.mu.Lock()
		h := s.blocks[name]
		if h == nil {
			h = &held{ready: make(chan struct{})}
			s.blocks[name] = h
			if asked {
				s.uses++
				h.used = s.uses
			}
			s.mu.Unlock()
			s.get(ctx, f, h)
			return h.block, h.err
		}
		if asked {
			s.uses++
			h.used = s.uses
		}
		s.mu.Unlock()
		select {
		case <-h.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if h.err == nil || ctx.Err() != nil || !errors.Is(h.err, context.Canceled) {
			return h.block, h.err
		}
		// who began to read it gave up: read it here
	}
}

// get fills h, which is in the table.
func (s *Store) get(ctx context.Context, f lake.File, h *held) {
	h.block, h.err = s.read(ctx, f)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(h.ready)
	if h.err != nil {
		delete(s.blocks, nameOf(f))
		return
	}
	if s.blocks[nameOf(f)] == h { // else it was dropped meanwhile
		delete(s.blocks, nameOf(f))
		s.hold(nameOf(f), h)
	}
}

func (s *Store) read(ctx context.Context, f lake.File) (*Block, error) {
	s.mu.Lock()
	facts, ok := s.known[nameOf(f)]
	s.mu.Unlock()
	if ok && facts.Version == edge.Version {
		err := s.cfg.Table.CheckEdges(ctx, f, facts)
		if err == nil {
			path, _ := s.cfg.Table.EdgesOf(f)
			var b *Block
			if b, err = readSheet(path); err == nil {
				s.count(func(st *Status) { st.Read++ })
				return b, nil
			}
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("read edges: %w", ctx.Err())
		}
		s.cfg.Log.Warn("stored edges are derived anew", "error", err)
		s.count(func(st *Status) { st.Damaged++ })
	}
	b, err := derive(ctx, s.cfg.Table, f)
	if err != nil {
		return nil, err
	}
	s.count(func(st *Status) { st.Derived++ })
	if err := s.place(ctx, f, b); err != nil {
		s.cfg.Log.Warn("edges are not stored yet", "file", f.Path, "error", err)
	}
	return b, nil
}

func (s *Store) count(add func(*Status)) {
	s.mu.Lock()
	add(&s.status)
	s.mu.Unlock()
}

// Follow brings the stored edges to the lake's present files: it derives what
// is missing or of another version and wipes what belongs to no file. progress,
// which may be nil, hears of each file that was derived and how many remain.
func (s *Store) Follow(ctx context.Context, progress func(done, of int)) error {
	found, err := s.cfg.Table.EdgeFiles() // before the files are known: those made since are theirs
	if err != nil {
		return err
	}
	files := s.cfg.Table.Files()
	names := make(map[string]bool, len(files))
	var missing []lake.File
	for _, f := range files {
		names[nameOf(f)] = true
		if !s.has(f, found) {
			missing = append(missing, f)
		}
	}
	if err := s.forget(ctx, names, found); err != nil {
		return err
	}
	for i, f := range missing {
		if err := s.store(ctx, f); err != nil {
			return fmt.Errorf("store edges: %w", err)
		}
		if progress != nil {
			progress(i+1, len(missing))
		}
	}
	return nil
}

// has reports whether the edges of a file are stored, or about to be.
func (s *Store) has(f lake.File, found []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	facts, ok := s.known[nameOf(f)]
	if ok && facts.Version == edge.Version && slices.Contains(found, nameOf(f)) {
		return true
	}
	h := s.blocks[nameOf(f)]
	return h != nil && !ok // packed at ingest, being written
}

// store derives and stores the edges of a file without keeping them in memory.
func (s *Store) store(ctx context.Context, f lake.File) error {
	release := s.cfg.Table.Pin()
	defer release()
	b, err := derive(ctx, s.cfg.Table, f)
	if err != nil {
		if _, damaged := errors.AsType[*lake.DamageError](err); damaged {
			s.cfg.Log.Warn("edges of a damaged file are not stored", "error", err)
			return nil
		}
		return err
	}
	s.count(func(st *Status) { st.Derived++ })
	return s.place(ctx, f, b)
}

// forget drops what belongs to no file of the lake any more.
func (s *Store) forget(ctx context.Context, names map[string]bool, found []string) error {
	s.mu.Lock()
	var gone []string
	for name := range s.known {
		if !names[name] {
			gone = append(gone, name)
		}
	}
	for name := range s.blocks {
		if !names[name] {
			s.drop(name)
		}
	}
	for _, name := range gone {
		delete(s.known, name)
	}
	s.mu.Unlock()
	for _, name := range found {
		if !names[name] {
			gone = append(gone, name)
		}
	}
	for _, name := range gone {
		if err := s.cfg.Table.DropEdges(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// Warm reads the newest files, as far as memory is for them.
func (s *Store) Warm(ctx context.Context) error {
	release := s.cfg.Table.Pin()
	defer release()
	files := s.cfg.Table.Files()
	for i := len(files) - 1; i >= 0; i-- {
		s.mu.Lock()
		_, there := s.blocks[nameOf(files[i])]
		full := s.bytes > s.cfg.Memory*9/10
		s.mu.Unlock()
		if full {
			return nil
		}
		if there {
			continue
		}
		_, err := s.block(ctx, files[i], false)
		if _, damaged := errors.AsType[*lake.DamageError](err); err != nil && !damaged {
			return err
		}
	}
	return nil
}

// Run follows the lake until ctx ends, looking every interval, and keeps what is
// newest in memory.
func (s *Store) Run(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := s.Follow(ctx, nil)
		if err == nil {
			err = s.Warm(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("stored edges do not follow the lake", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
