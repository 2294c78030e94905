package correlate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
)

// Row is one piece of an Engine's state as a store keeps it. Its identity is
// Correlation, Group and Part.
type Row struct {
	Correlation string // a key of Plan.Keys
	Group       []byte // nil with Part All: all groups of the correlation
	Part        int64  // All: every row of the group
	Body        []byte // nil: there is no such row any more
}

// All is the Part that means all rows of a group or correlation.
const All = -1

// header is the Part of what is known of a group besides its hits.
const header = 0

// chunkHits is how many hits a chunk has: a busy group changes its last ones
// only.
const chunkHits = 256

// chunk names a row with hits: the timeline, the list, the number of its first
// hit by chunkHits.
type chunk struct {
	line int8
	list int
	n    uint64
}

func (c chunk) part() int64 {
	return 1<<56 | int64(c.line)<<48 | int64(c.list)<<40 | int64(c.n)
}

func chunkOf(part int64) (c chunk, ok bool) {
	c = chunk{int8(part >> 48 & 0xFF), int(part >> 40 & 0xFF), uint64(part & (1<<40 - 1))}
	return c, c.part() == part && c.line < maxTimelines
}

// chunks appends the rows that a store has of the timeline.
func (l *timeline) chunks(out []chunk) []chunk {
	for i := range l.lists {
		for n := l.lists[i].savedFrom; n < l.lists[i].savedTo; n++ {
			out = append(out, chunk{l.number, i, n})
		}
	}
	return out
}

// Changes returns what a store has to write to have the state as it is after
// the last Observe, given that it wrote all Changes before. Rows with no Body
// come first; then each row stands once.
func (e *Engine) Changes() []Row {
	var gone, rows []Row
	for _, k := range e.erased {
		gone = append(gone, Row{Correlation: k, Part: All})
	}
	e.erased = nil
	for i, parts := range e.parts {
		name := e.plan.specs[i].key
		for _, p := range parts {
			for _, k := range p.gone {
				gone = append(gone, Row{Correlation: name, Group: k[:], Part: All})
			}
			for _, g := range p.changed {
				if g.changed {
					gone, rows = g.save(name, gone, rows)
				}
			}
			clear(p.changed)
			p.gone, p.changed = nil, p.changed[:0]
		}
	}
	return append(gone, rows...)
}

// save appends the rows of a group that have changed.
func (g *group) save(name string, gone, rows []Row) (goneNow, rowsNow []Row) {
	id := slices.Clone(g.key[:])
	for _, c := range g.removed {
		gone = append(gone, Row{Correlation: name, Group: id, Part: c.part()})
	}
	g.removed, g.changed, g.saved = nil, false, true
	rows = append(rows, Row{name, id, header, g.encode()})
	for _, l := range g.lines {
		for i := range l.lists {
			s := &l.lists[i]
			first, end := s.base/chunkHits, (s.end()+chunkHits-1)/chunkHits
			for n := s.savedFrom; n < min(first, s.savedTo); n++ {
				gone = append(gone, Row{Correlation: name, Group: id, Part: chunk{l.number, i, n}.part()})
			}
			if s.len() > 0 {
				for n := max(first, s.dirty/chunkHits); n < end; n++ {
					rows = append(rows, Row{name, id, chunk{l.number, i, n}.part(), s.encode(n)})
				}
			}
			s.savedFrom, s.savedTo, s.dirty = first, max(s.savedTo, first), s.end()
			if s.len() > 0 {
				s.savedTo = end
			}
		}
	}
	return gone, rows
}

// seal appends a CRC-32 to a body.
func seal(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(body, crc32.ChecksumIEEE(body))
}

var errDamaged = errors.New("row is not as it was written")

// unseal takes the CRC-32 off again.
func unseal(body []byte) ([]byte, error) {
	n := len(body) - 4
	if n < 0 || binary.LittleEndian.Uint32(body[n:]) != crc32.ChecksumIEEE(body[:n]) {
		return nil, errDamaged
	}
	return body[:n], nil
}

// Restore takes in the rows that a store has, in any order, before the first
// Observe. It returns the keys of correlations that are not in the plan, and
// fails only with an error of rows. A group that is damaged, or was kept by
// another version, is left out and counted (Stats.Damaged).
func (e *Engine) Restore(rows iter.Seq2[Row, error]) (unknown []string, err error) {
	specs := map[string]int{}
	for i, s := range e.plan.specs {
		specs[s.key] = i
	}
	stored := make([]map[key]*storedGroup, len(e.plan.specs))
	others := map[string]bool{}
	for r, err := range rows {
		if err != nil {
			return nil, fmt.Errorf("restore correlations: %w", err)
		}
		i, known := specs[r.Correlation]
		switch {
		case !known:
			others[r.Correlation] = true
		case len(r.Group) != len(key{}):
			e.stats.Damaged++
		default:
			if stored[i] == nil {
				stored[i] = map[key]*storedGroup{}
			}
			k := key(r.Group)
			if stored[i][k] == nil {
				stored[i][k] = &storedGroup{chunks: map[chunk][]byte{}}
			}
			stored[i][k].add(r)
		}
	}
	for i, groups := range stored {
		e.restore(i, groups)
	}
	for k := range others {
		unknown = append(unknown, k)
	}
	slices.Sort(unknown)
	return unknown, nil
}

// storedGroup is the rows of one group.
type storedGroup struct {
	header []byte
	chunks map[chunk][]byte
	bad    bool
}

func (s *storedGroup) add(r Row) {
	if r.Part == header {
		s.header = r.Body
		return
	}
	c, ok := chunkOf(r.Part)
	s.bad = s.bad || !ok
	s.chunks[c] = r.Body
}

// restore makes the groups of one correlation, those touched longest ago first.
func (e *Engine) restore(spec int, stored map[key]*storedGroup) {
	var groups []*group
	for k, rows := range stored {
		g, err := rows.decode(e.plan.specs[spec])
		if err != nil {
			e.stats.Damaged++
			p := e.parts[spec][k.part()]
			p.gone = append(p.gone, k)
			continue
		}
		g.key = k
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *group) int {
		if a.touched < b.touched {
			return -1
		}
		return 1
	})
	for _, g := range groups {
		p := e.parts[spec][g.key.part()]
		p.groups[g.key] = g
		p.toFront(g)
		for _, l := range g.lines {
			p.hits += l.hits()
		}
		p.turn, p.now = max(p.turn, g.touched), max(p.now, g.seen)
	}
}

// Adopt takes over the windows of another Engine, which must not be used any
// more, for the correlations that both have. It returns the keys of those that
// only the other one had; their windows are gone, also from a store that
// writes the next Changes.
func (e *Engine) Adopt(old *Engine) (dropped []string) {
	before := map[string]int{}
	for i, s := range old.plan.specs {
		before[s.key] = i
	}
	for i, s := range e.plan.specs {
		j, ok := before[s.key]
		if !ok {
			continue
		}
		delete(before, s.key)
		for n, p := range old.parts[j] {
			p.spec, p.cfg = s, &e.cfg
			e.parts[i][n] = p
		}
	}
	e.erased = old.erased
	for k := range before {
		dropped = append(dropped, k)
	}
	slices.Sort(dropped)
	e.erased = append(e.erased, dropped...)
	e.stats.add(&old.stats)
	return dropped
}

// Erase forgets the windows of correlations that Restore did not know, so that
// the next Changes removes them.
func (e *Engine) Erase(keys []string) { e.erased = append(e.erased, keys...) }
