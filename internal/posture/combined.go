package posture

import (
	"slices"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// Combined says what can be read together.
type Combined struct {
	Standing   Standing        `json:"standing"`
	Mosaics    int             `json:"mosaics"`    // sets that are worth more than their parts
	Sets       []LinkedSet     `json:"sets"`       // by collector, mosaics first
	Everything []LinkedSet     `json:"everything"` // as if one collector had all holdings
	Behind     []Concentration `json:"behind"`
	Indexes    []RoleIndex     `json:"indexes"`
}

// LinkedSet is a set of linked holdings that one collector reads.
type LinkedSet struct {
	Collector  string              `json:"collector,omitempty"`
	Label      string              `json:"label,omitempty"`
	Kind       string              `json:"kind"` // "" for everything
	Holdings   []Name              `json:"holdings"`
	Keys       []string            `json:"keys"` // none at Counts
	KeyCount   int                 `json:"key_count"`
	Dimensions []string            `json:"dimensions"`
	ForLife    []register.Category `json:"for_life"`
	Persons    int64               `json:"persons"` // at least
	Flags      []BulkFlag          `json:"flags"`
	Mosaic     bool                `json:"mosaic"`
	Anchored   bool                `json:"anchored"`
}

// BulkFlag is a threshold that a body of data exceeds.
type BulkFlag struct {
	Category  string `json:"category"`
	Count     int64  `json:"count"`
	Threshold int64  `json:"threshold"`
	Devices   bool   `json:"devices"`
	New       bool   `json:"new"` // no part exceeds it alone
}

// Concentration is how much lies behind one party or system.
type Concentration struct {
	Behind   string  `json:"behind,omitempty"`
	Label    string  `json:"label,omitempty"`
	Role     string  `json:"role"`
	Holdings int     `json:"holdings"`
	Share    float64 `json:"share"` // of what all holdings matter, 0 to 1
}

// RoleIndex is the Herfindahl-Hirschman index of a role, 0 spread to 1 one party.
type RoleIndex struct {
	Role  string  `json:"role"`
	Index float64 `json:"index"`
}

// Combined returns the linked sets by collector and what lies behind one party.
func (k *Keeper) Combined(depth Depth) Combined {
	a, broken := k.current()
	out := Combined{
		Standing: a.standing(broken, depth), Sets: []LinkedSet{}, Everything: []LinkedSet{},
		Behind: []Concentration{}, Indexes: []RoleIndex{},
	}
	for _, c := range a.sets() {
		out.Sets = append(out.Sets, a.linked(&c, depth))
		if c.Mosaic() {
			out.Mosaics++
		}
	}
	slices.SortStableFunc(out.Sets, func(x, y LinkedSet) int { return boolRank(y.Mosaic) - boolRank(x.Mosaic) })
	for _, c := range a.m.Combine(a.pack.Bulk, true) {
		out.Everything = append(out.Everything, a.linked(&c, depth))
	}
	list, index := exposure.Concentrations(a.reg)
	for _, c := range list {
		row := Concentration{Role: c.Role, Holdings: len(c.Holdings), Share: c.Share}
		if depth == Detail {
			row.Behind, row.Label = c.Behind, a.reg.Label(c.Behind)
		}
		out.Behind = append(out.Behind, row)
	}
	for role, i := range index {
		out.Indexes = append(out.Indexes, RoleIndex{role, i})
	}
	slices.SortFunc(out.Indexes, func(x, y RoleIndex) int {
		if x.Role < y.Role {
			return -1
		}
		return 1
	})
	return out
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (a *analysis) linked(c *exposure.Combination, depth Depth) LinkedSet {
	s := LinkedSet{
		Kind: c.Kind, Holdings: a.names(c.Holdings), Keys: []string{}, KeyCount: len(c.Keys),
		Dimensions: orEmpty(c.Dimensions), ForLife: orEmpty(c.Irrevocable), Persons: c.Persons, Flags: []BulkFlag{},
		Mosaic: c.Mosaic(), Anchored: c.Anchored,
	}
	for _, f := range c.Flags {
		fresh := slices.ContainsFunc(c.NewFlags, func(n exposure.Flag) bool { return n.Category == f.Category })
		s.Flags = append(s.Flags, BulkFlag{f.Category, f.Count, f.Threshold, f.Devices, fresh})
	}
	if depth == Detail && c.Collector != "" {
		s.Collector, s.Label = c.Collector, a.reg.Label(c.Collector)
	}
	if depth == Detail {
		s.Keys = orEmpty(c.Keys)
	}
	return s
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
