package correlate

import (
	"math"
	"slices"
	"sort"
)

// maxBlock is how many values a block of ranks holds at most.
const maxBlock = 512

// ranks keeps values in order, in blocks, so that one comes or goes by moving
// a block's worth of them, and finds one by its rank.
type ranks struct {
	percentile float64
	blocks     [][]float64 // none empty, each in order, all before the next
	n          int
}

// block returns the first block that may hold v.
func (r *ranks) block(v float64) int {
	return sort.Search(len(r.blocks), func(i int) bool {
		b := r.blocks[i]
		return b[len(b)-1] >= v
	})
}

func (r *ranks) add(s *series, n uint64) {
	v := s.nums[s.index(n)]
	r.n++
	if len(r.blocks) == 0 {
		r.blocks = [][]float64{{v}}
		return
	}
	i := min(r.block(v), len(r.blocks)-1)
	b := r.blocks[i]
	at, _ := slices.BinarySearch(b, v)
	b = slices.Insert(b, at, v)
	r.blocks[i] = b
	if len(b) > maxBlock {
		half := len(b) / 2
		r.blocks = slices.Insert(r.blocks, i+1, append(make([]float64, 0, maxBlock), b[half:]...))
		r.blocks[i] = b[:half]
	}
}

func (r *ranks) remove(s *series, n uint64) {
	v := s.nums[s.index(n)]
	i := r.block(v)
	at, _ := slices.BinarySearch(r.blocks[i], v)
	r.blocks[i] = slices.Delete(r.blocks[i], at, at+1)
	r.n--
	switch {
	case len(r.blocks[i]) == 0:
		r.blocks = slices.Delete(r.blocks, i, i+1)
	case i > 0 && len(r.blocks[i-1])+len(r.blocks[i]) <= maxBlock/4:
		r.blocks[i-1] = append(r.blocks[i-1], r.blocks[i]...)
		r.blocks = slices.Delete(r.blocks, i, i+1)
	}
}

// at returns the value with so many smaller ones.
func (r *ranks) at(rank int) float64 {
	for _, b := range r.blocks {
		if rank < len(b) {
			return b[rank]
		}
		rank -= len(b)
	}
	return math.NaN()
}

// value interpolates linearly between the two values around the percentile
// (R-7 of Hyndman and Fan 1996; PERCENTILE_CONT of SQL).
func (r *ranks) value(int) (float64, bool) {
	if r.n == 0 {
		return 0, false
	}
	rank := r.percentile / 100 * float64(r.n-1)
	low := int(math.Floor(rank))
	return between(r.at(low), r.at(min(low+1, r.n-1)), rank-float64(low)), true
}

// between returns the value at part, 0 to 1, of the way from a to b.
func between(a, b, part float64) float64 {
	if a == b || part == 0 {
		return a
	}
	return (1-part)*a + part*b
}
