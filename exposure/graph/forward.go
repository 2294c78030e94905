package graph

import "slices"

// Forward is what one start reaches under one weight: Dijkstra's algorithm, with
// an edge that needs several things walked once all of them are reached (Knuth
// 1977). It answers what Search and Reach do; it is the cheaper one where there
// are fewer starts than targets.
type Forward struct {
	Dist []float64 // by node; Infinite where it is out of reach

	g    *Graph
	from int32
	last []int32 // by node: the last edge on the way, -1 for none
}

// From returns what a node reaches.
func (g *Graph) From(from int32, weight []float64) *Forward {
	f := &Forward{Dist: make([]float64, g.n), g: g, from: from, last: make([]int32, g.n)}
	for i := range f.Dist {
		f.Dist[i], f.last[i] = Infinite, -1
	}
	f.Dist[from] = 0
	waiting := g.tails()
	queue := heap{{0, from}}
	for len(queue) > 0 {
		it := queue.pop()
		if it.key > f.Dist[it.node] {
			continue
		}
		for _, e := range g.out.of(it.node) {
			if g.plain(e) {
				f.relax(&queue, e, it.key+weight[e])
			}
		}
		for _, e := range waiting.at(it.node) {
			f.relax(&queue, e, f.jointCost(e, weight))
		}
	}
	return f
}

func (f *Forward) relax(queue *heap, e int32, cost float64) {
	if to := f.g.edges[e].To; cost < f.Dist[to] {
		f.Dist[to], f.last[to] = cost, e
		queue.push(item{cost, to})
	}
}

// jointCost is Infinite until everything that the edge needs is reached. What is
// reached but not settled yet asks again when it is.
func (f *Forward) jointCost(e int32, weight []float64) float64 {
	edge := &f.g.edges[e]
	cost := weight[e] + f.Dist[edge.From]
	for _, v := range edge.Needs {
		cost += f.Dist[v]
	}
	return cost
}

// tails are the joint edges by each node that they need.
type tails map[int32][]int32

func (t tails) at(v int32) []int32 {
	if len(t) == 0 {
		return nil
	}
	return t[v]
}

func (g *Graph) tails() tails {
	out := tails{}
	for _, e := range g.joint {
		for _, v := range append([]int32{g.edges[e].From}, g.edges[e].Needs...) {
			if !slices.Contains(out[v], e) {
				out[v] = append(out[v], e)
			}
		}
	}
	return out
}

// To returns the cheapest derivation of a target, false where it is out of
// reach.
func (f *Forward) To(target int32) (Derivation, bool) {
	if f.Dist[target] == Infinite {
		return Derivation{}, false
	}
	d := Derivation{Cost: f.Dist[target]}
	for v := target; v != f.from; {
		e := f.last[v]
		d.Path = append(d.Path, e)
		edge := &f.g.edges[e]
		if len(edge.Needs) > 0 {
			d.need(e, f)
		}
		v = edge.From
	}
	slices.Reverse(d.Path)
	return d, true
}

// need adds how what an edge needs is reached.
func (d *Derivation) need(e int32, f *Forward) {
	if d.Needs == nil {
		d.Needs = map[int32][]Derivation{}
	}
	var list []Derivation
	for _, v := range f.g.edges[e].Needs {
		n, _ := f.To(v)
		list = append(list, n)
	}
	d.Needs[e] = list
}
