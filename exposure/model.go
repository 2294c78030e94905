package exposure

import (
	"math"

	"github.com/evident-sec/evident/exposure/graph"
	"github.com/evident-sec/evident/register"
)

// Node is something an adversary may hold.
type Node struct {
	ID    string // identifier of the entity
	Kind  string // its kind, as the register names it
	Label string // for people
}

// Move is one derived edge.
type Move struct {
	From, To string   // identifiers
	Needs    []string // further identifiers that must be held as well
	Rule     string   // identifier of the rule: see Rules
	Because  string   // identifier of the entity that the move rests on
	Place    register.Place

	Band   register.Band
	Days   float64 // effort of the adversary, days
	Sight  Sight
	Cost   int64 // of cutting it, from the controls that would; graph.Uncuttable for none
	Cuts   []string
	Damped []string // controls in place that already made it harder
}

// Key names a move: who, where to, by which rule, because of what.
func (v *Move) Key() [4]string { return [4]string{v.From, v.To, v.Rule, v.Because} }

// Foothold is a place where an adversary may start.
type Foothold struct {
	ID   string
	Kind string
	Band register.Band
}

// Model is the graph of moves over a register.
type Model struct {
	Register  *register.Register
	Nodes     []Node
	Moves     []Move
	Footholds []Foothold
	Holdings  []*register.Holding

	index map[string]int32
	graph *graph.Graph
}

// Has reports whether an entity is a node of the model.
func (m *Model) Has(id string) bool {
	_, ok := m.index[id]
	return ok
}

// At returns the node's number.
func (m *Model) at(id string) int32 { return m.index[id] }

// Graph returns the moves as a graph: node and edge numbers are places in Nodes
// and Moves.
func (m *Model) Graph() *graph.Graph { return m.graph }

// weights returns a weight for each move.
func (m *Model) weights(of func(*Move) float64) []float64 {
	out := make([]float64, len(m.Moves))
	for i := range m.Moves {
		out[i] = of(&m.Moves[i])
	}
	return out
}

// Aim is what a path is short in.
type Aim string

// The aims of an adversary.
const (
	MostLikely  Aim = "most-likely"
	LeastEffort Aim = "least-effort"
	LeastSeen   Aim = "least-seen"
)

// trifle keeps paths short where moves weigh nothing by an aim.
const trifle = 1e-6

// weigh returns the weights of an aim.
func (m *Model) weigh(a Aim) []float64 {
	switch a {
	case LeastEffort:
		return m.weights(func(v *Move) float64 { return v.Days + trifle })
	case LeastSeen:
		return m.weights(func(v *Move) float64 { return sightWeight(v.Sight) + trifle })
	}
	return m.weights(func(v *Move) float64 { return weightOf(v.Band) })
}

// Weights returns the weights of the most likely path, one for each move, to be
// changed for what-if questions: math.Inf(1) takes a move away.
func (m *Model) Weights() []float64 { return m.weigh(MostLikely) }

// WeightOf returns the weight of a band in Weights.
func WeightOf(b register.Band) float64 { return weightOf(b) }

// Pair is a foothold and a target.
type Pair struct{ Foothold, Target string }

// Costs returns for every pair that is connected the weight of its best path,
// the foothold's own band included.
func (m *Model) Costs(weights []float64, targets []string) map[Pair]float64 {
	var at []int32
	for _, t := range targets {
		if m.Has(t) {
			at = append(at, m.at(t))
		}
	}
	search := m.graph.NewSearch(at, weights)
	out := map[Pair]float64{}
	for _, f := range m.Footholds {
		reach := search.From(m.at(f.ID))
		for _, t := range at {
			if c := reach.Cost(t); !math.IsInf(c, 1) && t != m.at(f.ID) {
				out[Pair{f.ID, m.Nodes[t].ID}] = c + weightOf(f.Band)
			}
		}
	}
	return out
}

// CostsOf is Costs for some pairs only, which is cheap where they have few
// footholds.
func (m *Model) CostsOf(weights []float64, pairs []Pair) map[Pair]float64 {
	out := map[Pair]float64{}
	m.fromFootholds(weights, pairs, func(f Foothold, p Pair, reach *graph.Forward) {
		if c := reach.Dist[m.at(p.Target)]; !math.IsInf(c, 1) {
			out[p] = c + weightOf(f.Band)
		}
	})
	return out
}

// PathsOf returns the most likely path of each of the pairs that is connected,
// under other weights than the model's own: see Weights.
func (m *Model) PathsOf(weights []float64, pairs []Pair) map[Pair]Path {
	out := map[Pair]Path{}
	m.fromFootholds(weights, pairs, func(f Foothold, p Pair, reach *graph.Forward) {
		to := m.at(p.Target)
		if d, ok := reach.To(to); ok {
			out[p] = m.path(f, to, MostLikely, d)
		}
	})
	return out
}

// fromFootholds searches once from each foothold of the pairs.
func (m *Model) fromFootholds(weights []float64, pairs []Pair, visit func(Foothold, Pair, *graph.Forward)) {
	by := map[string][]Pair{}
	for _, p := range pairs {
		if m.Has(p.Target) && p.Foothold != p.Target {
			by[p.Foothold] = append(by[p.Foothold], p)
		}
	}
	for _, f := range m.Footholds {
		list := by[f.ID]
		if len(list) == 0 {
			continue
		}
		reach := m.graph.From(m.at(f.ID), weights)
		for _, p := range list {
			visit(f, p, reach)
		}
	}
}
