package correlate

import (
	"encoding/binary"
	"math"
)

// version is the first byte of every body.
const version = 1

// encode returns the body of the header: what is known of the group besides
// its hits.
func (g *group) encode() []byte {
	b := []byte{version}
	b = binary.AppendUvarint(b, uint64(len(g.values)))
	for _, v := range g.values {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	b = binary.AppendUvarint(b, g.touched)
	b = binary.AppendVarint(b, g.seen)
	b = binary.AppendUvarint(b, uint64(len(g.lines)))
	for _, l := range g.lines {
		b = l.encode(b)
	}
	return seal(b)
}

func (l *timeline) encode(b []byte) []byte {
	b = append(b, byte(l.number))
	b = binary.AppendUvarint(b, l.used)
	for _, n := range []int64{l.seen, l.clock, l.horizon} {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(l.fired)))
	for _, n := range l.fired {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(l.lists)))
	for i := range l.lists {
		b = binary.AppendUvarint(b, l.lists[i].base)
		b = binary.AppendUvarint(b, uint64(l.lists[i].len()))
	}
	return b
}

// encode returns the body of the n-th chunk: the number of its first hit and
// the hits, times as differences.
func (s *series) encode(n uint64) []byte {
	first, end := max(s.base, n*chunkHits), min(s.end(), (n+1)*chunkHits)
	b := []byte{version}
	b = binary.AppendUvarint(b, first)
	b = binary.AppendUvarint(b, end-first)
	var last hit
	for i := first; i < end; i++ {
		h := s.at(i)
		b = binary.AppendVarint(b, h.time-last.time)
		b = binary.AppendVarint(b, int64(h.entry-last.entry))
		b = binary.AppendUvarint(b, uint64(h.leaf))
		b = binary.AppendUvarint(b, uint64(h.ref))
		if s.keys != nil {
			b = append(b, s.keys[s.index(i)][:]...)
		}
		if s.nums != nil {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.nums[s.index(i)]))
		}
		last = *h
	}
	return seal(b)
}

// reader reads a body; its first fault sticks.
type reader struct {
	rest []byte
	bad  bool
}

// open takes a body's seal and version off.
func open(body []byte) reader {
	rest, err := unseal(body)
	if err != nil || len(rest) == 0 || rest[0] != version {
		return reader{bad: true}
	}
	return reader{rest: rest[1:]}
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.skip(n)
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.rest)
	r.skip(n)
	return v
}

// count reads how many follow; each takes at least a byte.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.rest) {
		r.bad = true
		return make([]byte, n)
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) skip(n int) {
	if n <= 0 {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[n:]
}

// decode makes the group of its rows.
func (s *storedGroup) decode(sp *spec) (*group, error) {
	r := open(s.header)
	g := &group{saved: true}
	for range r.count() {
		g.values = append(g.values, string(r.bytes(r.count())))
	}
	g.touched, g.seen = r.uint(), r.int()
	for range r.count() {
		g.lines = append(g.lines, s.timeline(sp, &r))
	}
	if r.bad || s.bad || len(r.rest) > 0 || len(g.values) != len(sp.c.GroupBy) ||
		len(g.lines) > maxTimelines {
		return nil, errDamaged
	}
	return g, nil
}

func (s *storedGroup) timeline(sp *spec, r *reader) *timeline {
	l := newTimeline(sp, int8(r.bytes(1)[0]), 0)
	l.used, l.seen, l.clock, l.horizon = r.uint(), r.int(), r.int(), r.int()
	for range r.count() {
		l.fired = append(l.fired, r.int())
	}
	if r.count() != len(l.lists) {
		r.bad = true
	}
	for i := range l.lists {
		base, n := r.uint(), r.uint()
		if r.bad || !s.fill(&l.lists[i], chunk{l.number, i, 0}, base, n) {
			r.bad = true
			return l
		}
	}
	l.refill(sp)
	l.peaks = peaks{now: math.Inf(1), since: l.clock}
	return l
}

// refill puts the hits of the window that ends at the clock into the figure.
func (l *timeline) refill(s *spec) {
	if l.agg == nil {
		return
	}
	list := &l.lists[0]
	l.from = list.from(l.clock - s.span)
	for n := l.from; n < list.end(); n++ {
		l.agg.add(list, n)
	}
}

// fill reads n hits from number base on out of their chunks.
func (s *storedGroup) fill(list *series, c chunk, base, n uint64) bool {
	list.base = base
	for c.n = base / chunkHits; list.end() < base+n; c.n++ {
		before := list.end()
		if !s.read(list, c, base+n) || list.end() == before {
			return false
		}
	}
	list.savedFrom = base / chunkHits
	for c.n = list.savedFrom; s.chunks[c] != nil; c.n++ {
		list.savedTo = c.n + 1
	}
	list.savedTo = max(list.savedFrom, list.savedTo)
	list.dirty = list.end()
	return true
}

// read appends the hits of a chunk that belong to the list.
func (s *storedGroup) read(list *series, c chunk, end uint64) bool {
	r := open(s.chunks[c])
	first := r.uint()
	n := r.count()
	var last hit
	for i := first; i < first+uint64(n) && !r.bad; i++ {
		last.time += r.int()
		last.entry += uint64(r.int())
		last.leaf, last.ref = uint32(r.uint()), uint32(r.uint())
		var k key
		var num float64
		if list.keys != nil {
			copy(k[:], r.bytes(len(k)))
		}
		if list.nums != nil {
			num = math.Float64frombits(binary.LittleEndian.Uint64(r.bytes(8)))
		}
		if i < list.end() || i >= end {
			continue
		}
		if i > list.end() {
			return false
		}
		list.hits = append(list.hits, last)
		if list.keys != nil {
			list.keys = append(list.keys, k)
		}
		if list.nums != nil {
			list.nums = append(list.nums, num)
		}
	}
	return !r.bad
}
