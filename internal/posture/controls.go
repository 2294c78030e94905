package posture

import (
	"cmp"
	"slices"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// Bounds on what is tried while somebody waits.
const (
	maxOptions     = 100       // planned controls that are each tried alone
	triedMoves     = 2_000_000 // moves looked at for that, all tries together; five tries at least
	maxChooseMoves = 20_000    // moves up to which a choice for a budget and swings are searched
	maxChoices     = 64        // budgets whose choice is remembered
	swingsShown    = 5
)

// Chokes says where paths can be cut.
type Chokes struct {
	Standing Standing       `json:"standing"`
	Before   Bands          `json:"before"` // pairs as they are
	Options  []Option       `json:"controls"`
	Choice   *Choice        `json:"choice"` // null where the register is too large to search here
	Holdings []HoldingChoke `json:"holdings"`
	Swings   []Swing        `json:"swings"`
}

// Option is one planned control, tried alone.
type Option struct {
	ID      string `json:"id,omitempty"`
	Label   string `json:"label,omitempty"`
	Catalog string `json:"catalog,omitempty"`
	Place
	Effect   string       `json:"effect"`
	Cost     int          `json:"cost"`
	After    Bands        `json:"after"`  // pairs with it in place
	Harder   int          `json:"harder"` // pairs that are at least a band harder
	Shut     int          `json:"shut"`   // of these, pairs without any way
	Holdings []BandChange `json:"holdings"`
	Cuts     []MapLink    `json:"cuts"` // moves on best paths that it makes harder; none at Counts
}

// BandChange is a holding whose best way gets harder.
type BandChange struct {
	Holding string        `json:"holding"`
	Label   string        `json:"label"`
	Before  register.Band `json:"before"`
	After   register.Band `json:"after"` // "" out of reach
}

// Choice is the best set of planned controls for a budget.
type Choice struct {
	Budget   int          `json:"budget"`
	Count    int          `json:"count"`
	Controls []Name       `json:"controls"` // none at Counts
	Cost     int          `json:"cost"`
	Exact    bool         `json:"exact"`
	Gap      float64      `json:"gap"` // how far from the best it can be at most, as a share
	After    Bands        `json:"after"`
	Holdings []BandChange `json:"holdings"`
}

// HoldingChoke is what stands before one holding.
type HoldingChoke struct {
	Holding  string `json:"holding"`
	Label    string `json:"label"`
	Possible bool   `json:"possible"` // planned controls can shut every way
	Cost     int64  `json:"cost"`
	Count    int    `json:"count"` // of controls
	Controls []Name `json:"controls"`
	Passes   int    `json:"passes"` // of nodes that every way passes
	Through  []Name `json:"through"`
}

// Swing is an entry of the register that the order of holdings hangs on.
type Swing struct {
	Because string `json:"because,omitempty"`
	Label   string `json:"label,omitempty"`
	From    string `json:"from,omitempty"`
	To      string `json:"to,omitempty"`
	Place
	Band  register.Band `json:"band"`
	Moved int           `json:"moved"` // places by which holdings move
}

// options are what is computed once of Chokes, at Detail.
type options struct {
	list     []Option
	holdings []HoldingChoke
	swings   []Swing
}

// Chokes returns planned controls by effect, the best choice for a budget, and
// what stands before each holding.
func (k *Keeper) Chokes(budget int, depth Depth) Chokes {
	a, broken := k.current()
	o := a.options()
	out := Chokes{
		Standing: a.standing(broken, depth), Before: a.footings().pairs, Options: slices.Clone(o.list),
		Holdings: slices.Clone(o.holdings), Swings: slices.Clone(o.swings),
	}
	if len(a.m.Moves) <= maxChooseMoves {
		out.Choice = a.choice(budget)
	}
	if depth == Counts {
		out.mask()
	}
	return out
}

// mask takes out what names anything but holdings.
func (c *Chokes) mask() {
	for i := range c.Options {
		o := &c.Options[i]
		o.ID, o.Label, o.Catalog, o.Place, o.Cuts = "", "", "", Place{}, []MapLink{}
	}
	if c.Choice != nil {
		c.Choice.Controls = []Name{}
	}
	for i := range c.Holdings {
		c.Holdings[i].Controls, c.Holdings[i].Through = []Name{}, []Name{}
	}
	for i := range c.Swings {
		c.Swings[i] = Swing{Band: c.Swings[i].Band, Moved: c.Swings[i].Moved}
	}
}

func (a *analysis) option() *options {
	o := &options{list: []Option{}, holdings: []HoldingChoke{}, swings: []Swing{}}
	before := a.m.Costs(a.m.Weights(), a.m.HoldingIDs())
	for _, c := range a.planned() {
		if opt := a.try(c, before); opt.Harder > 0 {
			o.list = append(o.list, opt)
		}
	}
	slices.SortStableFunc(o.list, func(x, y Option) int {
		return cmp.Or(y.Shut-x.Shut, y.Harder-x.Harder, x.Cost-y.Cost)
	})
	for _, c := range a.m.Chokes(a.m.HoldingIDs()) {
		o.holdings = append(o.holdings, HoldingChoke{
			Holding: c.Holding, Label: a.reg.Label(c.Holding), Possible: c.Possible, Cost: c.Cost,
			Count: len(c.Controls), Controls: a.names(c.Controls), Passes: len(c.Through), Through: a.names(c.Through),
		})
	}
	for _, s := range a.swings() {
		o.swings = append(o.swings, Swing{
			Because: s.Because, Label: a.reg.Label(s.Because), From: a.reg.Label(s.From), To: a.reg.Label(s.To),
			Place: placeOf(s.Place, Detail), Band: s.Band, Moved: s.Moved,
		})
	}
	return o
}

// swings are left out where a register is too large to try them.
func (a *analysis) swings() []exposure.Swing {
	if len(a.m.Moves) > maxChooseMoves {
		return nil
	}
	return a.m.Swings(swingsShown)
}

// planned lists the controls that are not in place, the cheapest where there are
// too many to try.
func (a *analysis) planned() []*register.Control {
	list := slices.Clone(a.reg.Controls)
	slices.SortStableFunc(list, func(x, y *register.Control) int { return x.Cost - y.Cost })
	most := min(maxOptions, max(5, triedMoves/max(1, len(a.m.Moves))))
	var out []*register.Control
	for _, c := range list {
		if c.State != "in-place" && len(out) < most {
			out = append(out, c)
		}
	}
	return out
}

// try looks what one control would do.
func (a *analysis) try(c *register.Control, before map[exposure.Pair]float64) Option {
	o := Option{
		ID: c.ID, Label: a.reg.Label(c.ID), Catalog: c.Catalog, Place: placeOf(c.Place, Detail), Effect: c.Effect,
		Cost: c.Cost, Cuts: a.cuts(c.ID),
	}
	after := a.m.Costs(a.m.WeightsWith(c), a.m.HoldingIDs())
	for pair, cost := range before {
		now, connected := after[pair]
		switch {
		case !connected:
			o.Harder++
			o.Shut++
		case harder(exposure.BandOf(now), exposure.BandOf(cost)):
			o.Harder++
		}
	}
	o.After, o.Holdings = a.compare(after)
	return o
}

// compare counts pairs under other costs, and returns the holdings whose best
// way gets harder.
func (a *analysis) compare(after map[exposure.Pair]float64) (Bands, []BandChange) {
	var bands Bands
	best := map[string]register.Band{}
	for pair, cost := range after {
		b := exposure.BandOf(cost)
		bands.add(b)
		if old, known := best[pair.Target]; !known || harder(old, b) {
			best[pair.Target] = b
		}
	}
	bands.Out = len(a.m.Footholds)*len(a.m.Holdings) - len(after)
	changed := []BandChange{}
	for _, h := range a.m.Holdings {
		p := a.footings().best[h.ID]
		if p != nil && harder(best[h.ID], p.Band) {
			changed = append(changed, BandChange{h.ID, a.reg.Label(h.ID), p.Band, best[h.ID]})
		}
	}
	return bands, changed
}

// cuts lists the moves on best paths that a control would make harder.
func (a *analysis) cuts(control string) []MapLink {
	pairs := map[[2]string]int{}
	for _, p := range a.paths[exposure.MostLikely]() {
		for _, s := range p.Steps {
			if slices.Contains(s.Move.Cuts, control) {
				pairs[[2]string{s.Move.From, s.Move.To}]++
			}
		}
	}
	out := []MapLink{}
	for m, n := range pairs {
		out = append(out, MapLink{m[0], m[1], n})
	}
	slices.SortFunc(out, func(x, y MapLink) int {
		return cmp.Or(y.Pairs-x.Pairs, cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To))
	})
	return out
}

// choice searches once for each budget.
func (a *analysis) choice(budget int) *Choice {
	a.choiceMu.Lock()
	defer a.choiceMu.Unlock()
	c, known := a.choices[budget]
	if !known {
		if len(a.choices) >= maxChoices {
			clear(a.choices)
		}
		c = exposure.Choose(a.reg, a.m, budget)
		a.choices[budget] = c
	}
	out := &Choice{
		Budget: budget, Count: len(c.Controls), Controls: a.names(c.Controls), Cost: c.Cost,
		Exact: c.Exact, Gap: c.Gap,
	}
	var set []*register.Control
	for _, id := range c.Controls {
		it, _ := a.reg.Find(id)
		set = append(set, it.Value.(*register.Control))
	}
	out.After, out.Holdings = a.compare(a.m.Costs(a.m.WeightsWith(set...), a.m.HoldingIDs()))
	return out
}
