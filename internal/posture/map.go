package posture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// Map is what the best paths lead over, by zone.
type Map struct {
	Standing Standing  `json:"standing"`
	Zones    []MapZone `json:"zones"`
	Nodes    []MapNode `json:"nodes"` // none at Counts
	Links    []MapLink `json:"links"` // none at Counts
}

// MapZone is a zone; at Counts, all zones of a level.
type MapZone struct {
	ID        string `json:"id,omitempty"` // "" for what stands in no zone
	Label     string `json:"label"`
	Level     int    `json:"level"` // -1 for what stands in no zone
	Zones     int    `json:"zones"`
	Flat      bool   `json:"flat"`
	Systems   int    `json:"systems"`
	Holdings  int    `json:"holdings"`
	Footholds int    `json:"footholds"`
	Bands     Bands  `json:"bands"` // of its holdings
}

// MapNode is one thing that paths lead over.
type MapNode struct {
	Name
	Kind     string        `json:"kind"`
	Zone     string        `json:"zone,omitempty"`
	Note     string        `json:"note,omitempty"`
	Foothold register.Band `json:"foothold,omitempty"`
	Band     register.Band `json:"band,omitempty"` // of a holding: the easiest way
	ForLife  bool          `json:"for_life"`
	Pairs    int           `json:"pairs"` // paths that lead over it
}

// MapLink is the moves between two nodes.
type MapLink struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Pairs int    `json:"pairs"`
}

// Map returns the zones, and at Detail what the best paths by an aim lead over.
func (k *Keeper) Map(aim exposure.Aim, depth Depth) Map {
	a, broken := k.current()
	out := Map{Standing: a.standing(broken, depth), Zones: a.zones(depth), Nodes: []MapNode{}, Links: []MapLink{}}
	if depth == Counts {
		return out
	}
	over, links := map[string]int{}, map[[2]string]int{}
	for _, p := range a.paths[aim]() {
		nodes, moves := map[string]bool{}, map[[2]string]bool{}
		trace(&p, nodes, moves)
		for id := range nodes {
			over[id]++
		}
		for m := range moves {
			links[m]++
		}
	}
	for _, n := range a.m.Nodes {
		if over[n.ID] > 0 || n.Kind == "holdings" || a.isFoothold(n.ID) {
			out.Nodes = append(out.Nodes, a.node(n, over[n.ID]))
		}
	}
	for m, pairs := range links {
		out.Links = append(out.Links, MapLink{m[0], m[1], pairs})
	}
	slices.SortFunc(out.Links, func(x, y MapLink) int {
		return cmp.Or(strings.Compare(x.From, y.From), strings.Compare(x.To, y.To))
	})
	return out
}

func (a *analysis) isFoothold(id string) bool {
	return slices.ContainsFunc(a.m.Footholds, func(f exposure.Foothold) bool { return f.ID == id })
}

// trace collects what a path leads over.
func trace(p *exposure.Path, nodes map[string]bool, moves map[[2]string]bool) {
	for _, s := range p.Steps {
		nodes[s.Move.From], nodes[s.Move.To] = true, true
		moves[[2]string{s.Move.From, s.Move.To}] = true
		for i := range s.Needs {
			trace(&s.Needs[i], nodes, moves)
		}
	}
}

func (a *analysis) node(n exposure.Node, pairs int) MapNode {
	out := MapNode{Name: Name{n.ID, n.Label}, Kind: n.Kind, Zone: a.zoneOf[n.ID], Note: a.note(n.ID), Pairs: pairs}
	for _, f := range a.m.Footholds {
		if f.ID == n.ID {
			out.Foothold = f.Band
		}
	}
	if n.Kind == "holdings" {
		if p := a.footings().best[n.ID]; p != nil {
			out.Band = p.Band
		}
		it, _ := a.reg.Find(n.ID)
		out.ForLife = len(forLife(it.Value.(*register.Holding).Categories)) > 0
	}
	return out
}

// note is what the register says of an entity in a few words.
func (a *analysis) note(id string) string {
	it, _ := a.reg.Find(id)
	switch v := it.Value.(type) {
	case *register.Role:
		return fmt.Sprintf("%d people", v.Headcount)
	case *register.Vendor:
		if len(v.SubOf) > 0 {
			return "subcontractor"
		}
		return "vendor"
	case *register.Fleet:
		return fmt.Sprintf("%d devices, %d%% attested", v.Devices, v.Attested)
	case *register.System:
		return strings.ReplaceAll(v.Kind, "-", " ")
	case *register.Holding:
		if max(v.Records, v.Devices) == 0 {
			return "no people"
		}
		return short(max(v.Records, v.Devices))
	case *register.IdentityProvider:
		return "sign-in"
	case *register.Knowledge:
		return strings.ReplaceAll(v.Kind, "-", " ")
	case *register.Zone:
		if v.Flat {
			return "position, flat network"
		}
		return "position"
	}
	return ""
}

// short writes a count in a few characters: 184 k, 1.2 M.
func short(n int64) string {
	switch {
	case n >= 1_000_000:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/1e6), ".0") + " M"
	case n >= 10_000:
		return fmt.Sprintf("%d k", n/1000)
	}
	return fmt.Sprint(n)
}

// zones counts what stands in each zone, from outside inwards.
func (a *analysis) zones(depth Depth) []MapZone {
	rows := map[string]*MapZone{}
	var order []string
	row := func(zone string) *MapZone { return rows[a.zoneKey(zone, depth)] }
	add := func(z MapZone, key string) {
		if rows[key] == nil {
			rows[key] = &z
			order = append(order, key)
		}
		rows[key].Zones++
	}
	add(MapZone{Label: "In no zone", Level: -1}, "")
	for _, z := range a.reg.Zones {
		if depth == Detail {
			add(MapZone{ID: z.ID, Label: a.reg.Label(z.ID), Level: z.Level, Flat: z.Flat}, z.ID)
		} else {
			add(MapZone{Label: fmt.Sprintf("Level %d", z.Level), Level: z.Level}, a.zoneKey(z.ID, depth))
		}
	}
	for _, s := range a.reg.Systems {
		row(s.Zone).Systems++
	}
	for _, h := range a.reg.Holdings {
		z := row(a.zoneOf[h.ID])
		z.Holdings++
		if p := a.footings().best[h.ID]; p != nil {
			z.Bands.add(p.Band)
		} else {
			z.Bands.add("")
		}
	}
	for _, f := range a.m.Footholds {
		row(a.zoneOf[f.ID]).Footholds++
	}
	out := make([]MapZone, len(order))
	for i, key := range order {
		out[i] = *rows[key]
	}
	slices.SortStableFunc(out, func(x, y MapZone) int {
		return cmp.Or(x.Level-y.Level, strings.Compare(x.Label, y.Label))
	})
	return out
}

// zoneKey tells the rows of zones apart.
func (a *analysis) zoneKey(zone string, depth Depth) string {
	it, ok := a.reg.Find(zone)
	if !ok {
		return ""
	}
	if depth == Detail {
		return zone
	}
	return fmt.Sprintf("level %d", it.Value.(*register.Zone).Level)
}
