package reconstruct

import (
	"cmp"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// act is one action of the incident before merging: who did what to what.
type act struct {
	at       time.Time
	until    time.Time
	actor    int // -1 where nobody is known
	object   int // -1 where nothing is named
	verb     causal.Verb
	facts    *causal.Facts
	grade    causal.Grade
	why      string
	events   []event.ID
	tags     []Finding
	weight   int
	arrival  bool // brought a member into the incident
	leaf     bool // a started process that did nothing further
	via      int  // broker or origin of an arrival, -1 where none
	objects  []int
	count    int
	strength causal.Strength
	bytes    int64 // sent, over all merged connections
}

// collect gathers the actions: how every member came in, and what the
// controlled ones did.
func (w *writer) collect() {
	used := map[event.ID]bool{}
	for i := range w.sp.Members {
		m := &w.sp.Members[i]
		if m.Verdict < causal.VerdictControlled || w.g.Node(m.Node).Console() {
			continue
		}
		if a, ok := w.arrival(m); ok {
			w.add(a)
			for _, id := range a.events {
				used[id] = true
			}
		}
		w.origins(m)
	}
	for i := range w.sp.Members {
		if m := &w.sp.Members[i]; m.Verdict >= causal.VerdictControlled {
			w.deeds(m, used)
		}
	}
	w.attribute(used)
	if len(w.acts) == 0 || !w.tells(w.seed.ID) {
		w.seedAct()
	}
	depth := w.depths()
	slices.SortStableFunc(w.acts, func(a, b act) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(depth[a.actor], depth[b.actor]),
			compareIDs(first(a.events), first(b.events)),
			cmp.Compare(a.actor, b.actor), cmp.Compare(a.object, b.object), cmp.Compare(a.verb, b.verb))
	})
}

// depths counts the links from an entry to each node: among events of the same
// instant the cause is told first.
func (w *writer) depths() map[int]int {
	depth := map[int]int{}
	for range w.sp.Links {
		changed := false
		for _, l := range w.sp.Links {
			if d := depth[l.Src] + 1; d > depth[l.Dst] && d <= len(w.sp.Members) {
				depth[l.Dst], changed = d, true
			}
		}
		if !changed {
			break
		}
	}
	return depth
}

func (w *writer) tells(id event.ID) bool {
	return slices.ContainsFunc(w.acts, func(a act) bool { return slices.Contains(a.events, id) })
}

// seedAct tells the seed itself where no member's action does.
func (w *writer) seedAct() {
	for _, r := range w.g.Of(w.seed.ID) {
		a := w.fromRel(r)
		a.weight = weightSeed
		w.add(a)
		return
	}
}

func (w *writer) add(a act) {
	for _, id := range a.events {
		a.tags = append(a.tags, w.sc.tags[id]...)
		if id == w.seed.ID {
			a.weight = max(a.weight, weightSeed)
		}
	}
	for _, t := range a.tags {
		a.weight = max(a.weight, levelWeight(t.Level))
	}
	a.count = max(a.count, 1)
	if a.verb == causal.VerbConnected && a.facts != nil {
		a.bytes = a.facts.Bytes
	}
	if a.until.IsZero() {
		a.until = a.at
	}
	w.acts = append(w.acts, a)
}

func (w *writer) fromRel(r *causal.Rel) act {
	return act{
		at: r.Time, actor: r.Src, object: r.Dst, verb: r.Verb, facts: r.Facts, via: -1,
		grade: max(r.Grade, causal.Inferred), why: relWhy(r), events: []event.ID{r.ID},
		weight: w.weigh(r), strength: r.Strength,
	}
}

func relWhy(r *causal.Rel) string {
	switch r.Grade {
	case causal.Proven:
		return "one record names both by unique keys"
	case causal.Corroborated:
		return "process id and image are equal"
	}
	return "process id is equal, the start of the process is not recorded"
}

// arrival tells how a member came into the incident, by its strongest link.
func (w *writer) arrival(m *causal.Member) (act, bool) {
	n := w.g.Node(m.Node)
	l := w.primary(m)
	if l == nil {
		return w.logon(m)
	}
	if ofCloud(l) {
		return act{}, false // its calls tell it, see deeds
	}
	a := act{
		at: l.Time, actor: l.Src, object: m.Node, verb: l.Verb, facts: n.Facts, via: -1,
		grade: m.Grade(), why: l.Why, events: slices.Clone(l.Events), weight: w.arrivalWeight(m),
		arrival: true, strength: causal.Control,
	}
	if n.Kind == causal.KindProcess && rank[l.Verb] != 5 && l.Verb != causal.VerbLoaded {
		a.verb, a.at = causal.VerbSpawned, m.From
		a.events = append(a.events, n.Launch...)
		a.leaf = w.isLeaf(m)
		w.viaBroker(&a, m)
	}
	if n.Kind == causal.KindSession {
		a.verb, a.at = causal.VerbLoggedOn, m.From
	}
	for _, other := range m.Links {
		if other != l && other.Grade >= causal.Inferred {
			a.events = append(a.events, other.Events...)
			if other.Why != a.why && other.Src != l.Src {
				a.why += "; " + other.Why
			}
		}
	}
	if n.Kind == causal.KindService || n.Kind == causal.KindJob {
		for _, r := range w.g.In(m.Node) {
			a.events = append(a.events, r.ID)
			if a.facts == nil || a.facts.Command == "" {
				a.facts = r.Facts
			}
		}
	}
	a.events = append(a.events, w.consoleEvents(m.Node)...)
	a.events = unique(a.events)
	return a, true
}

// ofCloud reports whether a link joins calls to a cloud service: the first call
// then says on what it rests that it belongs here.
func ofCloud(l *causal.Link) bool {
	return l.Verb == causal.VerbCalled || l.Verb == causal.VerbActed
}

// logon tells how a session was opened that no known process opened.
func (w *writer) logon(m *causal.Member) (act, bool) {
	if w.g.Node(m.Node).Kind != causal.KindSession {
		return act{}, false
	}
	for _, r := range w.g.In(m.Node) {
		if r.Verb == causal.VerbLoggedOn {
			a := w.fromRel(r)
			a.arrival, a.weight = true, weightArrival
			return a, true
		}
	}
	return act{}, false
}

// rank orders the links of a member: the one that best explains it first.
var rank = map[causal.Verb]int{
	causal.VerbSpawned: 6, causal.VerbInjected: 5, causal.VerbInstalled: 5,
	causal.VerbRegistered: 5, causal.VerbLoggedOn: 5, causal.VerbStarted: 3, causal.VerbLoaded: 2,
}

func (w *writer) primary(m *causal.Member) *causal.Link {
	var best *causal.Link
	for _, l := range m.Links {
		if best == nil || rank[l.Verb] > rank[best.Verb] ||
			rank[l.Verb] == rank[best.Verb] && l.Grade > best.Grade {
			best = l
		}
	}
	return best
}

// viaBroker remembers the service, job or session on whose behalf a system
// process started a member.
func (w *writer) viaBroker(a *act, m *causal.Member) {
	if k := w.g.Node(a.actor).Kind; k == causal.KindService || k == causal.KindJob {
		a.via = a.actor
		return
	}
	for _, l := range m.Links {
		k := w.g.Node(l.Src).Kind
		broker := k == causal.KindService || k == causal.KindJob || k == causal.KindSession
		if l.Verb == causal.VerbStarted && broker && (a.via < 0 || l.Grade == causal.Proven) {
			if l.Src != a.actor {
				a.via = l.Src
			}
		}
	}
}

func (w *writer) isLeaf(m *causal.Member) bool {
	for _, r := range w.g.Out(m.Node) {
		if r.Dst >= 0 && w.g.Node(r.Dst).Console() {
			continue
		}
		if w.weigh(r) >= weightShown {
			return false
		}
	}
	return m.Verdict == causal.VerdictControlled
}

// consoleEvents returns the starts of a process's console windows: they are
// told with it.
func (w *writer) consoleEvents(n int) []event.ID {
	var ids []event.ID
	for _, r := range w.g.Out(n) {
		if r.Verb == causal.VerbSpawned && r.Dst >= 0 && w.g.Node(r.Dst).Console() {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// origins tells which program brought the content that a member ran.
func (w *writer) origins(m *causal.Member) {
	for _, l := range m.Links {
		src := w.g.Node(l.Src)
		if l.Verb != causal.VerbWrote && l.Verb != causal.VerbWroteShare || w.madeBy(m, l.Src) {
			continue
		}
		a := act{
			at: l.Time, actor: l.Src, object: m.Node, verb: l.Verb, grade: l.Grade, why: l.Why,
			events: l.Events[:1], weight: weightOrigin, via: m.Node, strength: causal.Data,
		}
		for _, r := range w.written(l) {
			a.object, a.facts, a.at, a.events = r.Dst, r.Facts, r.Time, []event.ID{r.ID}
		}
		if src.Kind != causal.KindNone && a.object != m.Node {
			w.add(a)
		}
	}
}

// madeBy reports whether src also started the member: then one step tells both.
func (w *writer) madeBy(m *causal.Member, src int) bool {
	p := w.primary(m)
	return p != nil && p.Src == src && p.Verb == causal.VerbSpawned
}

// arrivalWeight ranks how a member came in: the way in, brokers and sessions
// before programs that only started.
func (w *writer) arrivalWeight(m *causal.Member) int {
	n := w.g.Node(m.Node)
	switch {
	case m.Verdict == causal.VerdictEntry:
		return weightArrival
	case n.Kind != causal.KindProcess:
		return weightArrival - 4
	case w.isLeaf(m):
		return weightLeaf
	}
	for _, l := range m.Links {
		if l.Verb == causal.VerbInjected || l.Verb == causal.VerbStarted || l.Verb == causal.VerbLoggedOn {
			return weightArrival - 5
		}
	}
	return weightStart
}

// written returns the write edges among the events of a link.
func (w *writer) written(l *causal.Link) []*causal.Rel {
	for _, id := range l.Events {
		for _, r := range w.g.Of(id) {
			if r.Src == l.Src && r.Dst >= 0 && w.g.Node(r.Dst).Kind == causal.KindFile {
				return []*causal.Rel{r}
			}
		}
	}
	return nil
}

// deeds collects what a controlled member did to things that are not members.
func (w *writer) deeds(m *causal.Member, used map[event.ID]bool) {
	n, rested := w.g.Node(m.Node), false
	for _, r := range w.g.Out(m.Node) {
		if !w.deed(m, n, r) || used[r.ID] || r.Dst >= 0 && w.g.Node(r.Dst).Console() {
			continue
		}
		if w.told(r) {
			continue
		}
		a := w.fromRel(r)
		w.onWire(&a, r)
		if l := w.primary(m); l != nil && ofCloud(l) && !rested {
			a.grade, a.why = min(a.grade, l.Grade), l.Why+"; "+a.why
			a.events = unique(append(a.events, l.Events...))
			rested = true
		}
		w.add(a)
	}
	for _, r := range w.g.In(m.Node) {
		loaded := r.Verb == causal.VerbLoaded || r.Verb == causal.VerbAccepted ||
			r.Verb == causal.VerbSpawned
		if !loaded || used[r.ID] || r.Time.Before(m.From) {
			continue
		}
		heard := r.Verb == causal.VerbAccepted && m.Verdict == causal.VerdictEntry &&
			w.breach(m.Node, r.Time)
		if a := w.fromRel(r); heard || len(w.sc.tags[r.ID]) > 0 {
			if heard {
				a.weight = max(a.weight, weightBreach)
			}
			w.add(a)
		}
	}
}

// onWire adds what the network saw of a connection.
func (w *writer) onWire(a *act, r *causal.Rel) {
	if r.Verb != causal.VerbConnected {
		return
	}
	wire := w.g.Wire(r)
	if wire == nil {
		return
	}
	both := *r.Facts
	both.Bytes, both.App = max(both.Bytes, wire.Facts.Bytes), cmp.Or(wire.Facts.App, both.App)
	a.facts, a.weight = &both, connWeight(&both)
	a.events = unique(append(a.events, wire.ID))
	a.why += "; the network saw the same addresses and ports"
}

// deed reports whether an edge of a member is part of the incident. What an
// account or address does elsewhere is not: it may be somebody else.
func (w *writer) deed(m *causal.Member, n *causal.Node, r *causal.Rel) bool {
	if r.ID == w.seed.ID {
		return true
	}
	if r.Time.Before(m.From) || n.Kind == causal.KindAccount || n.Kind == causal.KindEndpoint {
		return false
	}
	if n.Kind == causal.KindPrincipal && len(m.Links) == 0 {
		return false // only the seed itself is known to be its work
	}
	if r.Verb == causal.VerbStarted || r.Verb == causal.VerbEnded {
		return false
	}
	if n.Boundary() && w.weigh(r) < weightShown && len(w.sc.tags[r.ID]) == 0 {
		return false
	}
	return true
}

// told reports whether an arrival already tells this edge.
func (w *writer) told(r *causal.Rel) bool {
	if r.Dst < 0 {
		return false
	}
	switch r.Verb {
	case causal.VerbSpawned, causal.VerbInjected, causal.VerbInstalled, causal.VerbRegistered:
		for _, l := range w.links[r.Dst] {
			if l.Src == r.Src && l.Verb == r.Verb && r.Verb != causal.VerbInstalled {
				return true
			}
		}
	case causal.VerbWrote, causal.VerbWroteShare:
		return slices.ContainsFunc(w.acts, func(a act) bool {
			return a.object == r.Dst && a.actor == r.Src && slices.Contains(a.events, r.ID)
		})
	}
	return false
}

func first(ids []event.ID) event.ID {
	if len(ids) == 0 {
		return event.ID{}
	}
	return ids[0]
}

func compareIDs(a, b event.ID) int {
	return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Leaf, b.Leaf))
}

func unique(ids []event.ID) []event.ID {
	slices.SortFunc(ids, compareIDs)
	return slices.Compact(ids)
}
