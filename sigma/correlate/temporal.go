package correlate

import (
	"slices"

	"github.com/evident-sec/evident/sigma"
)

// rules is observe for the temporal types: one list for each rule.
func (l *timeline) rules(s *spec, a *arrival) (firing, bool) {
	l.lists[a.ref].insert(a.hit, key{}, 0)
	if a.time >= l.clock {
		l.clock = a.time
		return l.checkRules(s, a.time)
	}
	for _, end := range l.ends(a.time, min(a.time+s.span, l.clock)) {
		if f, ok := l.checkRules(s, end); ok {
			return f, true
		}
	}
	return firing{}, false
}

// ends returns the different times of hits from one to another.
func (l *timeline) ends(from, to int64) (out []int64) {
	for i := range l.lists {
		list := &l.lists[i]
		for n := list.from(from); n < list.end() && list.at(n).time <= to; n++ {
			out = append(out, list.at(n).time)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// checkRules looks at the condition over the window that ends at the time.
func (l *timeline) checkRules(s *spec, end int64) (firing, bool) {
	value := l.occur(s, end)
	if s.c.Bounds == nil && value < len(l.lists) || value == 0 {
		return firing{}, false
	}
	if s.c.Type == sigma.TemporalOrdered {
		value = len(l.chain(s, end))
	}
	f := firing{value: float64(value), time: end}
	if s.c.Bounds == nil {
		return f, value == len(l.lists) && !l.quiet(s, end)
	}
	return f, value > 0 && s.holds(f.value) && !l.quiet(s, end)
}

// last returns the last hit of a rule until the time, if it is in the window.
func (l *timeline) last(s *spec, rule int, end int64) *hit {
	list := &l.lists[rule]
	return list.inside(list.until(end), end-s.span)
}

// lastBefore returns the last hit of a rule before another hit, if it is in
// the window.
func (l *timeline) lastBefore(s *spec, rule int, other *hit, end int64) *hit {
	list := &l.lists[rule]
	return list.inside(list.before(other), end-s.span)
}

// inside returns the hit below the number unless there is none since the time.
func (s *series) inside(n uint64, since int64) *hit {
	if n == s.base || s.at(n-1).time < since {
		return nil
	}
	return s.at(n - 1)
}

// occur counts the rules that hold in the window.
func (l *timeline) occur(s *spec, end int64) (n int) {
	for i := range l.lists {
		if l.last(s, i, end) != nil {
			n++
		}
	}
	return n
}

// link is a hit in a chain.
type link struct {
	*hit
	next *link
}

// chain returns a longest chain of hits in the window whose rules are in the
// order of the list, each hit after the one before: of all rules where there is
// no condition, else possibly of some.
func (l *timeline) chain(s *spec, end int64) []*hit {
	first := l.wholeChain(s, end)
	if s.c.Bounds != nil {
		first = l.longestChain(s, end)
	}
	var out []*hit
	for at := first; at != nil; at = at.next {
		out = append(out, at.hit)
	}
	return out
}

// wholeChain goes back from the last rule and takes the last hit that fits.
func (l *timeline) wholeChain(s *spec, end int64) *link {
	var next *link
	for i := len(l.lists) - 1; i >= 0; i-- {
		h := l.last(s, i, end)
		if next != nil {
			h = l.lastBefore(s, i, next.hit, end)
		}
		if h == nil {
			return nil
		}
		next = &link{h, next}
	}
	return next
}

// longestChain goes back likewise: latest[k] is, of the chains of k+1 hits over
// the rules seen so far, the one that begins last.
func (l *timeline) longestChain(s *spec, end int64) *link {
	var latest []*link
	for i := len(l.lists) - 1; i >= 0; i-- {
		for k := len(latest); k >= 0; k-- {
			h := l.last(s, i, end)
			var next *link
			if k > 0 {
				next = latest[k-1]
				h = l.lastBefore(s, i, next.hit, end)
			}
			switch {
			case h == nil:
			case k == len(latest):
				latest = append(latest, &link{h, next})
			case latest[k].before(h):
				latest[k] = &link{h, next}
			}
		}
	}
	if len(latest) == 0 {
		return nil
	}
	return latest[len(latest)-1]
}
