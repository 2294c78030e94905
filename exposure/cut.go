package exposure

import (
	"slices"
	"strings"
)

// Choke is what stands between the footholds and one holding.
type Choke struct {
	Holding string
	// Cut is a cheapest set of moves without which no foothold reaches the
	// holding, with the candidate controls that would cut them; Possible is false
	// where no set of candidates suffices.
	Cut      []*Move
	Controls []string
	Cost     int64
	Possible bool
	// Through are nodes that every path passes, nearest to the holding first.
	Through []string
}

// Chokes returns the choke points of the holdings that a foothold reaches.
func (m *Model) Chokes(targets []string) []Choke {
	var sources []int32
	for _, f := range m.Footholds {
		sources = append(sources, m.at(f.ID))
	}
	up := m.graph.Dominators(sources)
	cost := make([]int64, len(m.Moves))
	for i := range m.Moves {
		cost[i] = m.Moves[i].Cost
	}
	reached := m.reached()
	var out []Choke
	for _, t := range targets {
		if !m.Has(t) || !reached[m.at(t)] {
			continue
		}
		c := Choke{Holding: t}
		for v := up[m.at(t)]; v >= 0; v = up[v] {
			c.Through = append(c.Through, m.Nodes[v].ID)
		}
		if cut, ok := m.graph.MinCut(sources, m.at(t), cost); ok {
			c.Possible, c.Cost = true, cut.Cost
			for _, e := range cut.Edges {
				c.Cut = append(c.Cut, &m.Moves[e])
				c.Controls = append(c.Controls, m.Moves[e].Cuts...)
			}
			slices.Sort(c.Controls)
			c.Controls = slices.Compact(c.Controls)
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b Choke) int { return strings.Compare(a.Holding, b.Holding) })
	return out
}

// reached reports for every node whether the footholds together reach it: the
// fixpoint that takes into account what needs several things.
func (m *Model) reached() []bool {
	out := make([]bool, len(m.Nodes))
	var queue []int32
	for _, f := range m.Footholds {
		if v := m.at(f.ID); !out[v] {
			out[v] = true
			queue = append(queue, v)
		}
	}
	edges := m.graph.Edges()
	waiting := map[int32][]int32{} // node: joint edges that wait for it
	walk := func(e int32) {
		edge := &edges[e]
		if out[edge.To] || !out[edge.From] {
			return
		}
		for _, n := range edge.Needs {
			if !out[n] {
				waiting[n] = append(waiting[n], e)
				return
			}
		}
		out[edge.To] = true
		queue = append(queue, edge.To)
	}
	for len(queue) > 0 {
		v := queue[0]
		queue = queue[1:]
		for _, e := range m.graph.Out(v) {
			walk(e)
		}
		for _, e := range waiting[v] {
			walk(e)
		}
	}
	return out
}
