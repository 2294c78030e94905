package causal

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
)

// Limits bound one search.
type Limits struct {
	Backward int // nodes visited backward, default 2,000
	Forward  int // nodes controlled, default 5,000
	Rels     int // edges looked at, default 2,000,000
}

func (l Limits) withDefaults() Limits {
	l.Backward = cmp.Or(l.Backward, 2000)
	l.Forward = cmp.Or(l.Forward, 5000)
	l.Rels = cmp.Or(l.Rels, 2_000_000)
	return l
}

// Filled returns the limits with every default written out.
func (l Limits) Filled() Limits { return l.withDefaults() }

// Verdict says what part a node plays in an incident.
type Verdict uint8

// Verdicts. Controlled nodes did what the cause wanted; a boundary or portal
// only passed it on; a contaminated one may be ordinary work.
const (
	VerdictContext Verdict = iota
	VerdictBoundary
	VerdictPortal
	VerdictContaminated // started by a system process somebody took over, as it also does on its own
	VerdictControlled
	VerdictEntry
)

// String returns the verdict as the JSON graph shows it.
func (v Verdict) String() string {
	return [...]string{"context", "boundary", "portal", "contaminated", "controlled", "entry"}[v]
}

// Link is one reason why a node belongs to the incident.
type Link struct {
	Src, Dst int
	Verb     Verb
	Grade    Grade
	Time     time.Time
	Events   []event.ID
	Why      string
	Backward bool // found on the way from the seed to its cause
	Passive  bool // from a system process that only passed the start on
	Method   Method
}

// Member is a node of the incident.
type Member struct {
	Node    int
	From    time.Time // what it did from here on belongs to the incident
	Verdict Verdict
	Links   []*Link // what brought it in; empty for the seed and for roots
	Entry   string  // how the incident came in here, "" elsewhere
}

// Grade returns how well the node's place in the incident is shown. A root, which
// only system processes started, stands by itself.
func (c *Member) Grade() Grade {
	var active []*Link
	for _, l := range c.Links {
		if !l.Passive {
			active = append(active, l)
		}
	}
	if len(active) == 0 {
		return Proven
	}
	return support(active)
}

// Spine is the answer to "what caused this, and what else did it cause".
type Spine struct {
	Seed    int // node the search began at, -1 when the seed names nobody
	Members []Member
	Links   []*Link
	Gaps    []Gap
	Visited int
	Stopped bool // a limit ended the search early
}

// Grade returns the weakest grade on the spine.
func (s *Spine) Grade() Grade {
	g := Proven
	for i := range s.Members {
		g = min(g, s.Members[i].Grade())
	}
	return g
}

// Hosts returns the hosts of the controlled nodes, sorted.
func (s *Spine) Hosts(g *Graph) []string {
	var hosts []string
	for i := range s.Members {
		if h := g.Node(s.Members[i].Node).Host; h != "" && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	slices.Sort(hosts)
	return hosts
}

// search is the state of one Spine call.
type search struct {
	g        *Graph
	limits   Limits
	seed     time.Time
	control  map[int]*Member
	links    map[linkKey]*Link
	queue    frontier
	queued   map[int]int64 // node to the latest time it was asked about
	forward  []int
	done     map[int]int64 // node to the start it was followed from
	rels     int
	stopped  bool
	visited  int
	gaps     []Gap
	orphaned map[int]bool
}

type linkKey struct {
	src, dst int
	verb     Verb
}

// Spine reconstructs around the seed event: backward to its causes, forward
// from them. A seed that the graph does not hold gives an empty spine.
func (g *Graph) Spine(seed event.ID, limits Limits) *Spine {
	s := &search{
		g: g, limits: limits.withDefaults(), control: map[int]*Member{},
		links: map[linkKey]*Link{}, queued: map[int]int64{}, done: map[int]int64{},
		orphaned: map[int]bool{},
	}
	first := s.start(g.Of(seed))
	s.backward()
	s.markEntries()
	s.forwards()
	return s.result(first)
}

// start puts the seed's own nodes on the frontier and returns the main one.
func (s *search) start(rels []*Rel) int {
	first := -1
	for _, r := range rels {
		s.seed = r.Time
		first = max(first, s.startFile(r))
		for _, n := range s.g.seedNodes(r) {
			if s.g.nodes[n].Kind == KindAccount && s.betterNamed(rels) {
				continue
			}
			if first < 0 {
				first = n
			}
			s.hold(n, r.Time, VerdictControlled)
			s.ask(n, r.Time, 1)
		}
	}
	return first
}

// betterNamed reports whether the event names who acted by something that is one
// actor's own, so that the account, which others may use, need not stand for it.
func (s *search) betterNamed(rels []*Rel) bool {
	return slices.ContainsFunc(rels, func(r *Rel) bool {
		return r.Src >= 0 && s.g.nodes[r.Src].Kind != KindAccount && s.g.nodes[r.Src].Kind != KindEndpoint
	})
}

// startFile begins at what ran the file of a seed that a mail, web or system
// program wrote, and at the remote session on whose behalf it wrote: the
// program itself is only the way in. It returns -1 for other seeds.
func (s *search) startFile(r *Rel) int {
	if r.Verb != VerbWrote || r.Src < 0 || s.g.nodes[r.Src].role == rolePlain {
		return -1
	}
	first := -1
	begin := func(n int, t time.Time) {
		s.hold(n, t, VerdictControlled)
		s.ask(n, t, 1)
		if first < 0 {
			first = n
		}
	}
	if remote := s.g.remoteWriting(r); remote != nil {
		begin(remote.Src, remote.Time)
	}
	for _, c := range s.g.carriers(r.Dst, r) {
		begin(c.node, c.at)
	}
	return first
}

// seedNodes returns who stands behind an edge, main node first.
func (g *Graph) seedNodes(r *Rel) []int {
	switch r.Verb {
	case VerbSpawned, VerbEnded, VerbLoaded, VerbAccepted:
		return present(r.Dst)
	case VerbLoggedOn:
		return present(r.Dst)
	case VerbInstalled, VerbRegistered:
		return present(r.Dst, r.Src)
	case VerbStarted:
		if r.Src >= 0 && g.nodes[r.Src].Kind == KindSession {
			return nil
		}
		return present(r.Dst)
	case VerbTraffic:
		return g.senders(r)
	case VerbTicket:
		return g.ticketUsers(r)
	case VerbFailedLogon, VerbMailed:
		return nil
	case VerbInjected:
		return present(r.Src, r.Dst)
	}
	if r.Src >= 0 && g.nodes[r.Src].Kind == KindEndpoint && r.Facts != nil {
		return g.senders(r)
	}
	return present(r.Src)
}

// senders returns the processes that opened a connection or asked for a name
// that was seen on the wire.
func (g *Graph) senders(r *Rel) []int {
	var nodes []int
	try := func(c *Rel) {
		if c.Time.Sub(r.Time).Abs() <= clockSlack && !slices.Contains(nodes, c.Src) {
			nodes = append(nodes, c.Src)
		}
	}
	for _, i := range g.ix.conns[sourceOf(r.Facts)] {
		try(&g.rels[i])
	}
	host := g.ix.ipHost[r.Facts.SrcIP]
	if r.Dst < 0 || host == "" || g.nodes[r.Dst].Kind != KindName {
		return nodes
	}
	for _, i := range g.in[r.Dst] { // the same name asked for on the host itself
		if c := &g.rels[i]; c.Verb == VerbResolved && g.nodes[c.Src].Host == host {
			try(c)
		}
	}
	return nodes
}

// ticketUsers returns who used a ticket: the process or session that presented
// the credentials, and the session the ticket opened.
func (g *Graph) ticketUsers(r *Rel) []int {
	var nodes []int
	if id := r.Facts.SessionGUID; id != "" {
		for _, i := range g.ix.creds[id] {
			nodes = append(nodes, g.acting(&g.rels[i]))
		}
		nodes = append(nodes, g.ix.guids[id]...)
	}
	return present(nodes...)
}

func present(nodes ...int) []int {
	return slices.DeleteFunc(nodes, func(n int) bool { return n < 0 })
}

// hold notes that the node belongs to the incident from t on. An earlier start
// and a stronger verdict win; it returns whether anything changed.
func (s *search) hold(n int, t time.Time, v Verdict) bool {
	c := s.control[n]
	if c == nil {
		s.control[n] = &Member{Node: n, From: t, Verdict: v}
		return true
	}
	changed := false
	if v > c.Verdict {
		c.Verdict, c.From, changed = v, t, true
	}
	if v == c.Verdict && t.Before(c.From) {
		c.From, changed = t, true
	}
	return changed
}

// link records why two nodes belong together; the same statement again adds
// its events.
func (s *search) link(l Link) *Link {
	k := linkKey{l.Src, l.Dst, l.Verb}
	have := s.links[k]
	if have == nil {
		have = &l
		s.links[k] = have
		return have
	}
	for _, id := range l.Events {
		if len(have.Events) < maxLinkEvents && !slices.Contains(have.Events, id) {
			have.Events = append(have.Events, id)
		}
	}
	if l.Grade > have.Grade {
		have.Grade, have.Why = l.Grade, l.Why
	}
	have.Backward = have.Backward || l.Backward
	have.Passive = have.Passive && l.Passive
	return have
}

const maxLinkEvents = 12

// item is a node of the backward frontier.
type item struct {
	node     int
	at       int64
	priority float64
}

type frontier []item

func (f frontier) Len() int      { return len(f) }
func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)   { *f = append(*f, x.(item)) }
func (f *frontier) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

// Less orders by priority, then latest time, then node: never by input order.
func (f frontier) Less(i, j int) bool {
	a, b := f[i], f[j]
	return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(b.at, a.at),
		cmp.Compare(a.node, b.node)) < 0
}

// ask queues the question "what caused node n as it was at t".
func (s *search) ask(n int, t time.Time, priority float64) {
	at := t.UnixNano()
	if last, ok := s.queued[n]; ok && at <= last {
		return
	}
	s.queued[n] = at
	heap.Push(&s.queue, item{n, at, priority})
}

// priorityOf follows the rule strength x rarity / fan-out.
func (s *search) priorityOf(r *Rel) float64 {
	fan := 1
	if r.Src >= 0 {
		fan += len(s.g.out[r.Src])
	}
	return float64(r.Strength+1) * s.g.rarityOf(r) / float64(fan)
}

func (s *search) backward() {
	for s.queue.Len() > 0 {
		if s.visited >= s.limits.Backward || s.rels >= s.limits.Rels {
			s.stopped = true
			return
		}
		it := heap.Pop(&s.queue).(item)
		s.visited++
		t := time.Unix(0, it.at).UTC()
		switch s.g.nodes[it.node].Kind {
		case KindProcess:
			s.backProcess(it.node, t)
		case KindSession:
			s.backSession(it.node)
		case KindService, KindJob:
			s.backBroker(it.node, t)
		case KindPrincipal:
			s.backPrincipal(it.node, t)
		}
	}
}

// result sorts everything by time and node, so that equal input gives equal
// bytes.
func (s *search) result(first int) *Spine {
	s.loops()
	out := &Spine{Seed: first, Visited: s.visited, Stopped: s.stopped}
	for _, l := range s.links {
		out.Links = append(out.Links, l)
	}
	slices.SortFunc(out.Links, func(a, b *Link) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Src, b.Src),
			cmp.Compare(a.Dst, b.Dst), cmp.Compare(a.Verb, b.Verb))
	})
	for _, l := range out.Links {
		slices.SortFunc(l.Events, compareIDs)
		if c := s.control[l.Dst]; c != nil {
			c.Links = append(c.Links, l)
		}
	}
	for _, c := range s.control {
		out.Members = append(out.Members, *c)
	}
	slices.SortFunc(out.Members, func(a, b Member) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Node, b.Node))
	})
	out.Gaps = s.findGaps(out)
	return out
}

func compareIDs(a, b event.ID) int {
	return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Leaf, b.Leaf))
}
