package causal

import (
	"cmp"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

const (
	maxInjectors = 4  // followed for one process, latest first
	manyTargets  = 20 // a program that injects into so many is a monitor
)

// backProcess follows what made process p do what it did at t.
func (s *search) backProcess(p int, t time.Time) {
	n := &s.g.nodes[p]
	injectors := s.injectors(p, t)
	for _, r := range injectors {
		s.follow(r, "thread started by the source: "+s.keyText(r))
		s.hold(p, r.Time, VerdictControlled)
	}
	if n.role != rolePlain {
		if len(injectors) == 0 {
			s.passive(p, t)
		}
		return
	}
	if len(injectors) == 0 {
		s.hold(p, s.g.begin(p), VerdictControlled)
	}
	parented := s.backSpawn(p, len(injectors) == 0)
	if len(injectors) > 0 {
		return
	}
	s.origins(p, !parented)
	if !parented && s.started(p) {
		for _, l := range s.g.copiedFrom(p) {
			s.adopt(l)
		}
	}
}

// passive settles a system process or portal that nobody took over.
func (s *search) passive(p int, t time.Time) {
	v := VerdictBoundary
	if s.g.nodes[p].role == rolePortal {
		v = VerdictPortal
	}
	if c := s.control[p]; c != nil && c.Verdict == VerdictControlled && !t.After(c.From) {
		// held only because it is the seed's own process: its act is the
		// seed, but nothing else it does belongs to the incident
		c.Verdict = v
	}
	s.hold(p, t, v)
}

// begin returns the start of a process, or the first sight of it.
func (g *Graph) begin(p int) time.Time {
	if n := &g.nodes[p]; !n.Start.IsZero() {
		return n.Start
	}
	return g.nodes[p].First
}

// follow records the edge as a link and asks about its source.
func (s *search) follow(r *Rel, why string) {
	s.link(Link{
		Src: r.Src, Dst: r.Dst, Verb: r.Verb, Grade: r.Grade, Time: r.Time,
		Events: []event.ID{r.ID}, Why: why, Backward: true,
	})
	if s.g.nodes[r.Src].role == rolePlain {
		s.hold(r.Src, s.g.begin(r.Src), VerdictControlled)
	}
	s.ask(r.Src, r.Time, s.priorityOf(r))
}

func (s *search) keyText(r *Rel) string {
	switch r.Grade {
	case Proven:
		return "process identifiers are equal"
	case Corroborated:
		return "process id and image are equal, the end of the process is not recorded"
	}
	return "process id is equal, the start of the process is not recorded"
}

// injectors returns who injected into p before t: never the system itself,
// never p, and never a program that injects into everything.
func (s *search) injectors(p int, t time.Time) []*Rel {
	var found []*Rel
	for _, i := range s.g.in[p] {
		s.rels++
		r := &s.g.rels[i]
		if r.Verb == VerbInjected && !r.Time.After(t) && s.injects(r) {
			found = append(found, r)
		}
	}
	slices.Reverse(found)
	return found[:min(len(found), maxInjectors)]
}

func (s *search) injects(r *Rel) bool {
	src := &s.g.nodes[r.Src]
	if r.Src == r.Dst || src.role == roleBoundary && !s.takenOver(r.Src, r.Time) {
		return false
	}
	targets := map[string]bool{}
	for _, i := range s.g.out[r.Src] {
		if o := &s.g.rels[i]; o.Verb == VerbInjected && o.Dst >= 0 {
			targets[Base(s.g.nodes[o.Dst].Name)] = true
		}
	}
	return len(targets) < manyTargets
}

// takenOver reports whether somebody else injected into system process p
// before t.
func (s *search) takenOver(p int, t time.Time) bool {
	for _, i := range s.g.in[p] {
		r := &s.g.rels[i]
		if r.Verb == VerbInjected && r.Src != p && r.Time.Before(t) &&
			s.g.nodes[r.Src].role != roleBoundary {
			return true
		}
	}
	return false
}

// backSpawn follows the start of p. It returns whether an ordinary program
// started it, so that the search need not look for where its file came from.
func (s *search) backSpawn(p int, further bool) bool {
	parented := false
	for _, i := range s.g.in[p] {
		r := &s.g.rels[i]
		s.rels++
		if r.Verb != VerbSpawned || r.Src < 0 {
			continue
		}
		switch parent := &s.g.nodes[r.Src]; {
		case parent.role == rolePlain && further:
			s.follow(r, "started by it: "+s.keyText(r))
			parented = true
		case parent.role == rolePlain:
			parented = true
		case parent.role == rolePortal:
			s.follow(r, "started by it: "+s.keyText(r))
		default:
			parented = s.backBoundary(p, r) || parented
		}
	}
	if !s.started(p) {
		s.orphaned[p] = true
	}
	return parented
}

// started reports whether a launch with a parent is recorded.
func (s *search) started(p int) bool {
	for _, i := range s.g.in[p] {
		if r := &s.g.rels[i]; r.Verb == VerbSpawned && r.Src >= 0 {
			return true
		}
	}
	return false
}

// backBoundary asks why a system process started p: because somebody took it
// over, because of a service or job, or for a remote session.
func (s *search) backBoundary(p int, r *Rel) bool {
	taken := len(s.injectors(r.Src, r.Time)) > 0
	s.link(Link{
		Src: r.Src, Dst: r.Dst, Verb: r.Verb, Grade: r.Grade, Time: r.Time, Passive: !taken,
		Events: []event.ID{r.ID}, Why: "started by it: " + s.keyText(r), Backward: true,
	})
	if taken {
		s.ask(r.Src, r.Time, 1)
		return true
	}
	s.passive(r.Src, r.Time)
	found := false
	for _, l := range s.brokers(p) {
		s.adopt(l)
		found = true
	}
	if !found {
		found = s.remoteSession(p, r)
	}
	return found
}

// adopt records a derived link and asks about its source.
func (s *search) adopt(l Link) {
	l.Backward = true
	s.link(l)
	src := &s.g.nodes[l.Src]
	if src.role == rolePlain {
		s.hold(l.Src, s.startOf(l.Src, l.Time), VerdictControlled)
	}
	s.ask(l.Src, l.Time, float64(l.Grade))
}

// startOf returns when a node began to matter: a process from its start, a
// session, service or file from the event that made it.
func (s *search) startOf(n int, at time.Time) time.Time {
	node := &s.g.nodes[n]
	switch node.Kind {
	case KindProcess, KindSession:
		return s.g.begin(n)
	}
	return at
}

// remoteSession joins p to the remote logon session it runs in, where the
// process that started it serves remote sessions.
func (s *search) remoteSession(p int, r *Rel) bool {
	if !remoteHosts[Base(s.g.nodes[r.Src].Name)] {
		return false
	}
	found := false
	for _, l := range s.g.sessionsOf(p) {
		if logon := s.g.logonOf(l.Src); logon != nil && logon.Facts.Remote() {
			s.adopt(l)
			found = true
		}
	}
	if !found {
		for _, l := range s.g.timelyLogons(p, r) {
			s.adopt(l)
			found = true
		}
	}
	return found
}

// sessionsOf returns the links from the logon sessions that p runs in.
func (g *Graph) sessionsOf(p int) []Link {
	var links []Link
	for _, i := range g.in[p] {
		r := &g.rels[i]
		if r.Verb != VerbStarted || g.nodes[r.Src].Kind != KindSession {
			continue
		}
		links = append(links, Link{
			Src: r.Src, Dst: p, Verb: VerbStarted, Grade: Proven, Time: r.Time,
			Events: []event.ID{r.ID}, Why: "logon session identifiers are equal",
		})
	}
	return links
}

// logonOf returns the logon that opened a session.
func (g *Graph) logonOf(session int) *Rel {
	for _, i := range g.in[session] {
		if r := &g.rels[i]; r.Verb == VerbLoggedOn {
			return r
		}
	}
	return nil
}

const timely = 30 * time.Second

// timelyLogons finds the latest remote logon of the same account shortly
// before p started, for systems whose processes carry no session.
func (g *Graph) timelyLogons(p int, r *Rel) []Link {
	n := &g.nodes[p]
	if edge.MachineSession(sessionID(n)) || n.User() == "" {
		return nil
	}
	for k := len(g.ix.logons) - 1; k >= 0; k-- {
		logon := &g.rels[g.ix.logons[k]]
		d := r.Time.Sub(logon.Time)
		if d > timely {
			break // older ones are further away
		}
		if d < 0 || g.nodes[logon.Dst].Host != n.Host || logon.Dst == p {
			continue
		}
		if shortUser(logon.Facts.User) == shortUser(n.User()) {
			return []Link{{
				Src: logon.Dst, Dst: p, Verb: VerbStarted, Grade: Inferred, Time: r.Time,
				Events: []event.ID{logon.ID, r.ID},
				Why:    "same account on this host within 30 s of the remote logon",
			}}
		}
	}
	return nil
}

func sessionID(n *Node) string {
	if n.Facts == nil {
		return ""
	}
	return n.Facts.Session
}

// markEntries names the way in: controlled nodes that nothing controlled
// brought in, and the portals and remote endpoints before them.
func (s *search) markEntries() {
	caused := map[int]bool{}
	for _, l := range s.links {
		if src := s.control[l.Src]; src != nil && src.Verdict >= VerdictControlled {
			caused[l.Dst] = true
		}
	}
	for _, n := range s.ordered() {
		c := s.control[n]
		switch node := &s.g.nodes[n]; {
		case c.Verdict == VerdictPortal && mailPrograms[Base(node.Name)]:
			c.Entry = "mail"
		case c.Verdict == VerdictPortal:
			c.Entry = "web"
		case c.Verdict == VerdictControlled && !caused[n]:
			c.Verdict, c.Entry = VerdictEntry, s.entryKind(n)
		}
	}
}

func (s *search) entryKind(n int) string {
	node := &s.g.nodes[n]
	switch {
	case node.Kind == KindSession && node.Host == "", node.Kind == KindPrincipal:
		return "cloud session"
	case node.Kind == KindSession:
		return "remote logon"
	}
	for _, l := range s.links {
		if c := s.control[l.Src]; l.Dst == n && c != nil && c.Verdict == VerdictPortal {
			return "" // the portal is the way in
		}
	}
	if s.orphaned[n] {
		return "unknown"
	}
	return "started on the host"
}

// ordered returns the controlled nodes by start, then node.
func (s *search) ordered() []int {
	nodes := make([]int, 0, len(s.control))
	for n := range s.control {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b int) int {
		return cmp.Or(s.control[a].From.Compare(s.control[b].From), cmp.Compare(a, b))
	})
	return nodes
}
