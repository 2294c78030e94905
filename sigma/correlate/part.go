package correlate

import (
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
)

// maxTimelines is how many clocks a group follows.
const maxTimelines = 4

// part is the groups of one correlation whose keys hash alike. One goroutine
// works on it at a time.
type part struct {
	spec   *spec
	cfg    *Config
	keyer  keyer
	groups map[key]*group
	recent group // ring: recent.next was touched last, recent.prev longest ago
	hits   int   // in all groups
	turn   uint64
	now    int64 // latest arrival

	changed []*group // since the last Changes
	gone    []key    // groups that Changes has handed out and that are no more

	work   []item
	alerts []firedItem
	stats  Stats
}

// group is the state of one correlation for one combination of group values.
type group struct {
	key    key
	values []string
	lines  []*timeline
	last   event.ID // the last event counted

	touched    uint64 // turn of the part
	seen       int64  // arrival
	prev, next *group

	changed, saved bool
	removed        []chunk // that Changes has handed out and that are no more
}

// item is one event for one group.
type item struct {
	in    *input
	key   key
	combo int32
	order int32 // among the items of the correlation
}

// firedItem is an alert and what made it fire.
type firedItem struct {
	item
	alert Alert
}

func newPart(s *spec, cfg *Config) *part {
	p := &part{spec: s, cfg: cfg, groups: map[key]*group{}}
	p.recent.prev, p.recent.next = &p.recent, &p.recent
	return p
}

// run takes in the items that wait.
func (p *part) run() {
	for i := range p.work {
		p.take(&p.work[i])
	}
	clear(p.work)
	p.work = p.work[:0]
}

// take brings an event into its group.
func (p *part) take(it *item) {
	a, ok := p.arrival(it)
	if !ok {
		p.stats.NoValue++
		return
	}
	p.now = max(p.now, it.in.seen)
	p.expire()
	g := p.group(it)
	if p.seenBefore(g, it) {
		return
	}
	l := p.timeline(g, a.time)
	before := l.hits()
	f, fired := l.observe(p.spec, &a)
	if fired {
		alert := Alert{Correlation: p.spec.c, Group: g.values, By: it.in.by}
		l.explain(p.spec, f, p.cfg.MaxEvidence, &alert)
		p.alerts = append(p.alerts, firedItem{*it, alert})
		p.stats.Alerts++
	}
	l.forget(p.spec, p.cfg)
	p.hits += l.hits() - before
	p.change(g)
	p.limit(g)
}

// arrival makes of an item what is counted; false where it has no value.
func (p *part) arrival(it *item) (a arrival, ok bool) {
	a.hit = hit{it.in.time, it.in.id.Entry, it.in.id.Leaf, uint32(it.in.use.ref)}
	fields := it.in.use.value
	if len(fields) == 0 {
		return a, true
	}
	n := members(it.in.values, fields)
	if n > maxMembers {
		p.stats.Truncated++
		n = maxMembers
	}
	for c := range n {
		if p.spec.c.Type == sigma.ValueCount {
			a.keys = append(a.keys, p.keyer.of(len(fields), func(i int) string {
				return member(it.in.values, fields, c, i)
			}))
		} else if f, ok := number(member(it.in.values, fields, c, 0)); ok {
			a.nums = append(a.nums, f)
		}
	}
	return a, len(a.keys)+len(a.nums) > 0
}

// seenBefore reports whether the event has been counted in the group for
// another rule. Alerts and the rules of temporal types count each.
func (p *part) seenBefore(g *group, it *item) bool {
	t := p.spec.c.Type
	if it.in.alert || t == sigma.Temporal || t == sigma.TemporalOrdered {
		return false
	}
	if g.last == it.in.id {
		return true
	}
	g.last = it.in.id
	return false
}

// group returns the item's group, which becomes the one touched last.
func (p *part) group(it *item) *group {
	g := p.groups[it.key]
	if g == nil {
		g = &group{key: it.key}
		fields := it.in.use.group
		for i := range fields {
			g.values = append(g.values, shown(member(it.in.values, fields, int(it.combo), i)))
		}
		p.groups[it.key] = g
	} else {
		g.prev.next, g.next.prev = g.next, g.prev
	}
	p.turn++
	g.touched, g.seen = p.turn, p.now
	p.toFront(g)
	return g
}

func (p *part) toFront(g *group) {
	g.prev, g.next = &p.recent, p.recent.next
	g.prev.next, g.next.prev = g, g
}

// timeline returns the timeline of the group that an event at the time is of:
// of those that it fits the one with the latest clock.
func (p *part) timeline(g *group, time int64) *timeline {
	var best, newest *timeline
	for _, l := range g.lines {
		if l.fits(p.spec, time, int64(p.cfg.Lateness)) && (best == nil || l.clock > best.clock) {
			best = l
		}
		if newest == nil || l.clock > newest.clock {
			newest = l
		}
	}
	if newest != nil && best != newest && time < newest.clock {
		p.stats.Late++
	}
	if best == nil {
		best = newTimeline(p.spec, p.room(g), time)
		g.lines = append(g.lines, best)
	}
	best.used, best.seen = p.turn, p.now
	return best
}

// room returns a number that no timeline of the group has, after it has let go
// of those that nothing came to for long, or of the one unused longest.
func (p *part) room(g *group) int8 {
	for i := 0; i < len(g.lines); {
		if p.now-g.lines[i].seen > p.idle() {
			p.end(g, i)
			continue
		}
		i++
	}
	if len(g.lines) == maxTimelines {
		oldest := 0
		for i, l := range g.lines {
			if l.used < g.lines[oldest].used {
				oldest = i
			}
		}
		p.end(g, oldest)
		p.stats.Replaced++
	}
	for number := int8(0); ; number++ {
		taken := false
		for _, l := range g.lines {
			taken = taken || l.number == number
		}
		if !taken {
			return number
		}
	}
}

// end lets go of a group's timeline.
func (p *part) end(g *group, i int) {
	p.hits -= g.lines[i].hits()
	g.removed = g.lines[i].chunks(g.removed)
	g.lines = append(g.lines[:i], g.lines[i+1:]...)
}

// idle is after how long without an event a group is forgotten.
func (p *part) idle() int64 {
	return max(int64(p.cfg.Idle), p.spec.span+int64(p.cfg.Lateness))
}

// expire forgets the groups that have been idle for long.
func (p *part) expire() {
	for g := p.recent.prev; g != &p.recent && p.now-g.seen > p.idle(); g = p.recent.prev {
		p.remove(g)
		p.stats.Expired++
	}
}

// limit makes room where the part is full, at the cost of g only where there
// is no other group.
func (p *part) limit(g *group) {
	for len(p.groups) > max(1, p.cfg.MaxGroups/numParts) {
		p.remove(p.recent.prev)
		p.stats.Evicted++
	}
	for p.hits > max(1, p.cfg.MaxHits/numParts) {
		switch last := p.recent.prev; {
		case last != g:
			p.remove(last)
			p.stats.Evicted++
		case len(g.lines) > 1:
			oldest := 0
			for i, l := range g.lines {
				if l.used < g.lines[oldest].used {
					oldest = i
				}
			}
			p.stats.Dropped += int64(g.lines[oldest].hits())
			p.end(g, oldest)
		default:
			g.lines[0].dropOldest()
			p.hits--
			p.stats.Dropped++
		}
	}
}

// remove forgets a group.
func (p *part) remove(g *group) {
	for _, l := range g.lines {
		p.hits -= l.hits()
	}
	g.prev.next, g.next.prev = g.next, g.prev
	delete(p.groups, g.key)
	if g.saved {
		p.gone = append(p.gone, g.key)
	}
	g.lines, g.changed = nil, false
}

// change notes that the group has to be handed out by Changes.
func (p *part) change(g *group) {
	if !g.changed {
		g.changed = true
		p.changed = append(p.changed, g)
	}
}

// String names the group for people.
func (g *group) String() string { return strings.Join(g.values, ", ") }
