package correlate

import (
	"math"
	"slices"

	"github.com/evident-sec/evident/sigma"
)

// arrival is one event on its way into a group: its time, and what of it is
// counted.
type arrival struct {
	hit
	keys []key     // of value_count
	nums []float64 // of the other value types
}

// counts is how many hits the event makes.
func (a *arrival) counts() int { return max(len(a.keys), len(a.nums), 1) }

// timeline is a group's windows under one clock.
type timeline struct {
	number  int8 // among those of the group
	used    uint64
	seen    int64 // latest arrival
	clock   int64 // latest event time
	horizon int64 // events before it are too late
	fired   []int64
	lists   []series // one, or one for each rule of a temporal type

	// The window that ends at the clock, where there is one list.
	from  uint64
	agg   aggregate
	peaks peaks
}

// firing is a window over which the condition holds.
type firing struct {
	value  float64
	time   int64 // its end
	lo, hi uint64
}

func newTimeline(s *spec, number int8, clock int64) *timeline {
	l := &timeline{number: number, clock: clock, horizon: math.MinInt64, lists: make([]series, 1)}
	switch s.c.Type {
	case sigma.Temporal, sigma.TemporalOrdered:
		l.lists = make([]series, len(s.sources))
		return l
	case sigma.EventCount:
	case sigma.ValueCount:
		l.lists[0].keys = []key{}
	default:
		l.lists[0].nums = []float64{}
	}
	l.agg = newAggregate(s.c)
	l.peaks.since = clock
	return l
}

// fits reports whether an event at the time is of this timeline: not too late,
// and not so far ahead that no window reaches back.
func (l *timeline) fits(s *spec, time int64, lateness int64) bool {
	return time >= l.horizon && time-l.clock <= s.span+lateness
}

// observe takes the event in and looks at every window it is part of. The
// first at which the condition holds, outside the quiet time, fires.
func (l *timeline) observe(s *spec, a *arrival) (firing, bool) {
	var f firing
	var ok bool
	switch {
	case l.agg == nil:
		f, ok = l.rules(s, a)
	default:
		f, ok = l.figure(s, a)
	}
	if ok {
		i, _ := slices.BinarySearch(l.fired, f.time)
		l.fired = slices.Insert(l.fired, i, f.time)
	}
	return f, ok
}

// figure is observe for the types that have one list.
func (l *timeline) figure(s *spec, a *arrival) (firing, bool) {
	list := &l.lists[0]
	first := list.end()
	for i := range a.counts() {
		first = min(first, l.put(list, a, i))
	}
	if first+uint64(a.counts()) < list.end() {
		if l.peaks.rise(a.counts()); !s.mayHold(l.peaks.most()) {
			l.join(s, a, first)
			return firing{}, false
		}
		return l.late(s, a, first)
	}
	l.clock = max(l.clock, a.time)
	for n := first; n < list.end(); n++ {
		l.agg.add(list, n)
	}
	for ; list.at(l.from).time < a.time-s.span; l.from++ {
		l.agg.remove(list, l.from)
	}
	return l.check(s, firing{time: a.time, lo: l.from, hi: list.end()})
}

// put inserts one value of the event.
func (l *timeline) put(list *series, a *arrival, i int) uint64 {
	switch {
	case a.keys != nil:
		return list.insert(a.hit, a.keys[i], 0)
	case a.nums != nil:
		return list.insert(a.hit, key{}, a.nums[i])
	}
	return list.insert(a.hit, key{}, 0)
}

// late looks at the windows that end at the event and at those behind it: it
// moves the window back by taking the newer hits out, then forward again.
func (l *timeline) late(s *spec, a *arrival, first uint64) (f firing, ok bool) {
	list := &l.lists[0]
	hi := first + uint64(a.counts()) // the first newer hit
	lo := l.from
	if lo < first {
		l.takeOut(list, hi)
	} else { // the window began behind the event
		l.takeOut(list, lo+uint64(a.counts()))
		lo = first
	}
	for n := first; n < hi; n++ {
		l.agg.add(list, n)
	}
	for ; lo > list.base && list.at(lo-1).time >= a.time-s.span; lo-- {
		l.agg.add(list, lo-1)
	}
	for end := a.time; ; end = list.at(hi).time {
		for ; hi < list.end() && list.at(hi).time == end; hi++ {
			l.agg.add(list, hi)
		}
		for ; list.at(lo).time < end-s.span; lo++ {
			l.agg.remove(list, lo)
		}
		if !ok && end-a.time <= s.span {
			f, ok = l.check(s, firing{time: end, lo: lo, hi: hi})
		}
		if hi == list.end() {
			l.from = lo
			return f, ok
		}
	}
}

// takeOut takes the hits from a number on out of the figure.
func (l *timeline) takeOut(list *series, from uint64) {
	for n := from; n < list.end(); n++ {
		l.agg.remove(list, n)
	}
}

// check looks at the condition over the window that the figure is of.
func (l *timeline) check(s *spec, f firing) (firing, bool) {
	value, ok := l.agg.value(int(f.hi - f.lo))
	f.value = value
	l.peaks.saw(value)
	return f, ok && s.holds(value) && !l.quiet(s, f.time)
}

// quiet reports whether an alert has fired too near to the time.
func (l *timeline) quiet(s *spec, time int64) bool {
	i, same := slices.BinarySearch(l.fired, time)
	return same || i > 0 && time-l.fired[i-1] <= s.quiet ||
		i < len(l.fired) && l.fired[i]-time <= s.quiet
}

// forget drops what no window can reach any more and returns how many hits that
// were.
func (l *timeline) forget(s *spec, c *Config) (dropped int) {
	l.horizon = max(l.horizon, l.clock-int64(c.Lateness))
	l.peaks.turn(l.clock, s.span+int64(c.Lateness))
	for i := range l.lists {
		if list := &l.lists[i]; list.len() >= c.Behind {
			l.horizon = max(l.horizon, list.at(list.end()-uint64(c.Behind)).time)
		}
	}
	for i := range l.lists {
		list := &l.lists[i]
		n := 0
		for n < list.len() && list.hits[list.head+n].time < l.horizon-s.span {
			n++
		}
		if n > 0 {
			list.drop(n)
		}
		dropped += n
	}
	n := 0
	for n < len(l.fired) && l.fired[n] < l.horizon-s.quiet {
		n++
	}
	l.fired = slices.Delete(l.fired, 0, n)
	return dropped
}

// dropOldest drops the oldest hit of the longest list.
func (l *timeline) dropOldest() {
	longest := 0
	for i := range l.lists {
		if l.lists[i].len() > l.lists[longest].len() {
			longest = i
		}
	}
	list := &l.lists[longest]
	if l.agg != nil && l.from == list.base {
		l.agg.remove(list, l.from)
		l.from++
	}
	list.drop(1)
}

// hits is how many the timeline holds.
func (l *timeline) hits() (n int) {
	for i := range l.lists {
		n += l.lists[i].len()
	}
	return n
}

// holds reports whether the value meets all bounds of the condition.
func (s *spec) holds(value float64) bool {
	for _, b := range s.c.Bounds {
		var ok bool
		switch b.Op {
		case "gt":
			ok = value > b.Value
		case "gte":
			ok = value >= b.Value
		case "lt":
			ok = value < b.Value
		case "lte":
			ok = value <= b.Value
		case "eq":
			ok = value == b.Value
		case "neq":
			ok = value != b.Value
		}
		if !ok {
			return false
		}
	}
	return true
}
