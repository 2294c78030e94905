package exposure

import (
	"math"
	"slices"

	"github.com/evident-sec/evident/register"
)

// Sensitivity orders holdings by what their loss would mean: it grows with the
// records (in tens), with how long the worst category cannot be reset, with the
// keys that link them to others, and where a bulk threshold is crossed. It is an
// order, not an amount.
func Sensitivity(h *register.Holding) float64 {
	s := math.Log10(float64(max(h.Records, h.Devices, 1))) + 1
	life := 0.0
	for _, c := range h.Categories {
		if t, ok := register.TraitOf(c); ok {
			life = max(life, t.Irrevocable)
		}
	}
	return s * (1 + life) * (1 + .1*float64(len(h.JoinKeys)))
}

// Swing is what one input of the register does to the ranking of holdings when
// it is one band off.
type Swing struct {
	Because string // entity the input is of
	Place   register.Place
	Rule    string
	From    string
	To      string
	Band    register.Band // as it is
	Easier  []string      // holdings in their new order were it a band easier
	Harder  []string      // were it a band harder
	Moved   int           // places that holdings move, both together
}

// maxTried bounds the moves that are tried: those on the best paths.
const maxTried = 60

// Swings returns the inputs whose being one band off changes the ranking of
// holdings most, at most n of them, greatest change first.
func (m *Model) Swings(n int) []Swing {
	base := m.ranking(nil)
	var out []Swing
	for _, at := range m.onBestPaths() {
		v := &m.Moves[at]
		s := Swing{
			Because: v.Because, Place: v.Place, Rule: v.Rule, From: v.From, To: v.To, Band: v.Band,
			Easier: m.ranking(map[int]register.Band{at: step(v.Band, -1)}),
			Harder: m.ranking(map[int]register.Band{at: step(v.Band, 1)}),
		}
		s.Moved = moved(base, s.Easier) + moved(base, s.Harder)
		if s.Moved > 0 {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Swing) int { return b.Moved - a.Moved })
	return out[:min(n, len(out))]
}

// onBestPaths returns the places of the moves that best paths use, those of the
// easiest paths first.
func (m *Model) onBestPaths() []int {
	at := map[*Move]int{}
	for i := range m.Moves {
		at[&m.Moves[i]] = i
	}
	var out []int
	for _, p := range m.Paths(MostLikely, m.HoldingIDs()) {
		for _, s := range p.Steps {
			if i, fresh := at[s.Move]; fresh && len(out) < maxTried {
				delete(at, s.Move)
				out = append(out, i)
			}
		}
	}
	return out
}

// Ranking lists the holdings by exposure: what their loss would mean and how
// easy the best path to them is; those that nobody reaches come last.
func (m *Model) Ranking() []string { return m.ranking(nil) }

func (m *Model) ranking(changed map[int]register.Band) []string {
	weights := m.weigh(MostLikely)
	for i, b := range changed {
		weights[i] = weightOf(b)
	}
	var at []int32
	for _, h := range m.Holdings {
		at = append(at, m.at(h.ID))
	}
	search := m.graph.NewSearch(at, weights)
	score := make([]float64, len(at))
	for _, f := range m.Footholds {
		reach := search.From(m.at(f.ID))
		for i, t := range at {
			e := Sensitivity(m.Holdings[i]) * math.Exp(-reach.Cost(t)-weightOf(f.Band))
			score[i] = max(score[i], e)
		}
	}
	order := make([]int, len(at))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case score[a] > score[b]:
			return -1
		case score[a] < score[b]:
			return 1
		}
		return 0
	})
	out := make([]string, len(order))
	for i, at := range order {
		out[i] = m.Holdings[at].ID
	}
	return out
}

// moved counts the places that holdings stand apart in two orders.
func moved(a, b []string) int {
	n := 0
	for i, id := range a {
		j := slices.Index(b, id)
		n += max(i-j, j-i)
	}
	return n
}
