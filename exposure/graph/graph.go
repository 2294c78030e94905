package graph

import "math"

// Edge is one directed edge.
type Edge struct {
	From, To int32
	Needs    []int32 // further nodes that must be reached to walk it
}

// Graph is a directed graph with parallel edges.
type Graph struct {
	n     int
	edges []Edge
	out   lists // edge numbers by From
	in    lists // edge numbers by To
	joint []int32
}

// lists are edge numbers grouped by node: those of node v are
// ids[at[v]:at[v+1]], in increasing order.
type lists struct {
	at, ids []int32
}

// New returns a graph of n nodes. It keeps the edges.
func New(n int, edges []Edge) *Graph {
	g := &Graph{n: n, edges: edges}
	g.out = group(n, edges, func(e *Edge) int32 { return e.From })
	g.in = group(n, edges, func(e *Edge) int32 { return e.To })
	for i := range edges {
		if len(edges[i].Needs) > 0 {
			g.joint = append(g.joint, int32(i))
		}
	}
	return g
}

// group sorts edge numbers by one end.
func group(n int, edges []Edge, end func(*Edge) int32) lists {
	l := lists{at: make([]int32, n+1), ids: make([]int32, len(edges))}
	for i := range edges {
		l.at[end(&edges[i])+1]++
	}
	for v := range n {
		l.at[v+1] += l.at[v]
	}
	next := append([]int32(nil), l.at[:n]...)
	for i := range edges {
		v := end(&edges[i])
		l.ids[next[v]] = int32(i)
		next[v]++
	}
	return l
}

func (l *lists) of(v int32) []int32 { return l.ids[l.at[v]:l.at[v+1]] }

// Nodes returns how many nodes there are.
func (g *Graph) Nodes() int { return g.n }

// Edges returns the edges in order of their numbers.
func (g *Graph) Edges() []Edge { return g.edges }

// Out returns the numbers of the edges that start at v.
func (g *Graph) Out(v int32) []int32 { return g.out.of(v) }

// In returns the numbers of the edges that end at v.
func (g *Graph) In(v int32) []int32 { return g.in.of(v) }

// plain reports whether an edge needs nothing else.
func (g *Graph) plain(e int32) bool { return len(g.edges[e].Needs) == 0 }

// Infinite is the distance to what cannot be reached.
var Infinite = math.Inf(1)
