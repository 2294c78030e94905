package graph

import (
	"maps"
	"slices"
)

// Derivation is the cheapest way from a node to a target: the edges to walk,
// and for each edge that needs more, how its needs are reached.
type Derivation struct {
	Cost  float64
	Path  []int32
	Needs map[int32][]Derivation // by edge number, in the order of Edge.Needs
}

// Search answers for one weight which targets the nodes reach, with the edges
// that need several things at once taken into account. It holds one Tree for
// every target and for every end of such an edge, and is read-only.
type Search struct {
	g      *Graph
	weight []float64
	trees  []*Tree
	place  map[int32]int // of a node's tree

	weighed *weighed
}

// NewSearch prepares for the targets.
func (g *Graph) NewSearch(targets []int32, weight []float64) *Search {
	s := &Search{g: g, weight: weight, place: map[int32]int{}, weighed: g.weigh(weight)}
	for _, t := range targets {
		s.add(t)
	}
	for _, e := range g.joint {
		s.add(g.edges[e].From)
		for _, v := range g.edges[e].Needs {
			s.add(v)
		}
	}
	return s
}

func (s *Search) add(v int32) {
	if _, known := s.place[v]; !known {
		s.place[v] = len(s.trees)
		s.trees = append(s.trees, s.weighed.to(v))
	}
}

// Reach is what one start node reaches.
type Reach struct {
	s    *Search
	from int32
	cost []float64 // by place
	last []int32   // by place: the last joint edge on the way, -1 for none
}

// From works out what a start node reaches, as Dijkstra does: the joint edge
// that is cheapest to have walked is settled, then the next.
func (s *Search) From(from int32) *Reach {
	r := &Reach{s: s, from: from}
	for _, t := range s.trees {
		r.cost = append(r.cost, t.Dist[from])
		r.last = append(r.last, -1)
	}
	settled := make([]bool, len(s.g.joint))
	for {
		least, at := Infinite, -1
		for i, e := range s.g.joint {
			if settled[i] {
				continue
			}
			if c := r.edgeCost(e); c < least {
				least, at = c, i
			}
		}
		if at < 0 {
			return r
		}
		settled[at] = true
		r.settle(s.g.joint[at], least)
	}
}

// settle lets everything that a joint edge leads to profit from it.
func (r *Reach) settle(e int32, cost float64) {
	head := r.s.g.edges[e].To
	for i, t := range r.s.trees {
		if c := cost + t.Dist[head]; c < r.cost[i] {
			r.cost[i], r.last[i] = c, e
		}
	}
}

// edgeCost is the cost of walking a joint edge with what is known so far.
func (r *Reach) edgeCost(e int32) float64 {
	edge := &r.s.g.edges[e]
	c := r.s.weight[e] + r.Cost(edge.From)
	for _, v := range edge.Needs {
		c += r.Cost(v)
	}
	return c
}

// Cost returns what reaching a target costs. The target is one that the Search
// was prepared for.
func (r *Reach) Cost(target int32) float64 { return r.cost[r.s.place[target]] }

// To returns the cheapest derivation of a target, false where it is out of
// reach.
func (r *Reach) To(target int32) (Derivation, bool) {
	place := r.s.place[target]
	d, e := Derivation{Cost: r.cost[place]}, r.last[place]
	if d.Cost == Infinite {
		return Derivation{}, false
	}
	if e < 0 {
		d.Path = r.s.trees[place].Path(r.from)
		return d, true
	}
	edge := &r.s.g.edges[e]
	before, _ := r.To(edge.From)
	d.Needs = map[int32][]Derivation{}
	maps.Copy(d.Needs, before.Needs)
	var needs []Derivation
	for _, v := range edge.Needs {
		n, _ := r.To(v)
		needs = append(needs, n)
	}
	d.Needs[e] = needs
	d.Path = slices.Concat(before.Path, []int32{e}, r.s.trees[place].Path(edge.To))
	return d, true
}

// Weights returns the weights as they are for this start: a joint edge costs
// its weight and its needs, so that it can be treated as a plain one.
func (r *Reach) Weights() []float64 {
	out := slices.Clone(r.s.weight)
	for _, e := range r.s.g.joint {
		for _, v := range r.s.g.edges[e].Needs {
			out[e] += r.Cost(v)
		}
	}
	return out
}

// Needs returns how what the edges of a path need is reached, by edge.
func (r *Reach) Needs(path []int32) map[int32][]Derivation {
	out := map[int32][]Derivation{}
	for _, e := range path {
		for _, v := range r.s.g.edges[e].Needs {
			d, _ := r.To(v)
			out[e] = append(out[e], d)
		}
	}
	return out
}
