package causal

import (
	"math"
	"strconv"
	"strings"
	"time"
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
	key        string
	pid        int64
	start, end int64
	base       string
	parent     int64 // pid of the parent, for Linux
	linux      bool
	uid        bool
}

type pidKey struct {
	host string
	pid  int64
}

// resolver gives every process reference of the sorted edges its life.
type resolver struct {
	byPID  map[pidKey][]*life
	byUID  map[string]*life
	launch map[int]*life // edge index to the life a record without uid names
	alias  map[string]string
}

func newResolver(edges []Edge) *resolver {
	r := &resolver{
		byPID: map[pidKey][]*life{}, byUID: map[string]*life{}, launch: map[int]*life{},
		alias: map[string]string{},
	}
	for i := range edges {
		r.identified(&edges[i])
	}
	for i := range edges {
		r.numbered(i, &edges[i])
	}
	return r
}

// identified registers lives that carry a unique identifier.
func (r *resolver) identified(e *Edge) {
	for _, p := range []*Entity{&e.Src, &e.Dst} {
		if p.Kind != KindProcess || p.Key == "" {
			continue
		}
		l := r.uidLife(p)
		if p != &e.Dst {
			continue
		}
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

func (r *resolver) uidLife(p *Entity) *life {
	id := p.Host + "/" + p.Key
	l := r.byUID[id]
	if l == nil {
		l = &life{key: p.Key, pid: p.PID, start: noStart, end: noEnd, uid: true}
		r.byUID[id] = l
	}
	if l.base == "" {
		l.base = Base(p.Name)
	}
	if p.PID != 0 && (l.pid == 0 || len(r.byPID[pidKey{p.Host, p.PID}]) == 0 || !r.listed(p, l)) {
		l.pid = p.PID
		k := pidKey{p.Host, p.PID}
		r.byPID[k] = append(r.byPID[k], l)
	}
	return l
}

func (r *resolver) listed(p *Entity, l *life) bool {
	for _, other := range r.byPID[pidKey{p.Host, p.PID}] {
		if other == l {
			return true
		}
	}
	return false
}

// link joins the two halves of a split logon.
func (r *resolver) link(host, a, b string) {
	if guid(strings.TrimPrefix(b, "0x")) == "" || a == b {
		return
	}
	lo, hi := min(a, b), max(a, b)
	r.alias[host+"/"+hi] = lo
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
	for _, l := range r.byPID[k] {
		if l.uid && l.start != noStart && within(l.start, t, sameLaunch) && alike(l.base, base) {
			return l
		}
		inPlace := e.Src.PID == l.parent || e.Src.PID == l.pid
		if e.Facts.Linux && l.linux && l.end == noEnd && inPlace {
			return l
		}
	}
	return nil
}

func (r *resolver) newLife(k pidKey, p *Entity, start int64) *life {
	l := &life{pid: k.pid, start: start, end: noEnd, base: Base(p.Name)}
	l.key = "pid-" + strconv.FormatInt(k.pid, 10) + "-" + strconv.Itoa(len(r.byPID[k]))
	r.byPID[k] = append(r.byPID[k], l)
	return l
}

func (r *resolver) closeLives(k pidKey, t int64) {
	for _, l := range r.byPID[k] {
		if !l.uid && l.end == noEnd {
			l.end = t
		}
	}
}

// covering returns the life of the pid at time t: the latest known start that
// fits, else one whose start was not seen.
func (r *resolver) covering(k pidKey, t int64, base string) *life {
	var best *life
	for _, l := range r.byPID[k] {
		if l.start != noStart && t < l.start-slack || l.end != noEnd && t > l.end+slack {
			continue
		}
		if !alike(l.base, base) {
			continue
		}
		if best == nil || l.start > best.start {
			best = l
		}
	}
	return best
}

// resolve returns the entity with the key of its life, and how sure that is.
func (r *resolver) resolve(e Entity, i int, isDst bool, t int64) (Entity, Grade) {
	switch {
	case e.Kind == KindSession:
		if to, ok := r.alias[e.Host+"/"+e.Key]; ok {
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
