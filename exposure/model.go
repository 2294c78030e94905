package exposure

import (
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
