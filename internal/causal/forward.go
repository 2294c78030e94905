package causal

import (
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// forwards follows everything the controlled nodes did from the time they were
// controlled, oldest first.
func (s *search) forwards() {
	for _, n := range s.ordered() {
		if s.control[n].Verdict >= VerdictControlled {
			s.forward = append(s.forward, n)
		}
	}
	for len(s.forward) > 0 {
		n := s.forward[0]
		s.forward = s.forward[1:]
		c := s.control[n]
		from := c.From.UnixNano()
		if have, ok := s.done[n]; ok && have <= from {
			continue
		}
		s.done[n] = from
		if len(s.done) > s.limits.Forward || s.rels >= s.limits.Rels {
			s.stopped = true
			return
		}
		s.spread(n, c.From)
	}
}

// take brings the target of a link into the incident.
func (s *search) take(l Link, at time.Time) {
	if l.Src == l.Dst {
		return
	}
	c, from := s.control[l.Dst], s.control[l.Src].From
	if c != nil && c.Verdict == VerdictEntry && from.After(c.From) {
		return // a way in stays one; what it did later does not cause it
	}
	s.link(l)
	if s.hold(l.Dst, at, VerdictControlled) {
		s.forward = append(s.forward, l.Dst)
	}
}

func (s *search) spread(n int, from time.Time) {
	for _, i := range s.g.out[n] {
		if s.rels++; s.rels >= s.limits.Rels || len(s.control) > 2*s.limits.Forward {
			s.stopped = true
			return
		}
		if r := &s.g.rels[i]; r.Dst >= 0 && !r.Time.Before(from) {
			s.pass(n, r)
		}
	}
	switch s.g.nodes[n].Kind {
	case KindService, KindJob:
		for _, l := range s.g.startedBy(n) {
			if !l.Time.Before(from.Add(-installSlack)) {
				s.take(l, l.Time)
			}
		}
	case KindProcess:
		s.names(n, from)
		for _, l := range s.g.copies(n, from) {
			s.take(l, l.Time)
		}
	}
	for _, l := range s.crossHost(n) {
		switch {
		case l.Time.Before(from):
		case l.Verb == VerbPipe: // it ran before; what it does from here on counts
			s.take(*l, l.Time)
		default:
			s.take(*l, s.g.begin(l.Dst))
		}
	}
}

// pass decides what one edge of a controlled node carries on.
func (s *search) pass(n int, r *Rel) {
	l := Link{
		Src: n, Dst: r.Dst, Verb: r.Verb, Grade: r.Grade, Time: r.Time,
		Events: []event.ID{r.ID}, Why: s.keyText(r),
	}
	switch r.Verb {
	case VerbSpawned:
		l.Why = "started by it: " + l.Why
		if s.ordinary(n, r) {
			s.link(l)
			s.hold(r.Dst, r.Time, VerdictContaminated)
			return
		}
		s.take(l, r.Time)
	case VerbInjected:
		if s.injects(r) {
			l.Why = "thread started by the source: " + l.Why
			s.take(l, r.Time)
		}
	case VerbStarted:
		l.Why = "logon session identifiers are equal"
		s.take(l, r.Time)
	case VerbInstalled, VerbRegistered:
		s.take(s.installLink(r), r.Time)
	case VerbWrote, VerbRenamed, VerbWroteShare:
		s.passFile(n, r)
	case VerbCalled:
		if r.Strength == Control { // it did not fail
			s.passCall(n, r)
		}
	case VerbReadMemory:
		for _, replay := range s.g.replays(n, r) {
			s.take(replay, s.g.begin(replay.Dst))
		}
	}
}

// ordinary reports whether a program that a taken-over system process started
// is probably the user's own: the same kind of system process starts it
// elsewhere too, it runs no commands of others, and it harmed nothing.
func (s *search) ordinary(n int, r *Rel) bool {
	parent, child := &s.g.nodes[n], &s.g.nodes[r.Dst]
	base := Base(child.Name)
	if parent.role != roleBoundary || interpreters[base] {
		return false
	}
	for _, i := range s.g.out[r.Dst] {
		if harms(&s.g.rels[i]) {
			return false
		}
	}
	for _, p := range s.g.ix.started[parent.Host] {
		if p != r.Dst && Base(s.g.nodes[p].Name) == base && s.untouched(p, n) {
			return true
		}
	}
	return s.g.elsewhere(VerbSpawned, Base(parent.Name), base, parent.Host)
}

// untouched reports whether process p was started by another system process
// than n, or by n before n was taken over.
func (s *search) untouched(p, n int) bool {
	for _, i := range s.g.in[p] {
		r := &s.g.rels[i]
		if r.Verb == VerbSpawned && r.Src >= 0 &&
			(r.Src != n || r.Time.Before(s.control[n].From)) {
			return true
		}
	}
	return false
}

// harms reports whether an edge is one that ordinary programs do not have.
func harms(r *Rel) bool {
	switch r.Verb {
	case VerbReadMemory, VerbInjected, VerbInstalled, VerbRegistered, VerbCleared,
		VerbUsedCredential, VerbChangedAccount:
		return true
	}
	return false
}

// passFile follows a written file to what ran, loaded or named it, and to the
// services and jobs whose command names it.
func (s *search) passFile(n int, r *Rel) {
	f := &s.g.nodes[r.Dst]
	if f.Kind != KindFile || !edge.Code(f.Key) && edge.Extension(f.Key) != "" &&
		s.g.nodes[n].Kind == KindProcess && len(s.g.out[r.Dst]) == 0 {
		return
	}
	for _, c := range s.g.carriers(r.Dst, r) {
		s.rels++
		if !c.at.Before(r.Time) && c.link.Src == n {
			s.take(c.link, c.at)
		}
	}
	for _, kind := range []Kind{KindService, KindJob} {
		for _, b := range s.g.ix.brokers[brokerKey{f.Host, kind}] {
			s.passCommand(n, b, r)
		}
	}
}

func (s *search) passCommand(n, b int, w *Rel) {
	for _, i := range s.g.in[b] {
		r := &s.g.rels[i]
		if !isInstall(r) {
			continue
		}
		for _, l := range s.g.commandWriters(b, r) {
			if l.Src == n && slices.Contains(l.Events, w.ID) {
				s.take(l, r.Time)
			}
		}
	}
}

// names follows a controlled command line to the service or job it names, on
// its own host or on one it also names.
func (s *search) names(p int, from time.Time) {
	n := &s.g.nodes[p]
	if n.Start.IsZero() || n.Start.Before(from) {
		return
	}
	hosts := append(s.g.ix.hostMentions(n), n.Host)
	for _, h := range hosts {
		for _, kind := range []Kind{KindService, KindJob} {
			for _, b := range s.g.ix.brokers[brokerKey{h, kind}] {
				s.nameBroker(p, b)
			}
		}
	}
}

func (s *search) nameBroker(p, b int) {
	start := s.g.nodes[p].Start
	for _, i := range s.g.in[b] {
		r := &s.g.rels[i]
		d := r.Time.Sub(start)
		if !isInstall(r) || d < -2*time.Second || d > time.Minute {
			continue
		}
		for _, l := range s.g.namedIn(b, r.Time) {
			if l.Src == p {
				s.take(l, r.Time)
			}
		}
	}
}
