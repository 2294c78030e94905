package correlate

import "github.com/evident-sec/evident/sigma"

// peaks is a bound on the counts of windows that ended lately. A late event
// adds one to the windows it joins: where that cannot make a condition hold
// that asks for more, none of them needs to be looked at again.
type peaks struct {
	now, before float64 // since since, and in the period before, which was long enough
	since       int64
}

// saw takes in the count of a window.
func (p *peaks) saw(value float64) { p.now = max(p.now, value) }

// rise takes in that windows may have got n more.
func (p *peaks) rise(n int) { p.now, p.before = p.now+float64(n), p.before+float64(n) }

// most is a bound on every window that a late event can join.
func (p *peaks) most() float64 { return max(p.now, p.before) }

// turn begins a new period once the one at hand is longer than a late event
// reaches back: its own lateness and the timespan of the window it ends.
func (p *peaks) turn(clock, reach int64) {
	if clock-p.since > reach {
		p.before, p.now, p.since = p.now, 0, clock
	}
}

// mayHold reports whether a count of at most n can meet the condition; true for
// figures that are no counts.
func (s *spec) mayHold(n float64) bool {
	if s.c.Type != sigma.EventCount && s.c.Type != sigma.ValueCount {
		return true
	}
	for _, b := range s.c.Bounds {
		if b.Op == "gte" && n < b.Value || b.Op == "gt" && n <= b.Value {
			return false
		}
	}
	return true
}

// join puts a late event into the window that ends at the clock, if it is in
// it, without looking at the others.
func (l *timeline) join(s *spec, a *arrival, first uint64) {
	n := uint64(a.counts())
	if a.time < l.clock-s.span { // the hits of the window have moved up
		l.from += n
		return
	}
	for i := first; i < first+n; i++ {
		l.agg.add(&l.lists[0], i)
	}
}
