package review

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/register"
)

// Input is what a review is made from.
type Input struct {
	Base, Next *register.Register
	Change     *register.Change
	Pack       *checks.Pack
	Day        time.Time
}

// Run reviews a change.
func Run(in Input) *Report {
	r := &reviewer{Input: in}
	atOnce(
		func() { r.base = exposure.Derive(in.Base, in.Day) },
		func() { r.next = exposure.Derive(in.Next, in.Day) },
	)
	r.targets = r.next.HoldingIDs()
	r.changed = map[string]bool{}
	for _, id := range slices.Concat(in.Change.Added, in.Change.Replaced) {
		r.changed[id] = true
	}
	r.old = map[[4]string]register.Band{}
	for i := range r.base.Moves {
		r.old[r.base.Moves[i].Key()] = r.base.Moves[i].Band
	}
	r.before = r.base.Costs(r.base.Weights(), r.targets)
	r.newHoldings()
	r.weights = r.next.Weights()
	for i := range r.next.Moves {
		r.due = append(r.due, r.element(&r.next.Moves[i]))
	}
	r.out = &Report{Format: Format, Day: in.Day.Format(time.DateOnly)}
	r.inputs()
	r.paths()
	r.findings()
	r.combinations()
	r.knowers()
	r.conditions()
	r.alternatives()
	r.decide()
	return r.out
}

// atOnce runs independent work side by side and waits.
func atOnce(work ...func()) {
	var wg sync.WaitGroup
	for _, f := range work {
		wg.Go(f)
	}
	wg.Wait()
}

// reviewer is one run.
type reviewer struct {
	Input
	base, next *exposure.Model
	targets    []string
	changed    map[string]bool // identifiers that the change adds or replaces
	old        map[[4]string]register.Band
	before     map[exposure.Pair]float64
	weights    []float64 // of next
	due        []string  // by move of next: the element that it is due to
	worse      []exposure.Pair
	newFound   []checks.Finding
	asked      map[exposure.Pair]exposure.Path
	out        *Report
}

// newHoldings says what counts as before for a holding that the change adds: what
// the same foothold reaches today of holdings that matter as much. New data are
// then worse only where they lie easier to reach than such data do now.
func (r *reviewer) newHoldings() {
	for _, h := range r.next.Holdings {
		if r.base.Has(h.ID) {
			continue
		}
		for _, old := range r.base.Holdings {
			if exposure.Sensitivity(old) < exposure.Sensitivity(h) {
				continue
			}
			for _, f := range r.base.Footholds {
				cost, connected := r.before[exposure.Pair{Foothold: f.ID, Target: old.ID}]
				pair := exposure.Pair{Foothold: f.ID, Target: h.ID}
				if best, known := r.before[pair]; connected && (!known || cost < best) {
					r.before[pair] = cost
				}
			}
		}
	}
}

func (r *reviewer) inputs() {
	base, next := r.Base.Hash(), r.Next.Hash()
	r.out.Inputs = Inputs{
		Base: hex.EncodeToString(base[:]), Next: hex.EncodeToString(next[:]),
		Checks: r.Pack.AsOf, Bulk: r.Pack.Bulk.AsOf, Engine: engine,
	}
	r.out.Proposal = Proposal{Added: r.Change.Added, Replaced: r.Change.Replaced, Removed: r.Change.Removed}
	if p := r.Change.Proposal; p != nil {
		r.out.Proposal.ID, r.out.Proposal.Kind, r.out.Proposal.Summary = p.ID, p.Kind, p.Summary
		r.out.Proposal.Name, r.out.Proposal.Requester = r.Next.Label(p.ID), p.Requester
	}
}

// slack is what rounding may add to a weight.
const slack = 1e-9

// worsened returns the pairs that are easier than before under some weights, at
// least by a band or newly connected, and their best paths.
func (r *reviewer) worsened(weights []float64, targets []string) ([]exposure.Pair, map[exposure.Pair]float64) {
	var out []exposure.Pair
	after := r.next.Costs(weights, targets)
	for p, cost := range after {
		if r.worseThan(p, cost) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b exposure.Pair) int {
		return strings.Compare(a.Foothold+"\x00"+a.Target, b.Foothold+"\x00"+b.Target)
	})
	return out, after
}

// remaining returns the pairs that are still worse under the weights of the next
// register with parts left out or held to terms. Where that only makes moves
// harder, no other pair can have become worse.
func (r *reviewer) remaining(weights []float64) []exposure.Pair {
	if !r.harder(weights) {
		left, _ := r.worsened(weights, targetsOf(r.worse))
		return left
	}
	after := r.next.CostsOf(weights, r.worse)
	var out []exposure.Pair
	for _, p := range r.worse {
		if cost, connected := after[p]; connected && r.worseThan(p, cost) {
			out = append(out, p)
		}
	}
	return out
}

func (r *reviewer) harder(weights []float64) bool {
	for i, w := range weights {
		if w < r.weights[i] {
			return false
		}
	}
	return true
}

// worseThan reports whether a pair is connected newly, or by another band.
func (r *reviewer) worseThan(p exposure.Pair, cost float64) bool {
	old, connected := r.before[p]
	return !connected || cost < old-slack && exposure.BandOf(cost) != exposure.BandOf(old)
}

// pathsOf returns the best paths of pairs.
func (r *reviewer) pathsOf(weights []float64, pairs []exposure.Pair) map[exposure.Pair]exposure.Path {
	return r.next.PathsOf(weights, pairs)
}

func targetsOf(pairs []exposure.Pair) []string {
	var out []string
	for _, p := range pairs {
		if !slices.Contains(out, p.Target) {
			out = append(out, p.Target)
		}
	}
	slices.Sort(out)
	return out
}

func (r *reviewer) paths() {
	r.worse, _ = r.worsened(r.weights, r.targets)
	found := r.pathsOf(r.weights, r.worse)
	var exposed []string
	for _, pair := range r.worse {
		p := found[pair]
		c := PathChange{
			Foothold: pair.Foothold, Holding: pair.Target, After: p.Band, Days: p.Days,
			Records: r.records(pair.Target), Steps: stepsOf(p, r.old),
		}
		if old, connected := r.before[pair]; connected {
			c.Before = exposure.BandOf(old)
			r.out.CheaperPaths = append(r.out.CheaperPaths, c)
		} else {
			r.out.NewPaths = append(r.out.NewPaths, c)
		}
		if !slices.Contains(exposed, pair.Target) {
			exposed = append(exposed, pair.Target)
		}
	}
	slices.Sort(exposed)
	r.out.Blast.Holdings = exposed
	for _, id := range exposed {
		r.out.Blast.Records += r.records(id)
		r.out.Blast.ForLife = append(r.out.Blast.ForLife, r.forLife(id)...)
	}
	slices.Sort(r.out.Blast.ForLife)
	r.out.Blast.ForLife = slices.Compact(r.out.Blast.ForLife)
}

func (r *reviewer) holding(id string) *register.Holding {
	it, ok := r.Next.Find(id)
	if !ok {
		return nil
	}
	h, _ := it.Value.(*register.Holding)
	return h
}

func (r *reviewer) records(id string) int64 {
	if h := r.holding(id); h != nil {
		return max(h.Records, h.Devices)
	}
	return 0
}

func (r *reviewer) forLife(id string) []register.Category {
	var out []register.Category
	if h := r.holding(id); h != nil {
		for _, c := range h.Categories {
			if t, ok := register.TraitOf(c); ok && t.Irrevocable >= .8 {
				out = append(out, c)
			}
		}
	}
	return out
}

// findings keeps the open findings that the base does not have.
func (r *reviewer) findings() {
	type key struct{ check, entity, text string }
	had := map[key]bool{}
	var before, after []checks.Finding
	atOnce(
		func() { before = checks.Run(r.Pack, r.Base, r.base, r.Day) },
		func() { after = checks.Run(r.Pack, r.Next, r.next, r.Day) },
	)
	for _, f := range before {
		had[key{f.Check.ID, f.Entity, f.Text}] = f.State == checks.Open
	}
	for _, f := range after {
		if f.State != checks.Open || had[key{f.Check.ID, f.Entity, f.Text}] {
			continue
		}
		r.newFound = append(r.newFound, f)
		r.out.Flags = append(r.out.Flags, findingOf(f))
		switch f.Check.ID {
		case "flow-without-agreement", "agreement-expired", "bulk-without-record", "agreement-impact":
			r.out.Agreements = append(r.out.Agreements, fmt.Sprintf("%s: %s", f.Entity, f.Text))
		}
	}
}

// combinations keeps the mosaics that nobody could form before.
func (r *reviewer) combinations() {
	had := map[string]bool{}
	name := func(c exposure.Combination) string { return c.Collector + "\x00" + strings.Join(c.Holdings, "\x00") }
	for _, c := range r.base.Combine(r.Pack.Bulk, false) {
		had[name(c)] = c.Mosaic()
	}
	for _, c := range r.next.Combine(r.Pack.Bulk, false) {
		if !c.Mosaic() || had[name(c)] {
			continue
		}
		m := Mosaic{Collector: c.Collector, Holdings: c.Holdings, Keys: c.Keys, Dimensions: c.Dimensions}
		for _, f := range c.NewFlags {
			m.Flags = append(m.Flags, f.Category+": "+f.Text)
		}
		r.out.Combinations = append(r.out.Combinations, m)
	}
}

func (r *reviewer) knowers() {
	for _, k := range exposure.NewKnown(exposure.Knowers(r.Base), exposure.Knowers(r.Next)) {
		r.out.Knowers = append(r.out.Knowers, Knower{k.Party, k.About, k.Kind, k.How, k.Tier})
	}
}
