package exposure

import (
	"encoding/binary"
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
		out = m.collected(rule)
	}
	slices.SortStableFunc(out, func(a, b Combination) int {
		if d := len(b.Holdings) - len(a.Holdings); d != 0 {
			return d
		}
		return strings.Compare(a.Collector, b.Collector)
	})
	return out
}

// collected works every set of holdings out once, whoever reads it: many nodes
// read the same.
func (m *Model) collected(rule *BulkRule) []Combination {
	var out []Combination
	known := map[string][]Combination{}
	var key []byte
	for i, list := range m.readers() {
		n := m.Nodes[i]
		if len(list) < 2 || n.Kind == "zones" {
			continue
		}
		key = key[:0]
		holdings := make([]*register.Holding, len(list))
		for k, h := range list {
			key = binary.LittleEndian.AppendUint32(key, uint32(h))
			holdings[k] = m.Holdings[h]
		}
		sets, ok := known[string(key)]
		if !ok {
			sets = combinations("", "", holdings, rule)
			known[string(key)] = sets
		}
		for _, c := range sets {
			c.Collector, c.Kind = n.ID, n.Kind
			out = append(out, c)
		}
	}
	return out
}

// readers returns for every node the numbers of the holdings that it reads
// without an attack, in the register's order: it walks back from each holding
// over the moves that are meant.
func (m *Model) readers() [][]int32 {
	out := make([][]int32, len(m.Nodes))
	at, from := m.meant()
	seen := make([]int32, len(m.Nodes)) // the holding that was seen from there last, from 1
	for i, h := range m.Holdings {
		mark := int32(i) + 1
		last := []int32{m.at(h.ID)}
		seen[last[0]] = mark
		for range maxMeant {
			var next []int32
			for _, v := range last {
				for _, f := range from[at[v]:at[v+1]] {
					if seen[f] != mark {
						seen[f] = mark
						next = append(next, f)
						out[f] = append(out[f], int32(i))
					}
				}
			}
			last = next
		}
	}
	return out
}

// meant lays the starts of the moves that are meant side by side, by their end:
// those into node v are from[at[v]:at[v+1]].
func (m *Model) meant() (at, from []int32) {
	rules := map[string]bool{}
	for _, r := range legitimate {
		rules[r] = true
	}
	edges := m.graph.Edges()
	at = make([]int32, len(m.Nodes)+1)
	for v := range m.Nodes {
		for _, e := range m.graph.In(int32(v)) {
			if rules[m.Moves[e].Rule] {
				from = append(from, edges[e].From)
			}
		}
		at[v+1] = int32(len(from))
	}
	return at, from
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
