package causal

import (
	"slices"
	"sync"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// Graph is the resolved edges of a set of events, in order. It is read-only
// and safe for concurrent use.
type Graph struct {
	nodes   []Node
	rels    []Rel
	out, in [][]int32
	byKey   map[nodeKey]int
	byEvent map[event.ID]span32
	sensors []Sensor
	events  int
	ix      indexes
	told    edge.Commands // of the builder

	once      sync.Once // for sourcesOf
	sourcesOf map[int][]*Link
}

// span32 is a run of edges: those of one event stand together.
type span32 struct{ from, to int32 }

// nodeKey is what makes an entity one node.
type nodeKey struct {
	kind      Kind
	host, key string
}

// newGraph returns an empty graph with room for the edges, and for nodes that
// are the processes and some more.
func newGraph(edges, processes int) *Graph {
	nodes := processes + edges/8 + 8
	return &Graph{
		rels: make([]Rel, 0, edges), nodes: make([]Node, 0, nodes),
		byKey: make(map[nodeKey]int, nodes),
	}
}

// Node returns node i; i comes from a Rel, Link or Control.
func (g *Graph) Node(i int) *Node { return &g.nodes[i] }

// Len returns the number of nodes.
func (g *Graph) Len() int { return len(g.nodes) }

// Events returns how many events the graph was built from.
func (g *Graph) Events() int { return g.events }

// Rels returns the number of edges.
func (g *Graph) Rels() int { return len(g.rels) }

// Out returns the edges that leave node i, oldest first.
func (g *Graph) Out(i int) []*Rel { return g.list(g.out[i]) }

// In returns the edges that enter node i, oldest first.
func (g *Graph) In(i int) []*Rel { return g.list(g.in[i]) }

// Of returns the edges of one event.
func (g *Graph) Of(id event.ID) []*Rel {
	run := g.byEvent[id]
	rels := make([]*Rel, 0, run.to-run.from)
	for i := run.from; i < run.to; i++ {
		rels = append(rels, &g.rels[i])
	}
	return rels
}

// With returns the edges of the verbs, oldest first.
func (g *Graph) With(verbs ...Verb) []*Rel {
	var rels []*Rel
	for i := range g.rels {
		if slices.Contains(verbs, g.rels[i].Verb) {
			rels = append(rels, &g.rels[i])
		}
	}
	return rels
}

// Wire returns what the network saw of a process's connection: the traffic
// with the same addresses and ports within 5 s; nil without.
func (g *Graph) Wire(c *Rel) *Rel {
	f := c.Facts
	if f == nil || f.SrcIP == "" || f.SrcPort == "" {
		return nil
	}
	for _, i := range g.ix.wire[sourceOf(f)] {
		r := &g.rels[i]
		if r.Facts.DstIP == f.DstIP && r.Facts.DstPort == f.DstPort &&
			r.Time.Sub(c.Time).Abs() <= clockSlack {
			return r
		}
	}
	return nil
}

func (g *Graph) list(ids []int32) []*Rel {
	rels := make([]*Rel, len(ids))
	for i, id := range ids {
		rels[i] = &g.rels[id]
	}
	return rels
}

func (g *Graph) addRel(r *resolver, i int, e *Edge) {
	t := e.Time.UnixNano()
	rel := Rel{
		Time: e.Time, ID: e.ID, Src: -1, Dst: -1, Verb: e.Verb, Strength: e.Strength,
		Grade: Proven, Facts: e.Facts,
	}
	if l := r.ends[i].src; l != nil {
		rel.Src = g.lifeNode(l, &e.Src, e)
	} else if e.Src.Is() {
		ent, grade := r.resolve(e.Src, i, false, t)
		rel.Src, rel.Grade = g.node(ent, e), min(rel.Grade, grade)
	}
	if l := r.ends[i].dst; l != nil {
		rel.Dst = g.lifeNode(l, &e.Dst, e)
	} else if e.Dst.Is() {
		ent, grade := r.resolve(e.Dst, i, true, t)
		rel.Dst, rel.Grade = g.node(ent, e), min(rel.Grade, grade)
	}
	if rel.Src == rel.Dst && rel.Verb == VerbSpawned {
		rel.Src = -1 // an exec in place is no child of itself
	}
	g.rels = append(g.rels, rel)
	g.describe(&g.rels[len(g.rels)-1])
}

// node returns the number of the entity, numbering by first appearance.
func (g *Graph) node(e Entity, by *Edge) int {
	key := nodeKey{e.Kind, e.Host, e.Key}
	i, ok := g.byKey[key]
	if !ok {
		i = len(g.nodes)
		g.byKey[key] = i
		g.nodes = append(g.nodes, Node{Entity: e, First: by.Time})
	}
	g.nodes[i].see(&e, by)
	return i
}

// lifeNode is node for a process that has a unique identifier: its life
// remembers the number.
func (g *Graph) lifeNode(l *life, e *Entity, by *Edge) int {
	if l.node == 0 {
		l.node = g.node(*e, by) + 1
	}
	g.nodes[l.node-1].see(e, by)
	return l.node - 1
}

// see takes what one more edge says about the node.
func (n *Node) see(e *Entity, by *Edge) {
	n.Last = by.Time
	if n.Name == "" {
		n.Name = e.Name
	}
	if n.PID == 0 {
		n.PID = e.PID
	}
}

// describe keeps what a launch, end or logon says about its node.
func (g *Graph) describe(rel *Rel) {
	if rel.Dst < 0 {
		return
	}
	n := &g.nodes[rel.Dst]
	switch {
	case rel.Verb == VerbSpawned:
		g.describeLaunch(n, rel)
	case rel.Verb == VerbEnded:
		n.End = rel.Time
	case rel.Verb == VerbLoggedOn && n.Facts == nil:
		n.Facts, n.Start = rel.Facts, rel.Time
	}
}

func (g *Graph) describeLaunch(n *Node, rel *Rel) {
	n.Launch = append(n.Launch, rel.ID)
	if n.Facts == nil {
		n.Facts, n.Start = rel.Facts, rel.Time
		return
	}
	better := *rel.Facts
	if better.CmdLine == "" || !better.Linux && n.Facts.CmdLine != "" {
		better.CmdLine = n.Facts.CmdLine
	}
	if better.SHA256 == "" {
		better.SHA256 = n.Facts.SHA256
	}
	if edge.MachineSession(better.Session) || better.SessionGUID == "" {
		better.Session, better.User = n.Facts.Session, n.Facts.User
		better.SessionGUID = n.Facts.SessionGUID
	}
	n.Facts = &better
}

// index finishes the graph: adjacency, roles and the look-ups of the search.
func (g *Graph) index() {
	g.out = g.adjacent(func(r *Rel) int { return r.Src })
	g.in = g.adjacent(func(r *Rel) int { return r.Dst })
	g.byEvent = make(map[event.ID]span32, len(g.rels))
	for i := 0; i < len(g.rels); {
		from, id := i, g.rels[i].ID
		for i < len(g.rels) && g.rels[i].ID == id {
			i++
		}
		g.byEvent[id] = span32{int32(from), int32(i)}
	}
	for i := range g.nodes {
		n := &g.nodes[i]
		n.base = Base(n.Name)
		if line := n.CmdLine(); line != "" {
			n.told = g.told.Of(line)
		}
		if n.Kind == KindProcess {
			n.role = roleOf(n.Name)
		}
	}
	g.ix = newIndexes(g)
}

// adjacent lists the edges of every node by the end that pick returns, in one
// array.
func (g *Graph) adjacent(pick func(*Rel) int) [][]int32 {
	counts, total := make([]int32, len(g.nodes)), 0
	for i := range g.rels {
		if n := pick(&g.rels[i]); n >= 0 {
			counts[n]++
			total++
		}
	}
	lists, all := make([][]int32, len(g.nodes)), make([]int32, total)
	for n, c := range counts {
		lists[n], all = all[:0:c], all[c:]
	}
	for i := range g.rels {
		if n := pick(&g.rels[i]); n >= 0 {
			lists[n] = append(lists[n], int32(i))
		}
	}
	return lists
}

// Find returns the node of an entity.
func (g *Graph) Find(kind Kind, host, key string) (int, bool) {
	i, ok := g.byKey[nodeKey{kind, host, key}]
	return i, ok
}
