package graph

import (
	"math"
	"slices"
)

// Uncuttable is the capacity of an edge that cannot be cut.
const Uncuttable = math.MaxInt64 / 4

// Cut is a set of edges without which no source reaches the target.
type Cut struct {
	Cost  int64
	Edges []int32 // in increasing order
}

// MinCut returns a cheapest cut between the sources and the target; ok is false
// where edges that cannot be cut lead all the way. cost is by edge. An edge that
// needs several things counts as plain: the cut is then one that suffices.
func (g *Graph) MinCut(sources []int32, target int32, cost []int64) (cut Cut, ok bool) {
	f := newFlow(g, cost)
	for _, s := range sources {
		if s == target {
			return Cut{}, false
		}
		f.source[s] = true
	}
	for f.levels(target) {
		f.next = slices.Clone(f.at[:g.n])
		for _, s := range sources {
			for {
				got := f.push(s, target, Uncuttable)
				if got == 0 {
					break
				}
				if cut.Cost += got; cut.Cost >= Uncuttable {
					return Cut{}, false
				}
			}
		}
	}
	// What the residual graph still reaches is on the sources' side.
	for i := range g.edges {
		e := &g.edges[i]
		if f.level[e.From] >= 0 && f.level[e.To] < 0 && cost[i] > 0 {
			cut.Edges = append(cut.Edges, int32(i))
		}
	}
	return cut, true
}

// flow is Dinic's residual graph: arc 2e is edge e, arc 2e+1 its reverse.
type flow struct {
	g      *Graph
	room   []int64 // by arc
	at     []int32 // arcs of node v: arcs[at[v]:at[v+1]]
	arcs   []int32
	next   []int32
	level  []int32
	source []bool
	queue  []int32
}

func newFlow(g *Graph, cost []int64) *flow {
	f := &flow{
		g: g, room: make([]int64, 2*len(g.edges)), at: make([]int32, g.n+1),
		arcs: make([]int32, 0, 2*len(g.edges)), level: make([]int32, g.n),
		source: make([]bool, g.n),
	}
	for i := range g.edges {
		f.room[2*i] = min(cost[i], Uncuttable)
	}
	for v := range int32(g.n) {
		for _, e := range g.out.of(v) {
			f.arcs = append(f.arcs, 2*e)
		}
		for _, e := range g.in.of(v) {
			f.arcs = append(f.arcs, 2*e+1)
		}
		f.at[v+1] = int32(len(f.arcs))
	}
	return f
}

// head is the node an arc leads to.
func (f *flow) head(arc int32) int32 {
	if arc&1 == 0 {
		return f.g.edges[arc/2].To
	}
	return f.g.edges[arc/2].From
}

// levels numbers the nodes by their distance from the sources over arcs with
// room; it reports whether the target is reached.
func (f *flow) levels(target int32) bool {
	f.queue = f.queue[:0]
	for v := range f.level {
		f.level[v] = -1
		if f.source[v] {
			f.level[v] = 0
			f.queue = append(f.queue, int32(v))
		}
	}
	for i := 0; i < len(f.queue); i++ {
		v := f.queue[i]
		for _, a := range f.arcs[f.at[v]:f.at[v+1]] {
			if to := f.head(a); f.room[a] > 0 && f.level[to] < 0 {
				f.level[to] = f.level[v] + 1
				f.queue = append(f.queue, to)
			}
		}
	}
	return f.level[target] >= 0
}

// push sends flow along one path of rising levels. It walks with a stack of its
// own: a path may be as long as the graph.
func (f *flow) push(source, target int32, most int64) int64 {
	var path []int32
	v := source
	for {
		if v == target {
			for _, a := range path {
				most = min(most, f.room[a])
			}
			for _, a := range path {
				f.room[a] -= most
				f.room[a^1] += most
			}
			return most
		}
		if a := f.advance(v); a >= 0 {
			path = append(path, a)
			v = f.head(a)
			continue
		}
		if len(path) == 0 {
			return 0
		}
		back := path[len(path)-1]
		path = path[:len(path)-1]
		v = f.head(back ^ 1)
		f.next[v]++
	}
}

// advance returns the next arc of v that leads a level on, -1 for none.
func (f *flow) advance(v int32) int32 {
	for ; f.next[v] < f.at[v+1]; f.next[v]++ {
		a := f.arcs[f.next[v]]
		if f.room[a] > 0 && f.level[f.head(a)] == f.level[v]+1 {
			return a
		}
	}
	return -1
}
