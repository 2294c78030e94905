package correlate

import (
	"sort"

	"github.com/evident-sec/evident/event"
)

// hit is one counted event, or one value of it.
type hit struct {
	time  int64 // Unix nanoseconds
	entry uint64
	leaf  uint32
	ref   uint32 // place in the correlation's rules
}

func (h *hit) id() event.ID { return event.ID{Entry: h.entry, Leaf: h.leaf} }

// before orders hits by time and then by the journal.
func (h *hit) before(o *hit) bool {
	if h.time != o.time {
		return h.time < o.time
	}
	return h.id().Before(o.id())
}

// compare orders hits; those of one event by rule.
func compare(a, b *hit) int {
	switch {
	case a.before(b):
		return -1
	case b.before(a):
		return 1
	}
	return int(a.ref) - int(b.ref)
}

// series holds hits in order. They are numbered from the beginning of the
// timeline; dropping the oldest does not change a number, inserting does.
type series struct {
	hits []hit
	keys []key     // by hit, of value_count
	nums []float64 // by hit, of the other value types
	head int       // hits before it are dropped
	base uint64    // number of hits[head]

	dirty              uint64 // the first number whose chunk has changed
	savedFrom, savedTo uint64 // chunks that were handed out by Changes
}

func (s *series) len() int           { return len(s.hits) - s.head }
func (s *series) end() uint64        { return s.base + uint64(s.len()) }
func (s *series) at(n uint64) *hit   { return &s.hits[s.index(n)] }
func (s *series) index(n uint64) int { return s.head + int(n-s.base) }

// insert puts a hit behind those that are not after it and returns its number.
func (s *series) insert(h hit, k key, num float64) uint64 {
	i := len(s.hits)
	if i > s.head && compare(&h, &s.hits[i-1]) < 0 {
		i = s.head + sort.Search(s.len(), func(j int) bool { return compare(&h, &s.hits[s.head+j]) < 0 })
	}
	s.hits = insertAt(s.hits, i, h)
	if s.keys != nil {
		s.keys = insertAt(s.keys, i, k)
	}
	if s.nums != nil {
		s.nums = insertAt(s.nums, i, num)
	}
	n := s.base + uint64(i-s.head)
	s.dirty = min(s.dirty, n)
	return n
}

func insertAt[T any](list []T, i int, v T) []T {
	list = append(list, v)
	if i < len(list)-1 {
		copy(list[i+1:], list[i:])
		list[i] = v
	}
	return list
}

// from returns the number of the first hit at or after the time.
func (s *series) from(time int64) uint64 {
	return s.base + uint64(sort.Search(s.len(), func(j int) bool {
		return s.hits[s.head+j].time >= time
	}))
}

// until returns the number behind the last hit at or before the time.
func (s *series) until(time int64) uint64 {
	n := s.len()
	if n == 0 || s.hits[len(s.hits)-1].time <= time {
		return s.base + uint64(n)
	}
	return s.base + uint64(sort.Search(n, func(j int) bool {
		return s.hits[s.head+j].time > time
	}))
}

// before returns the number behind the last hit before another hit.
func (s *series) before(other *hit) uint64 {
	return s.base + uint64(sort.Search(s.len(), func(j int) bool {
		return !s.hits[s.head+j].before(other)
	}))
}

// drop forgets the n oldest hits.
func (s *series) drop(n int) {
	s.head += n
	s.base += uint64(n)
	if s.head < 32 || s.head < len(s.hits)/2 {
		return
	}
	s.hits = moveDown(s.hits, s.head)
	if s.keys != nil {
		s.keys = moveDown(s.keys, s.head)
	}
	if s.nums != nil {
		s.nums = moveDown(s.nums, s.head)
	}
	s.head = 0
}

// moveDown removes the first n members and gives memory back after a burst.
func moveDown[T any](list []T, n int) []T {
	rest := list[n:]
	if cap(list) > 1024 && len(rest) < cap(list)/4 {
		return append(make([]T, 0, 2*len(rest)+1), rest...)
	}
	return list[:copy(list, rest)]
}
