package correlate

import "github.com/evident-sec/evident/sigma"

// aggregate is the figure of a window to which hits are added and from which
// they are taken, in any order. It is a function of what is in it, not of how
// that came there, so that a restored window gives the same.
type aggregate interface {
	add(s *series, n uint64)
	remove(s *series, n uint64)
	value(hits int) (float64, bool) // false where there is none to compare
}

// newAggregate returns the figure of a correlation over a single series.
func newAggregate(c *sigma.Correlation) aggregate {
	switch c.Type {
	case sigma.ValueCount:
		return &distinct{counts: map[key]int32{}}
	case sigma.ValueSum:
		return &total{}
	case sigma.ValueAvg:
		return &total{mean: true}
	case sigma.ValuePercentile:
		return &ranks{percentile: c.Percentile}
	case sigma.ValueMedian:
		return &ranks{percentile: 50}
	}
	return count{}
}

// count is the number of events.
type count struct{}

func (count) add(*series, uint64)            {}
func (count) remove(*series, uint64)         {}
func (count) value(hits int) (float64, bool) { return float64(hits), true }

// distinct is the number of different values.
type distinct struct{ counts map[key]int32 }

func (d *distinct) add(s *series, n uint64) { d.counts[s.keys[s.index(n)]]++ }

func (d *distinct) remove(s *series, n uint64) {
	k := s.keys[s.index(n)]
	if left := d.counts[k] - 1; left > 0 {
		d.counts[k] = left
	} else {
		delete(d.counts, k)
	}
}

func (d *distinct) value(int) (float64, bool) { return float64(len(d.counts)), true }
