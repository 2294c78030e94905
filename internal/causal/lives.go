package causal

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// Two sensors of one host write the same start with slightly different times.
const (
	slack      = int64(2 * time.Second)
	sameLaunch = int64(5 * time.Second)
	noStart    = math.MinInt64
	noEnd      = math.MaxInt64
)

// life is one process between start and end; pids are reused, lives are not.
type life struct {
	host, key  string
	pid        int64
	start, end int64
	seen       int64 // first record that names it
	base       string
	parent     int64 // pid of the parent, for Linux
	linux      bool
	uid        bool
	node       int // number of its node + 1, 0 before it has one
}

// ends are the identified lives that an edge joins, nil where one is not.
type ends struct{ src, dst *life }

type pidName struct{ host, uid string }

type pidKey struct {
	host string
	pid  int64
}

// pidLives are the lives one pid had on a host. Sensors give identified lives a
// unique identifier; numbered ones have only the pid; early ones were running
// before their first record. The first two are ordered by start.
type pidLives struct {
	identified, numbered, early []*life
	launches                    []int64 // times of launches without identifier
}

// maxLives bounds how many lives of one pid are compared for one record: a
// forged log could otherwise reuse one pid without end.
const maxLives = 64

// before returns up to maxLives lives that started at t or before, latest
// first.
func before(list []*life, t int64) []*life {
	n, _ := slices.BinarySearchFunc(list, t, func(l *life, t int64) int {
		if l.start <= t {
			return -1
		}
		return 1
	})
	out := slices.Clone(list[max(0, n-maxLives):n])
	slices.Reverse(out)
	return out
}

// resolver gives every process reference of the sorted edges its life.
type resolver struct {
	byPID  map[pidKey]*pidLives
	byUID  map[pidName]*life
	uids   []*life            // byUID in order of appearance
	ends   []ends             // by edge
	free   []life             // not yet given out, allocated many at once
	launch map[int]*life      // edge index to the life a record without uid names
	alias  map[pidName]string // session of the host: the first of its two halves
}

func newResolver(edges []Edge) *resolver {
	r := &resolver{
		byPID: map[pidKey]*pidLives{}, byUID: map[pidName]*life{}, launch: map[int]*life{},
		ends:  make([]ends, len(edges)),
		alias: map[pidName]string{},
	}
	for i := range edges {
		r.identified(&edges[i], &r.ends[i])
		if e := &edges[i]; e.Verb == VerbSpawned && e.Dst.Key == "" {
			p := r.lives(pidKey{e.Dst.Host, e.Dst.PID})
			p.launches = append(p.launches, e.Time.UnixNano())
		}
	}
	r.order()
	for i := range edges {
		r.numbered(i, &edges[i])
	}
	return r
}

// order files the identified lives under their pids, by start.
func (r *resolver) order() {
	for _, l := range r.uids {
		if l.pid == 0 {
			continue
		}
		p := r.lives(pidKey{l.host, l.pid})
		if l.start == noStart {
			p.early = append(p.early, l)
		} else {
			p.identified = append(p.identified, l)
		}
	}
	for _, p := range r.byPID {
		slices.SortStableFunc(p.identified, func(a, b *life) int { return cmp.Compare(a.start, b.start) })
	}
}

func (r *resolver) lives(k pidKey) *pidLives {
	p := r.byPID[k]
	if p == nil {
		p = &pidLives{}
		r.byPID[k] = p
	}
	return p
}

// identified registers lives that carry a unique identifier.
func (r *resolver) identified(e *Edge, to *ends) {
	if e.Src.Kind == KindProcess && e.Src.Key != "" {
		to.src = r.uidLife(&e.Src, e.Time)
	}
	if e.Dst.Kind == KindProcess && e.Dst.Key != "" {
		l := r.uidLife(&e.Dst, e.Time)
		to.dst = l
		switch e.Verb {
		case VerbSpawned:
			if l.start == noStart {
				l.start = e.Time.UnixNano()
			}
		case VerbEnded:
			l.end = max(e.Time.UnixNano(), l.start)
		}
	}
	if e.Verb == VerbLoggedOn && e.Facts.LinkedSession != "" && e.Dst.Kind == KindSession {
		r.link(e.Host, e.Dst.Key, e.Facts.LinkedSession)
	}
}

func (r *resolver) uidLife(p *Entity, at time.Time) *life {
	id := pidName{p.Host, p.Key}
	l := r.byUID[id]
	if l == nil {
		if len(r.free) == 0 {
			r.free = make([]life, 256)
		}
		l, r.free = &r.free[0], r.free[1:]
		*l = life{host: p.Host, key: p.Key, start: noStart, end: noEnd, uid: true}
		l.seen = at.UnixNano()
		r.byUID[id] = l
		r.uids = append(r.uids, l)
	}
	if l.base == "" {
		l.base = Base(p.Name)
	}
	if l.pid == 0 {
		l.pid = p.PID
	}
	return l
}

// link joins the two halves of a split logon.
func (r *resolver) link(host, a, b string) {
	if edge.GUID(strings.TrimPrefix(b, "0x")) == "" || a == b {
		return
	}
	lo, hi := min(a, b), max(a, b)
	r.alias[pidName{host, hi}] = lo
}

// numbered registers launches and ends that carry only a pid.
func (r *resolver) numbered(i int, e *Edge) {
	p := &e.Dst
	if p.Kind != KindProcess || p.Key != "" {
		return
	}
	t, k := e.Time.UnixNano(), pidKey{p.Host, p.PID}
	switch e.Verb {
	case VerbSpawned:
		l := r.sameStart(k, t, e)
		if l == nil {
			r.closeLives(k, t)
			l = r.newLife(k, p, t)
			l.parent, l.linux = e.Src.PID, e.Facts.Linux
		}
		r.launch[i] = l
	case VerbEnded:
		if l := r.covering(k, t, Base(p.Name)); l != nil {
			if l.end == noEnd {
				l.end = t
			}
			r.launch[i] = l
		}
	}
}

// sameStart finds the life that another sensor, or an exec in place on Linux,
// already opened for this launch.
func (r *resolver) sameStart(k pidKey, t int64, e *Edge) *life {
	base := Base(e.Dst.Name)
	lives := r.lives(k)
	for _, l := range before(lives.identified, t+sameLaunch) {
		if within(l.start, t, sameLaunch) && alike(l.base, base) {
			return l
		}
	}
	if l := lives.unseenStart(t, base); l != nil {
		l.start = t
		return l
	}
	if n := len(lives.numbered); n > 0 && e.Facts.Linux {
		l := lives.numbered[n-1]
		inPlace := e.Src.PID == l.parent || e.Src.PID == l.pid
		if l.linux && l.end == noEnd && inPlace {
			return l
		}
	}
	return nil
}

// unseenStart finds the identified life whose own start record is missing and
// that a launch of its pid at t explains: first named after it and before the
// next launch of the pid. The earliest such life is the one.
func (p *pidLives) unseenStart(t int64, base string) *life {
	next := int64(noEnd)
	if k, _ := slices.BinarySearch(p.launches, t+1); k < len(p.launches) {
		next = p.launches[k]
	}
	var best *life
	for _, l := range p.early[:min(len(p.early), maxLives)] {
		if l.uid && l.start == noStart && l.seen >= t-slack && l.seen < next && l.base == base &&
			(best == nil || l.seen < best.seen) {
			best = l
		}
	}
	return best
}

func (r *resolver) newLife(k pidKey, p *Entity, start int64) *life {
	lives := r.lives(k)
	l := &life{host: k.host, pid: k.pid, start: start, end: noEnd, base: Base(p.Name)}
	l.key = "pid-" + strconv.FormatInt(k.pid, 10) + "-"
	if start == noStart {
		l.key += "e" + strconv.Itoa(len(lives.early))
		lives.early = append(lives.early, l)
		return l
	}
	l.key += strconv.Itoa(len(lives.numbered))
	lives.numbered = append(lives.numbered, l)
	return l
}

// closeLives ends the life that a new start of the pid proves over.
func (r *resolver) closeLives(k pidKey, t int64) {
	list := r.lives(k).numbered
	if n := len(list); n > 0 && list[n-1].end == noEnd {
		list[n-1].end = t
	}
}

// covering returns the life of the pid at time t: the latest known start that
// fits, else one whose start was not seen.
func (r *resolver) covering(k pidKey, t int64, base string) *life {
	lives := r.lives(k)
	var best *life
	early := lives.early[:min(len(lives.early), maxLives)]
	for _, list := range [][]*life{
		before(lives.identified, t+slack), before(lives.numbered, t+slack), early,
	} {
		for _, l := range list {
			if l.end != noEnd && t > l.end+slack || !alike(l.base, base) ||
				l.start != noStart && l.start > t+slack {
				continue
			}
			if best == nil || l.start > best.start {
				best = l
			}
		}
	}
	return best
}

// resolve returns the entity with the key of its life, and how sure that is.
func (r *resolver) resolve(e Entity, i int, isDst bool, t int64) (Entity, Grade) {
	switch {
	case e.Kind == KindSession:
		if to, ok := r.alias[pidName{e.Host, e.Key}]; ok {
			e.Key = to
		}
		return e, Proven
	case e.Kind != KindProcess:
		return e, Proven
	case e.Key != "":
		return e, Proven
	}
	if l := r.launch[i]; isDst && l != nil {
		e.Key = l.key
		if l.uid {
			return e, Corroborated // joined by pid, image and time
		}
		return e, Proven
	}
	k := pidKey{e.Host, e.PID}
	l := r.covering(k, t, Base(e.Name))
	if l == nil {
		l = r.newLife(k, &e, noStart)
	}
	e.Key = l.key
	return e, l.certainty(t, Base(e.Name))
}

// certainty grades a reference by pid: proven only inside a life whose both
// ends are recorded, because then the pid cannot have been reused.
func (l *life) certainty(t int64, base string) Grade {
	switch {
	case l.start != noStart && l.end != noEnd && t >= l.start && t <= l.end:
		return Proven
	case l.start != noStart && base != "" && l.base == base:
		return Corroborated
	}
	return Inferred
}

func within(a, b, d int64) bool { return a-b <= d && b-a <= d }

// alike reports whether two image names may be the same program; unknown fits
// everything.
func alike(a, b string) bool { return a == "" || b == "" || strings.EqualFold(a, b) }
