package exposure

import (
	"math"
	"slices"
	"sort"

	"github.com/evident-sec/evident/register"
)

// maxExact is how many candidate controls are searched completely.
const maxExact = 20

// Choice is a set of controls bought within a budget.
type Choice struct {
	Controls []string
	Cost     int
	Before   float64 // exposure as it is; orders choices, is no probability
	After    float64
	// Gap bounds how much better any choice within the budget could be, as a
	// share of Before: 0 means that this one is best.
	Gap   float64
	Exact bool // every choice was looked at or ruled out
}

// Choose picks planned controls within a budget so that the holdings become
// harder to reach. Exposure is the sum over holdings of their sensitivity and
// of the ease of the best path to each (its ordinal number, see band.go).
//
// Up to 20 candidates are searched completely (branch and bound); more are
// chosen greedily by gain for cost, started once from nothing and once from each
// affordable minimum cut, since two controls may help only together.
func Choose(r *register.Register, m *Model, budget int) Choice {
	c := chooser{m: m, budget: budget, holdings: m.HoldingIDs()}
	for _, control := range r.Controls {
		if control.State != "in-place" && control.Cost <= budget {
			c.all = append(c.all, control)
		}
	}
	c.before = c.exposure(nil)
	if len(c.all) <= maxExact {
		return c.exact()
	}
	return c.greedy()
}

// chooser holds one search.
type chooser struct {
	m        *Model
	budget   int
	holdings []string
	all      []*register.Control
	before   float64
}

// exposure of the model with more controls in place.
func (c *chooser) exposure(with []*register.Control) float64 {
	add := map[string]*register.Control{}
	for _, control := range with {
		add[control.ID] = control
	}
	weights := c.m.weights(func(v *Move) float64 { return v.weightWith(add) })
	var at []int32
	for _, h := range c.holdings {
		at = append(at, c.m.at(h))
	}
	search := c.m.graph.NewSearch(at, weights)
	best := make([]float64, len(at))
	for i := range best {
		best[i] = math.Inf(1)
	}
	for _, f := range c.m.Footholds {
		reach := search.From(c.m.at(f.ID))
		for i, t := range at {
			best[i] = min(best[i], reach.Cost(t)+weightOf(f.Band))
		}
	}
	sum := 0.0
	for i, h := range c.m.Holdings {
		sum += Sensitivity(h) * math.Exp(-best[i])
	}
	return sum
}

// weightWith is the move's weight when more controls are in place.
func (v *Move) weightWith(add map[string]*register.Control) float64 {
	band := v.Band
	for _, id := range v.Cuts {
		control := add[id]
		if control == nil {
			continue
		}
		if control.Effect == "blocks" {
			return math.Inf(1)
		}
		band = step(band, effects[control.Effect])
	}
	return weightOf(band)
}

// cost of a set.
func cost(set []*register.Control) int {
	n := 0
	for _, c := range set {
		n += c.Cost
	}
	return n
}

func (c *chooser) result(set []*register.Control, after float64) Choice {
	out := Choice{Cost: cost(set), Before: c.before, After: after}
	for _, control := range set {
		out.Controls = append(out.Controls, control.ID)
	}
	slices.Sort(out.Controls)
	return out
}

// exact is branch and bound over in or out for each candidate. More controls
// never make a holding easier to reach, so the exposure with everything that is
// still open bought bounds what a branch can give.
func (c *chooser) exact() Choice {
	sort.SliceStable(c.all, func(i, j int) bool { return c.all[i].Cost < c.all[j].Cost })
	start := c.greedy()
	best, after := c.byID(start.Controls), start.After
	var search func(i int, set []*register.Control, spent int)
	search = func(i int, set []*register.Control, spent int) {
		if now := c.exposure(set); now < after {
			best, after = slices.Clone(set), now
		}
		if i == len(c.all) {
			return
		}
		if c.exposure(append(slices.Clone(set), c.all[i:]...)) >= after {
			return
		}
		if spent+c.all[i].Cost <= c.budget {
			search(i+1, append(slices.Clone(set), c.all[i]), spent+c.all[i].Cost)
		}
		search(i+1, set, spent)
	}
	search(0, nil, 0)
	out := c.result(c.trim(best, after), after)
	out.Exact = true
	return out
}

// trim drops controls that add nothing to the others.
func (c *chooser) trim(set []*register.Control, after float64) []*register.Control {
	for i := 0; i < len(set); {
		less := slices.Delete(slices.Clone(set), i, i+1)
		if c.exposure(less) <= after {
			set = less
			continue
		}
		i++
	}
	return set
}

func (c *chooser) byID(ids []string) []*register.Control {
	var out []*register.Control
	for _, control := range c.all {
		if slices.Contains(ids, control.ID) {
			out = append(out, control)
		}
	}
	return out
}

// greedy buys the control with the most gain for its cost until nothing helps
// or fits, from several starts, and keeps the best end.
func (c *chooser) greedy() Choice {
	starts := [][]*register.Control{nil}
	for _, choke := range c.m.Chokes(c.holdings) {
		if set := c.byID(choke.Controls); len(set) > 0 && cost(set) <= c.budget {
			starts = append(starts, set)
		}
	}
	best, after := []*register.Control(nil), c.before
	for _, s := range starts {
		if set, now := c.climb(s); now < after {
			best, after = set, now
		}
	}
	out := c.result(c.trim(best, after), after)
	if c.before > 0 {
		out.Gap = (after - c.exposure(c.all)) / c.before
	}
	return out
}

func (c *chooser) climb(set []*register.Control) ([]*register.Control, float64) {
	now := c.exposure(set)
	for {
		var next []*register.Control
		least, gain := now, 0.0
		for _, control := range c.all {
			if slices.Contains(set, control) || cost(set)+control.Cost > c.budget {
				continue
			}
			with := append(slices.Clone(set), control)
			after := c.exposure(with)
			if g := (now - after) / float64(max(control.Cost, 1)); g > gain {
				next, least, gain = with, after, g
			}
		}
		if next == nil {
			return set, now
		}
		set, now = next, least
	}
}
