package exposure

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/evident-sec/evident/register"
)

// Gap is one thing to build, buy or configure next, with what shows the need.
type Gap struct {
	Kind     string   // control, log, rule
	What     string   // what to do
	About    string   // control, system or technique
	Evidence []string // what it rests on
	Paths    int      // best paths that it concerns
	Holdings []string // that lie behind those
	Weight   float64  // orders gaps; exposure that it concerns, no amount
	Place    register.Place
	// Candidates are the technologies on the watch list that say they cover it.
	Candidates []Candidate
}

// Candidate is a technology on the watch list, and what it would get to see: no
// tool is bought for one gap without that question.
type Candidate struct {
	ID, Name, Vendor string
	WouldSee         []string // identifiers
	Pilot, Result    string   // what was tried, and what its review said
}

// Seen is what is known besides the register: which techniques have a rule, and
// which log sources arrive.
type Seen struct {
	Techniques map[string]int // ATT&CK identifiers: rules that are loaded
	Sources    []string       // log sources received, e.g. windows/security
	Received   bool           // Sources is known: a data folder was looked at
}

// Gaps ranks what to do next: planned controls by what they take off the
// exposure for their cost, systems on best paths that send no logs or whose logs
// do not arrive, and techniques of best paths that no rule looks for.
func Gaps(r *register.Register, m *Model, known Seen) []Gap {
	g := gapFinder{r: r, m: m, known: known, paths: m.Paths(MostLikely, m.HoldingIDs())}
	g.controls()
	g.logs()
	g.rules()
	slices.SortStableFunc(g.out, func(a, b Gap) int {
		switch {
		case a.Weight > b.Weight:
			return -1
		case a.Weight < b.Weight:
			return 1
		}
		return strings.Compare(a.Kind+a.About, b.Kind+b.About)
	})
	for i := range g.out {
		g.out[i].Candidates = g.candidates(&g.out[i])
	}
	return g.out
}

// candidates matches the watch list by technique, and by the catalogue number of
// a planned control.
func (g *gapFinder) candidates(gap *Gap) []Candidate {
	about := gap.About
	if it, ok := g.r.Find(gap.About); ok {
		if c, ok := it.Value.(*register.Control); ok {
			about = c.Catalog
		}
	}
	var out []Candidate
	for _, t := range g.r.Technologies {
		if about != "" && slices.ContainsFunc(t.Covers, func(c string) bool { return kin(c, about) }) {
			out = append(out, Candidate{
				ID: t.ID, Name: g.r.Label(t.ID), Vendor: t.Vendor,
				WouldSee: t.WouldSee, Pilot: t.Pilot, Result: t.Result,
			})
		}
	}
	return out
}

// kin reports whether one of two techniques is the other or its sub-technique.
func kin(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

type gapFinder struct {
	r     *register.Register
	m     *Model
	known Seen
	paths []Path
	out   []Gap
}

// weigh is how much exposure a path carries.
func (g *gapFinder) weigh(p Path) float64 {
	it, ok := g.r.Find(p.To)
	if !ok {
		return 0
	}
	return Sensitivity(it.Value.(*register.Holding)) * math.Exp(-p.Weight)
}

func (g *gapFinder) controls() {
	c := chooser{m: g.m, holdings: g.m.HoldingIDs()}
	before := c.exposure(nil)
	for _, control := range g.r.Controls {
		if control.State == "in-place" {
			continue
		}
		gain := before - c.exposure([]*register.Control{control})
		if gain <= 0 {
			continue
		}
		gap := Gap{
			Kind: "control", About: control.ID, What: "put in place: " + g.r.Label(control.ID), Place: control.Place,
			Weight: gain / math.Sqrt(float64(max(control.Cost, 1))),
		}
		for _, p := range g.paths {
			if slices.ContainsFunc(p.Steps, func(s Step) bool { return slices.Contains(s.Move.Cuts, control.ID) }) {
				gap.touch(p)
			}
		}
		gap.Evidence = []string{fmt.Sprintf("stands in %d best paths; cost %d", gap.Paths, control.Cost)}
		g.out = append(g.out, gap)
	}
}

// touch counts a path.
func (g *Gap) touch(p Path) {
	g.Paths++
	if !slices.Contains(g.Holdings, p.To) {
		g.Holdings = append(g.Holdings, p.To)
	}
}

// logs reports the systems that paths lead over and that we would not see.
func (g *gapFinder) logs() {
	for _, s := range g.r.Systems {
		var evidence []string
		if len(s.Logs) == 0 {
			evidence = append(evidence, "the register names no log source for it")
		}
		for _, l := range s.Logs {
			if g.known.Received && !slices.Contains(g.known.Sources, l) {
				evidence = append(evidence, l+" does not arrive")
			}
		}
		if evidence == nil {
			continue
		}
		gap := Gap{Kind: "log", About: s.ID, What: "collect logs of " + g.r.Label(s.ID), Place: s.Place}
		for _, p := range g.paths {
			if slices.ContainsFunc(p.Steps, func(st Step) bool { return st.Move.To == s.ID || st.Move.From == s.ID }) {
				gap.touch(p)
				gap.Weight += g.weigh(p)
			}
		}
		if gap.Paths > 0 {
			gap.Evidence = append(evidence, fmt.Sprintf("%d best paths lead over it", gap.Paths))
			g.out = append(g.out, gap)
		}
	}
}

// rules reports the techniques of best paths that no rule looks for. A rule for
// a technique counts for its sub-techniques and the other way round.
func (g *gapFinder) rules() {
	if g.known.Techniques == nil {
		return
	}
	byTechnique := map[string]*Gap{}
	var order []string
	for _, p := range g.paths {
		seen := map[string]bool{}
		for _, s := range p.Steps {
			t := ruleNamed(s.Move.Rule).Technique
			if t == "" || seen[t] || g.covered(t) {
				continue
			}
			seen[t] = true
			if byTechnique[t] == nil {
				byTechnique[t] = &Gap{
					Kind: "rule", About: t, What: "write or load a rule for " + t,
					Evidence: []string{"no loaded rule looks for it: " + ruleNamed(s.Move.Rule).Text},
				}
				order = append(order, t)
			}
			byTechnique[t].touch(p)
			byTechnique[t].Weight += g.weigh(p)
		}
	}
	for _, t := range order {
		g.out = append(g.out, *byTechnique[t])
	}
}

func (g *gapFinder) covered(technique string) bool {
	for t, n := range g.known.Techniques {
		if n > 0 && kin(t, technique) {
			return true
		}
	}
	return false
}
