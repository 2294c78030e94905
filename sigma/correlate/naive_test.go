package correlate

import (
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
)

// naive evaluates correlations as doc.go reads: it keeps every hit and looks at
// every window anew. It has no bounds on memory and forgets nothing.
type naive struct {
	cfg    Config
	specs  []*spec
	groups map[string]*naiveGroup
}

type naiveGroup struct {
	lines []*naiveLine
	seen  map[string]bool // events counted
	turn  int
}

type naiveLine struct {
	used    int
	horizon int64
	hits    []naiveHit // in the order of arrival
	fired   []int64
}

type naiveHit struct {
	time   int64
	id     event.ID
	ref    int
	values []string // texts of the values, one for each
}

// naiveEvent is a hit or an alert on its way to those that refer to it.
type naiveEvent struct {
	spec   int
	ref    int
	alert  bool
	time   int64
	id, by event.ID
	values [][]string
	use    *use
}

func newNaive(p *Plan, cfg Config) *naive {
	return &naive{cfg.withDefaults(), p.specs, map[string]*naiveGroup{}}
}

// observe takes in the hits of one event.
func (n *naive) observe(p *Plan, hits []Hit) (out []string) {
	var waiting []naiveEvent
	for _, h := range hits {
		src := p.rules[h.Rule]
		if src == nil {
			continue
		}
		for i := range src.users {
			u := &src.users[i]
			waiting = append(waiting, naiveEvent{
				u.spec.at, u.ref, false, h.Time.UnixNano(), h.ID, h.ID, h.Values, u,
			})
		}
	}
	for i, s := range n.specs { // those referred to come first
		for j := 0; j < len(waiting); j++ {
			if waiting[j].spec != i {
				continue
			}
			for _, combo := range combinations(waiting[j].values, waiting[j].use.group) {
				alert, ok := n.count(s, &waiting[j], combo)
				if !ok {
					continue
				}
				out = append(out, alert.text)
				for k := range s.out.users {
					u := &s.out.users[k]
					waiting = append(waiting, naiveEvent{
						u.spec.at, u.ref, true, alert.time, alert.id, waiting[j].by,
						n.fields(s, &waiting[j], combo), u,
					})
				}
			}
		}
	}
	return out
}

// fields are what an alert carries as an event.
func (n *naive) fields(s *spec, ev *naiveEvent, combo []string) [][]string {
	var out [][]string
	for i := range s.out.fields {
		if g := s.carried[i].group; g >= 0 {
			out = append(out, []string{combo[g]})
		} else {
			out = append(out, ev.values[s.carried[i].via[ev.ref]])
		}
	}
	return out
}

// combinations lists one value of each field, in all ways.
func combinations(values [][]string, fields []int) [][]string {
	out := [][]string{nil}
	for _, f := range fields {
		var next [][]string
		for _, c := range out {
			for _, v := range values[f] {
				next = append(next, append(slices.Clone(c), v))
			}
		}
		out = next
	}
	return out
}

type naiveAlert struct {
	text string
	time int64
	id   event.ID
}

// count brings an event into a group and looks at the windows it is part of.
func (n *naive) count(s *spec, ev *naiveEvent, combo []string) (naiveAlert, bool) {
	h := naiveHit{time: ev.time, id: ev.id, ref: ev.ref}
	for _, c := range combinations(ev.values, ev.use.value) {
		text := strings.Join(c, "\x00")
		if s.c.Type != sigma.ValueCount && len(c) > 0 {
			if _, ok := number(text); !ok {
				continue
			}
		}
		h.values = append(h.values, text)
	}
	if len(h.values) == 0 {
		return naiveAlert{}, false
	}
	name := fmt.Sprintf("%d %q", s.at, combo)
	g := n.groups[name]
	if g == nil {
		g = &naiveGroup{seen: map[string]bool{}}
		n.groups[name] = g
	}
	g.turn++
	counts := s.c.Type != sigma.Temporal && s.c.Type != sigma.TemporalOrdered
	if counts && !ev.alert {
		if g.seen[ev.id.String()] {
			return naiveAlert{}, false
		}
		g.seen[ev.id.String()] = true
	}
	l := n.line(s, g, h.time)
	l.used = g.turn
	l.hits = append(l.hits, h)
	alert, ok := l.look(s, h.time)
	if ok {
		l.fired = append(l.fired, alert.time)
		alert.text = fmt.Sprintf("%s %q %s by %s", s.c.Title, combo, alert.text, ev.by)
	}
	l.advance(s, n.cfg)
	return alert, ok
}

func (l *naiveLine) clock() int64 {
	clock := l.hits[0].time
	for _, h := range l.hits {
		clock = max(clock, h.time)
	}
	return clock
}

// line returns the timeline that a time belongs to.
func (n *naive) line(s *spec, g *naiveGroup, time int64) *naiveLine {
	var best *naiveLine
	for _, l := range g.lines {
		fits := time >= l.horizon && time-l.clock() <= s.span+int64(n.cfg.Lateness)
		if fits && (best == nil || l.clock() > best.clock()) {
			best = l
		}
	}
	if best != nil {
		return best
	}
	if len(g.lines) == maxTimelines {
		oldest := slices.MinFunc(g.lines, func(a, b *naiveLine) int { return a.used - b.used })
		g.lines = slices.DeleteFunc(g.lines, func(l *naiveLine) bool { return l == oldest })
	}
	best = &naiveLine{horizon: -1 << 63}
	g.lines = append(g.lines, best)
	return best
}

// advance moves the bound behind which events are too late.
func (l *naiveLine) advance(s *spec, cfg Config) {
	l.horizon = max(l.horizon, l.clock()-int64(cfg.Lateness))
	temporal := s.c.Type == sigma.Temporal || s.c.Type == sigma.TemporalOrdered
	lists := map[int][]int64{}
	for _, h := range l.hits {
		for range h.values {
			if temporal {
				lists[h.ref] = append(lists[h.ref], h.time)
			} else {
				lists[0] = append(lists[0], h.time)
			}
		}
	}
	for _, times := range lists {
		l.behind(times, cfg.Behind)
	}
}

func (l *naiveLine) behind(times []int64, most int) {
	slices.Sort(times)
	if len(times) >= most {
		l.horizon = max(l.horizon, times[len(times)-most])
	}
}

// look finds the first window with the time in it over which the condition
// holds, unless an alert is near.
func (l *naiveLine) look(s *spec, time int64) (naiveAlert, bool) {
	ends := map[int64]bool{}
	for _, h := range l.hits {
		if h.time >= time && h.time <= time+s.span {
			ends[h.time] = true
		}
	}
	var sorted []int64
	for e := range ends {
		sorted = append(sorted, e)
	}
	slices.Sort(sorted)
	for _, end := range sorted {
		var window []naiveHit
		for _, h := range l.hits {
			if h.time >= end-s.span && h.time <= end {
				window = append(window, h)
			}
		}
		value, ok := naiveValue(s, window)
		for _, a := range l.fired {
			ok = ok && max(a-end, end-a) > s.quiet
		}
		if ok && naiveHolds(s, value) {
			last := slices.MaxFunc(window, naiveOrder)
			return naiveAlert{
				fmt.Sprintf("at %s %s = %v of %s", at(end).Format("15:04:05"), last.id, value,
					naiveTotal(window)),
				end, last.id,
			}, true
		}
	}
	return naiveAlert{}, false
}

// naiveTotal counts the events of a window.
func naiveTotal(window []naiveHit) string {
	seen := map[string]bool{}
	for _, h := range window {
		seen[fmt.Sprint(h.time, h.id, h.ref)] = true
	}
	return fmt.Sprint(len(seen))
}

func naiveOrder(a, b naiveHit) int {
	switch {
	case a.time != b.time:
		return int(min(max(a.time-b.time, -1), 1))
	case a.id.Before(b.id):
		return -1
	case b.id.Before(a.id):
		return 1
	}
	return 0
}

func naiveHolds(s *spec, value float64) bool {
	if s.c.Bounds == nil {
		return value == float64(len(s.c.Rules))
	}
	return s.holds(value)
}

// naiveValue computes the figure of a window from its hits.
func naiveValue(s *spec, window []naiveHit) (float64, bool) {
	var values []string
	different, refs := map[string]bool{}, map[int]bool{}
	for _, h := range window {
		refs[h.ref] = true
		for _, v := range h.values {
			values = append(values, v)
			different[v] = true
		}
	}
	switch s.c.Type {
	case sigma.EventCount:
		return float64(len(window)), true
	case sigma.ValueCount:
		return float64(len(different)), true
	case sigma.Temporal:
		return float64(len(refs)), true
	case sigma.TemporalOrdered:
		return naiveChain(window), true
	case sigma.ValueSum, sigma.ValueAvg:
		sum := new(big.Rat)
		for _, v := range values {
			f, _ := number(v)
			sum.Add(sum, new(big.Rat).SetFloat64(f))
		}
		exact, _ := sum.Float64()
		if s.c.Type == sigma.ValueAvg {
			exact /= float64(len(values))
		}
		return exact, true
	}
	p := s.c.Percentile
	if s.c.Type == sigma.ValueMedian {
		p = 50
	}
	var sorted []float64
	for _, v := range values {
		f, _ := number(v)
		sorted = append(sorted, f)
	}
	sort.Float64s(sorted)
	rank := p / 100 * float64(len(sorted)-1)
	low := int(rank)
	return between(sorted[low], sorted[min(low+1, len(sorted)-1)], rank-float64(low)), true
}

// naiveChain is the length of the longest chain of events in which both order
// and rule increase.
func naiveChain(window []naiveHit) float64 {
	slices.SortStableFunc(window, naiveOrder)
	longest := make([]int, len(window))
	best := 0
	for i, h := range window {
		longest[i] = 1
		for j := range window[:i] {
			if naiveOrder(window[j], h) < 0 && window[j].ref < h.ref {
				longest[i] = max(longest[i], longest[j]+1)
			}
		}
		best = max(best, longest[i])
	}
	return float64(best)
}
