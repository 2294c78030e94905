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
	t := &Tree{Target: target, Dist: make([]float64, g.n), via: make([]int32, g.n), g: g}
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
		for _, e := range g.in.of(it.node) {
			from := g.edges[e].From
			d := it.key + weight[e]
			if d < t.Dist[from] && g.plain(e) {
				t.Dist[from], t.via[from] = d, e
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
