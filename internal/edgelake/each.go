package edgelake

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/lake"
)

// Each visits the records that a query asks for, ordered by time, entry and
// leaf, sealed or not. The record is used again after visit returns; its texts
// may be kept. It stops with the error that visit returns.
func (s *Store) Each(ctx context.Context, q edge.Query, visit func(*edge.Record) error) error {
	release := s.cfg.Table.Pin() // before the files are known, so that none can go in between
	defer release()
	m, err := s.merge(ctx, q)
	if err != nil {
		return err
	}
	var r edge.Record
	for n := 0; m.Len() > 0; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c := m.cursors[0]
		if c.reading == nil {
			if err := m.open(ctx, c); err != nil {
				return err
			}
		} else {
			c.of(c.pos, &r)
			if err := visit(&r); err != nil {
				return err
			}
			c.pos++
		}
		if c.settle() {
			heap.Fix(m, 0)
		} else {
			heap.Pop(m)
		}
	}
	return nil
}

// merge is the blocks that a query may concern, in the order of their next
// records.
type merge struct {
	s       *Store
	q       edge.Query
	cursors []*cursor
}

// cursor is a place in a block; the block is read when its turn comes.
type cursor struct {
	*reading
	file     lake.File
	pos, end int
	time     int64 // of the next record; of the first one while the block is not read
	entry    int64
	leaf     int64
}

func (m *merge) Len() int      { return len(m.cursors) }
func (m *merge) Swap(i, k int) { m.cursors[i], m.cursors[k] = m.cursors[k], m.cursors[i] }
func (m *merge) Push(x any)    { m.cursors = append(m.cursors, x.(*cursor)) }

func (m *merge) Pop() any {
	last := m.cursors[len(m.cursors)-1]
	m.cursors = m.cursors[:len(m.cursors)-1]
	return last
}

// Less orders by time, entry and leaf; blocks that are not read come first.
func (m *merge) Less(i, k int) bool {
	a, b := m.cursors[i], m.cursors[k]
	return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.entry, b.entry),
		cmp.Compare(a.leaf, b.leaf)) < 0
}

func (s *Store) merge(ctx context.Context, q edge.Query) (*merge, error) {
	m := &merge{s: s, q: q}
	s.mu.Lock() // so that no entry is sealed between the two looks
	snap, err := s.cfg.Table.Snapshot(ctx, q.From, q.To)
	if err != nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("plan edges: %w", err)
	}
	hot, from := s.pendingBlock(), s.from
	s.mu.Unlock()
	for _, f := range snap.Files {
		if hot != nil && f.FirstEntry >= from {
			continue // sealed just now: all of it is pending here too
		}
		m.cursors = append(m.cursors, &cursor{file: f, time: f.From.UnixMicro(), entry: -1})
	}
	if hot != nil {
		if c := (&cursor{}); c.read(hot, &q) {
			m.cursors = append(m.cursors, c)
		}
	}
	heap.Init(m)
	return m, s.ahead(ctx, snap.Files)
}

// ahead reads the blocks of files side by side, as long as memory is for them.
func (s *Store) ahead(ctx context.Context, files []lake.File) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		s.mu.Lock()
		_, there := s.blocks[nameOf(f)]
		full := s.bytes > s.cfg.Memory*9/10 || s.pending != nil && f.FirstEntry >= s.from
		s.mu.Unlock()
		if there || full {
			continue
		}
		group.Go(func() error {
			_, err := s.block(ctx, f, true)
			return err
		})
	}
	return group.Wait()
}

func (m *merge) open(ctx context.Context, c *cursor) error {
	b, err := m.s.block(ctx, c.file, true)
	if err != nil {
		return err
	}
	c.read(b, &m.q)
	return nil
}

// read places the cursor before the first record of a block that may be wanted.
func (c *cursor) read(b *Block, q *edge.Query) bool {
	c.reading = newReading(b)
	c.wanted = make([]bool, b.places)
	var room edge.Origin // one for all: there are many, and queries
	for i := range c.wanted {
		c.wanted[i] = b.wants(i, q, &room)
	}
	c.pos, c.end = b.until(q.From), b.until(q.To)
	return c.settle()
}

// settle goes on to the next record that is wanted; it returns false where
// there is none.
func (c *cursor) settle() bool {
	for c.pos < c.end && !c.wanted[c.from.at(c.pos)] {
		c.pos++
	}
	if c.pos >= c.end {
		return false
	}
	c.time, c.entry, c.leaf = c.Block.time.at(c.pos), c.Block.entry.at(c.pos), c.Block.leaf.at(c.pos)
	return true
}
