package graph

// Tree is the shortest paths from all nodes to one target.
type Tree struct {
	Target int32
	Dist   []float64 // by node; Infinite where there is no path
	via    []int32   // by node: first edge of its path, -1 at the target or nowhere
	g      *Graph
}

// To returns the shortest paths to the target over edges that need nothing
// else.
func (g *Graph) To(target int32, weight []float64) *Tree {
	return g.weigh(weight).to(target)
}

// weighed is a graph with one weight an edge, laid out as the search to a target
// reads it: the edges into a node side by side.
type weighed struct {
	g    *Graph
	from []int32   // by place in g.in
	cost []float64 // by place in g.in; Infinite for joint edges
}

func (g *Graph) weigh(weight []float64) *weighed {
	w := &weighed{g, make([]int32, len(g.edges)), make([]float64, len(g.edges))}
	for i, e := range g.in.ids {
		w.from[i], w.cost[i] = g.edges[e].From, weight[e]
		if !g.plain(e) {
			w.cost[i] = Infinite
		}
	}
	return w
}

// to is Dijkstra's algorithm from the target backwards.
func (w *weighed) to(target int32) *Tree {
	n := w.g.n
	t := &Tree{Target: target, Dist: make([]float64, n), via: make([]int32, n), g: w.g}
	for i := range t.Dist {
		t.Dist[i], t.via[i] = Infinite, -1
	}
	t.Dist[target] = 0
	queue := heap{{0, target}}
	for len(queue) > 0 {
		it := queue.pop()
		if it.key > t.Dist[it.node] {
			continue
		}
		for i := w.g.in.at[it.node]; i < w.g.in.at[it.node+1]; i++ {
			from := w.from[i]
			if d := it.key + w.cost[i]; d < t.Dist[from] {
				t.Dist[from], t.via[from] = d, w.g.in.ids[i]
				queue.push(item{d, from})
			}
		}
	}
	return t
}

// Path returns the edges from a node to the target; nil where there is no path
// or nothing to walk.
func (t *Tree) Path(from int32) []int32 {
	if t.Dist[from] == Infinite {
		return nil
	}
	var path []int32
	for v := from; v != t.Target; v = t.g.edges[t.via[v]].To {
		path = append(path, t.via[v])
	}
	return path
}
