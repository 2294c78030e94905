package exposure

import (
	"cmp"
	"slices"
	"strings"

	"github.com/evident-sec/evident/exposure/graph"
	"github.com/evident-sec/evident/register"
)

// Path is one way from a foothold to a target.
type Path struct {
	From, To string
	Aim      Aim
	Steps    []Step
	Band     register.Band // foothold and moves together
	Days     float64       // effort, everything that is needed included
	Seen     Sight         // the plainest of its moves
	Weight   float64       // orders paths of one aim; never shown
}

// Step is one move of a path, with the ways to what it needs besides.
type Step struct {
	Move  *Move
	Needs []Path
}

// Paths returns for every pair of foothold and target the best path by the aim,
// best first. Targets are identifiers of holdings, or of other nodes.
func (m *Model) Paths(aim Aim, targets []string) []Path {
	return m.pathsBy(aim, m.weigh(aim), targets)
}

// PathsWith returns the most likely paths under other weights than its own: see
// Weights.
func (m *Model) PathsWith(weights []float64, targets []string) []Path {
	return m.pathsBy(MostLikely, weights, targets)
}

func (m *Model) pathsBy(aim Aim, weights []float64, targets []string) []Path {
	var at []int32
	for _, t := range targets {
		if m.Has(t) {
			at = append(at, m.at(t))
		}
	}
	search := m.graph.NewSearch(at, weights)
	var out []Path
	for _, f := range m.Footholds {
		reach := search.From(m.at(f.ID))
		for _, t := range at {
			if t == m.at(f.ID) {
				continue
			}
			if d, ok := reach.To(t); ok {
				out = append(out, m.path(f, t, aim, d))
			}
		}
	}
	slices.SortFunc(out, comparePaths)
	return out
}

// HoldingIDs returns the identifiers of all holdings.
func (m *Model) HoldingIDs() []string {
	var out []string
	for _, h := range m.Holdings {
		out = append(out, h.ID)
	}
	return out
}

func comparePaths(a, b Path) int {
	return cmp.Or(cmp.Compare(a.Weight, b.Weight), strings.Compare(a.From, b.From),
		strings.Compare(a.To, b.To), slices.Compare(moveNames(a), moveNames(b)))
}

func moveNames(p Path) []string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, s.Move.Rule+" "+s.Move.To+" "+s.Move.Because)
	}
	return out
}

// path names a derivation; the foothold's own band counts.
func (m *Model) path(f Foothold, to int32, aim Aim, d graph.Derivation) Path {
	p := m.describe(m.at(f.ID), to, aim, d)
	if aim == MostLikely {
		p.Weight += weightOf(f.Band)
	}
	p.Band = BandOf(p.odds() + weightOf(f.Band))
	return p
}

func (m *Model) describe(from, to int32, aim Aim, d graph.Derivation) Path {
	p := Path{From: m.Nodes[from].ID, To: m.Nodes[to].ID, Aim: aim, Weight: d.Cost, Seen: Hidden}
	for _, e := range d.Path {
		s := Step{Move: &m.Moves[e]}
		for i, need := range d.Needs[e] {
			s.Needs = append(s.Needs, m.describe(from, m.graph.Edges()[e].Needs[i], aim, need))
		}
		p.Steps = append(p.Steps, s)
	}
	p.sum()
	return p
}

// sum adds up effort and sight, and the band of the moves alone.
func (p *Path) sum() {
	for _, s := range p.Steps {
		p.Days += s.Move.Days
		p.see(s.Move.Sight)
		for _, n := range s.Needs {
			p.Days += n.Days
			p.see(n.Seen)
		}
	}
	p.Band = BandOf(p.odds())
}

func (p *Path) see(s Sight) {
	if seen[s] > seen[p.Seen] {
		p.Seen = s
	}
}

// odds is the weight of all moves by their bands, whatever the aim.
func (p *Path) odds() float64 {
	w := 0.0
	for _, s := range p.Steps {
		w += weightOf(s.Move.Band)
		for _, n := range s.Needs {
			w += n.odds()
		}
	}
	return w
}

// Alternatives returns up to k ways from a foothold to a target without loops,
// best first by the aim.
func (m *Model) Alternatives(foothold, target string, aim Aim, k int) []Path {
	at := slices.IndexFunc(m.Footholds, func(f Foothold) bool { return f.ID == foothold })
	if at < 0 || !m.Has(target) {
		return nil
	}
	f, to := m.Footholds[at], m.at(target)
	search := m.graph.NewSearch([]int32{to}, m.weigh(aim))
	reach := search.From(m.at(f.ID))
	weights := reach.Weights()
	bound := m.relaxed(to, m.weigh(aim))
	var out []Path
	for _, r := range m.graph.Best(m.at(f.ID), to, weights, bound, k) {
		d := graph.Derivation{Cost: r.Cost, Path: r.Path, Needs: reach.Needs(r.Path)}
		out = append(out, m.path(f, to, aim, d))
	}
	slices.SortStableFunc(out, comparePaths)
	return out
}

// relaxed returns distances to a target as if no move needed more than one
// thing: never too long.
func (m *Model) relaxed(to int32, weight []float64) []float64 {
	edges := slices.Clone(m.graph.Edges())
	for i := range edges {
		edges[i].Needs = nil
	}
	return graph.New(len(m.Nodes), edges).To(to, weight).Dist
}
