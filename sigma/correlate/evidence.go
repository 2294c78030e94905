package correlate

import (
	"slices"

	"github.com/evident-sec/evident/sigma"
)

// explain fills in what of the window made the alert fire.
func (l *timeline) explain(s *spec, f firing, most int, a *Alert) {
	a.Value, a.To = f.value, at(f.time)
	var hits []*hit
	if l.agg != nil {
		hits, a.Total = l.lists[0].latest(f.lo, f.hi, most)
		a.From = at(l.lists[0].at(f.lo).time)
	} else {
		hits = l.witnesses(s, f, most, a)
	}
	a.ID = hits[len(hits)-1].id()
	for _, h := range hits {
		a.Events = append(a.Events, Evidence{ID: h.id(), Time: at(h.time), Ref: int(h.ref)})
	}
}

// latest returns the last events among the hits, in order, and how many there
// are: the values of one event stand side by side.
func (s *series) latest(lo, hi uint64, most int) (out []*hit, total int) {
	for n := hi; n > lo; n-- {
		h := s.at(n - 1)
		if n < hi && *h == *s.at(n) {
			continue
		}
		if total++; total <= most {
			out = append(out, h)
		}
	}
	slices.Reverse(out)
	return out, total
}

// witnesses returns the events of a temporal window: those that the condition
// holds by, and the latest others.
func (l *timeline) witnesses(s *spec, f firing, most int, a *Alert) []*hit {
	var needed, others []*hit
	a.From = a.To
	for i := range l.lists {
		list := &l.lists[i]
		lo, hi := list.from(f.time-s.span), list.until(f.time)
		if lo == hi {
			continue
		}
		hits, n := list.latest(lo, hi, most)
		a.Total += n
		if began := at(list.at(lo).time); began.Before(a.From) {
			a.From = began
		}
		needed = append(needed, hits[len(hits)-1])
		others = append(others, hits...)
	}
	if s.c.Type == sigma.TemporalOrdered {
		needed = append(needed, l.chain(s, f.time)...)
	}
	slices.SortFunc(others, func(a, b *hit) int { return -compare(a, b) })
	all := append(needed, others[:max(0, min(len(others), most-len(needed)))]...)
	slices.SortFunc(all, compare)
	return slices.Compact(all)
}
