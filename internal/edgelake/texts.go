package edgelake

import (
	"bytes"
	"compress/flate"
	"io"
	"maps"
	"strings"
)

// longText is from which length on a text is kept compressed: few are so long,
// scripts most of all, and they would take more room than all others.
const longText = 1 << 10

// texts are the texts of a block in one string; number 0 is the empty one.
type texts struct {
	arena string
	ends  ints                // where each ends
	long  map[int64]longBytes // those that have no place in the arena
}

// longBytes is a compressed text.
type longBytes struct {
	packed string
	length int
}

func (t *texts) at(i int64) string {
	if i == 0 {
		return ""
	}
	if s := t.arena[t.ends.at(int(i)-1):t.ends.at(int(i))]; s != "" {
		return s
	}
	return t.long[i].text()
}

func (l longBytes) text() string {
	var b strings.Builder
	b.Grow(l.length)
	r := flate.NewReader(strings.NewReader(l.packed))
	_, _ = io.Copy(&b, io.LimitReader(r, int64(l.length))) // it was written by squeeze
	return b.String()
}

// squeezer compresses texts one after the other: what it works with is large.
type squeezer struct {
	w *flate.Writer
	b bytes.Buffer
}

func (q *squeezer) squeeze(s string) longBytes {
	q.b.Reset()
	if q.w == nil {
		q.w, _ = flate.NewWriter(&q.b, flate.BestSpeed) // the level is one that there is
	} else {
		q.w.Reset(&q.b)
	}
	_, _ = io.WriteString(q.w, s) // a buffer takes all
	_ = q.w.Close()
	return longBytes{q.b.String(), len(s)}
}

func (t *texts) size() int {
	n := len(t.arena) + t.ends.size()
	for _, l := range t.long {
		n += len(l.packed) + 64
	}
	return n
}

// collected are the texts of a block that grows.
type collected struct {
	squeezer
	numbers map[string]uint32
	stable  []string // the texts by number, in memory of their own
	arena   strings.Builder
	ends    []uint32
	long    map[int64]longBytes
	full    bool // the arena is; what came later has no text
}

func newCollected() collected {
	return collected{
		numbers: map[string]uint32{"": 0}, stable: []string{""}, ends: []uint32{0},
		long: map[int64]longBytes{},
	}
}

// text numbers a text, which is copied.
func (c *collected) text(s string) uint32 {
	n, ok := c.numbers[s]
	if ok {
		return n
	}
	n = uint32(len(c.ends))
	switch {
	case len(s) >= longText:
		c.long[int64(n)] = c.squeeze(s)
	case c.arena.Len()+len(s) > maxArena:
		c.full = true
		return 0
	default:
		c.arena.WriteString(s)
	}
	c.ends = append(c.ends, uint32(c.arena.Len()))
	s = strings.Clone(s)
	c.numbers[s], c.stable = n, append(c.stable, s)
	return n
}

// keep numbers a text and puts the kept copy in its place.
func (c *collected) keep(s *string) uint32 {
	n := c.text(*s)
	*s = c.stable[n]
	return n
}

func (c *collected) texts() texts {
	return texts{
		arena: c.arena.String(), ends: columnOf(c.ends, func(n *uint32) int64 { return int64(*n) }),
		long: maps.Clone(c.long),
	}
}
