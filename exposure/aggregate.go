package exposure

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/register"
)

// legitimate are the rules of moves that are meant: what their start can read
// without an attack.
var legitimate = []string{
	"reads", "reads-singly", "reads-all", "keeps-copy", "receives", "uses", "administers", "operates",
}

// maxMeant bounds how many meant moves in a row count: a role on its application
// on its database.
const maxMeant = 3

// Combination is a set of linked holdings that one collector can read.
type Combination struct {
	Collector string // node that reads them all
	Kind      string
	Holdings  []string
	Keys      []string // join keys that link them
	// Dimensions are those of identity, biometric, location, relationship,
	// travel, health and finance that the data touch together.
	Dimensions  []string
	Irrevocable []register.Category // what cannot be reset, worst first
	Persons     int64               // at least
	Flags       []Flag              // of the combined body
	NewFlags    []Flag              // that no single holding has
	Anchored    bool                // pseudonymised data that positions or keys point back to people
}

// Mosaic reports whether the combination is worth more than its parts: it
// crosses a threshold that no part crosses, touches three dimensions or more, or
// ties pseudonymised data back to people.
func (c *Combination) Mosaic() bool {
	return len(c.NewFlags) > 0 || len(c.Dimensions) >= 3 || c.Anchored
}

// Combine returns for every node that can read several holdings the linked sets
// among them, largest first. With everything true all holdings are taken as if
// one collector had them: what silos become when joined.
func (m *Model) Combine(rule *BulkRule, everything bool) []Combination {
	var out []Combination
	if everything {
		out = combinations("", "", m.Holdings, rule)
	} else {
		readers := m.readers()
		for i, n := range m.Nodes {
			if list := readers[int32(i)]; len(list) > 1 && n.Kind != "zones" {
				out = append(out, combinations(n.ID, n.Kind, list, rule)...)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Combination) int {
		if d := len(b.Holdings) - len(a.Holdings); d != 0 {
			return d
		}
		return strings.Compare(a.Collector, b.Collector)
	})
	return out
}

// readers returns for every node the holdings that it reads without an attack,
// in the register's order: it walks back from each holding over the moves that
// are meant.
func (m *Model) readers() map[int32][]*register.Holding {
	out := map[int32][]*register.Holding{}
	meant := make([]bool, len(m.Moves))
	for i := range m.Moves {
		meant[i] = slices.Contains(legitimate, m.Moves[i].Rule)
	}
	edges := m.graph.Edges()
	seen := make([]int, len(m.Nodes)) // the holding that was seen from there last, from 1
	for i, h := range m.Holdings {
		last := []int32{m.at(h.ID)}
		seen[last[0]] = i + 1
		for range maxMeant {
			var next []int32
			for _, at := range last {
				for _, e := range m.graph.In(at) {
					if from := edges[e].From; meant[e] && seen[from] != i+1 {
						seen[from] = i + 1
						next = append(next, from)
						out[from] = append(out[from], h)
					}
				}
			}
			last = next
		}
	}
	return out
}

// combinations groups holdings that share join keys, directly or through
// others.
func combinations(collector, kind string, holdings []*register.Holding, rule *BulkRule) []Combination {
	group := make([]int, len(holdings))
	for i := range group {
		group[i] = i
	}
	var root func(int) int
	root = func(i int) int {
		if group[i] != i {
			group[i] = root(group[i])
		}
		return group[i]
	}
	byKey := map[string]int{}
	for i, h := range holdings {
		for _, k := range h.JoinKeys {
			if j, ok := byKey[k]; ok {
				group[root(i)] = root(j)
			} else {
				byKey[k] = i
			}
		}
	}
	sets := map[int][]*register.Holding{}
	for i, h := range holdings {
		sets[root(i)] = append(sets[root(i)], h)
	}
	var out []Combination
	for _, set := range sets {
		if len(set) > 1 {
			out = append(out, combine(collector, kind, set, rule))
		}
	}
	slices.SortFunc(out, func(a, b Combination) int { return slices.Compare(a.Holdings, b.Holdings) })
	return out
}

// combine describes one linked set.
func combine(collector, kind string, set []*register.Holding, rule *BulkRule) Combination {
	c := Combination{Collector: collector, Kind: kind}
	body := BodyOf(set[0])
	single := map[string]bool{}
	keys := map[string]int{}
	for _, h := range set {
		c.Holdings = append(c.Holdings, h.ID)
		body = body.join(BodyOf(h))
		for _, f := range rule.Judge(BodyOf(h)) {
			single[f.Category] = true
		}
		for _, k := range h.JoinKeys {
			if keys[k]++; keys[k] == 2 {
				c.Keys = append(c.Keys, k)
			}
		}
	}
	slices.Sort(c.Keys)
	c.Persons = body.Persons()
	c.Flags = rule.Judge(body)
	for _, f := range c.Flags {
		if !single[f.Category] {
			c.NewFlags = append(c.NewFlags, f)
		}
	}
	c.Dimensions, c.Irrevocable = traitsOf(body.Categories())
	c.Anchored = anchored(set)
	return c
}

// traitsOf returns the dimensions that categories touch and those of them that
// last for life.
func traitsOf(categories []register.Category) (dimensions []string, life []register.Category) {
	var traits []register.Trait
	for _, c := range categories {
		if t, ok := register.TraitOf(c); ok {
			traits = append(traits, t)
			if t.Dimension != "" && !slices.Contains(dimensions, t.Dimension) {
				dimensions = append(dimensions, t.Dimension)
			}
		}
	}
	slices.Sort(dimensions)
	slices.SortStableFunc(traits, func(a, b register.Trait) int {
		switch {
		case a.Irrevocable > b.Irrevocable:
			return -1
		case a.Irrevocable < b.Irrevocable:
			return 1
		}
		return strings.Compare(string(a.Category), string(b.Category))
	})
	for _, t := range traits {
		if t.Irrevocable >= .8 {
			life = append(life, t.Category)
		}
	}
	return dimensions, life
}

// anchored reports whether pseudonymised data in the set can be tied back to
// people: a part that names people is linked to it, or it has positions over
// time, of which four single out nearly everybody (de Montjoye 2013).
func anchored(set []*register.Holding) bool {
	named, masked, positions := false, false, false
	for _, h := range set {
		if h.Pseudonymised {
			masked = true
			positions = positions || located(h)
			continue
		}
		d, _ := traitsOf(h.Categories)
		named = named || slices.Contains(d, "identity")
	}
	return masked && (named || positions)
}
