package exposure

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/exposure/graph"
	"github.com/evident-sec/evident/register"
)

// deriver collects the moves of a register.
type deriver struct {
	r   *register.Register
	day time.Time
	m   *Model

	roleOn    map[string][]string // fleets or systems: roles that work on them
	inZone    map[string][]*register.System
	holdings  map[string][]*register.Holding // by system
	signIn    map[string][]string            // identity providers: systems they open
	accessVia map[string][]*register.Access  // identity providers and gateways

	only map[string]bool // entities whose moves are wanted; nil for all
}

// Derive builds the graph of moves as it is on a day: accesses that have ended
// and assignments that are over give none.
func Derive(r *register.Register, day time.Time) *Model {
	d := newDeriver(r, day)
	d.run()
	d.finish()
	return d.m
}

// DeriveOnly returns the moves that rest on some entities, as Derive has them.
func DeriveOnly(r *register.Register, day time.Time, because ...string) []Move {
	d := newDeriver(r, day)
	d.only = map[string]bool{}
	for _, id := range because {
		d.only[id] = true
	}
	d.run()
	d.compact()
	return d.m.Moves
}

func newDeriver(r *register.Register, day time.Time) *deriver {
	return &deriver{
		r: r, day: day, m: &Model{Register: r, index: map[string]int32{}, Holdings: r.Holdings},
		roleOn: map[string][]string{}, inZone: map[string][]*register.System{},
		holdings: map[string][]*register.Holding{}, signIn: map[string][]string{},
		accessVia: map[string][]*register.Access{},
	}
}

func (d *deriver) run() {
	d.nodes()
	d.index()
	d.people()
	d.zones()
	d.systems()
	d.flows()
	d.accesses()
	d.identity()
	d.documents()
	d.controls()
}

// nodes numbers what can be held.
func (d *deriver) nodes() {
	for _, it := range d.r.Items() {
		switch it.Kind {
		case "roles", "vendors", "zones", "systems", "holdings", "identity_providers", "fleets",
			"knowledge", "organisations":
			d.m.index[it.Entity.ID] = int32(len(d.m.Nodes))
			d.m.Nodes = append(d.m.Nodes, Node{it.Entity.ID, it.Kind, d.r.Label(it.Entity.ID)})
		}
	}
}

// index groups entities by what others ask for.
func (d *deriver) index() {
	for _, role := range d.r.Roles {
		if role.Device != "" {
			d.roleOn[role.Device] = append(d.roleOn[role.Device], role.ID)
		}
		d.foothold(role.ID, "roles", role.Foothold)
	}
	for _, s := range d.r.Systems {
		d.inZone[s.Zone] = append(d.inZone[s.Zone], s)
		if s.SignIn != "" {
			d.signIn[s.SignIn] = append(d.signIn[s.SignIn], s.ID)
		}
		band := s.Foothold
		if band == "" && s.Exposed {
			band = register.Unlikely // reachable from the internet, and nothing better is known
		}
		d.foothold(s.ID, "systems", band)
	}
	for _, h := range d.r.Holdings {
		d.holdings[h.System] = append(d.holdings[h.System], h)
	}
	for _, v := range d.r.Vendors {
		d.foothold(v.ID, "vendors", v.Foothold)
	}
	for _, f := range d.r.Fleets {
		d.foothold(f.ID, "fleets", f.Foothold)
	}
	for _, a := range d.r.Access {
		if a.Via != "" && d.current(a.Until) {
			d.accessVia[a.Via] = append(d.accessVia[a.Via], a)
		}
	}
}

func (d *deriver) foothold(id, kind string, b register.Band) {
	if b != "" {
		d.m.Footholds = append(d.m.Footholds, Foothold{id, kind, b})
	}
}

// current reports whether something that ends on a day still holds.
func (d *deriver) current(until register.Date) bool {
	return until.IsZero() || !d.day.After(until.AddDate(0, 0, 1))
}

// move adds one move; both ends must be nodes.
func (d *deriver) move(rule, from, to string, band register.Band, because *register.Entity) *Move {
	unwanted := d.only != nil && !d.only[because.ID]
	if unwanted || from == "" || to == "" || from == to || !d.m.Has(from) || !d.m.Has(to) {
		return &Move{} // nothing to add, and nothing that later steps change matters
	}
	r := ruleNamed(rule)
	d.m.Moves = append(d.m.Moves, Move{
		From: from, To: to, Rule: rule, Because: because.ID, Place: because.Place,
		Band: band, Days: r.Days, Sight: r.Sight, Cost: graph.Uncuttable,
	})
	return &d.m.Moves[len(d.m.Moves)-1]
}

// compact drops moves that are there twice.
func (d *deriver) compact() {
	moves := d.m.Moves
	order := make([]int32, len(moves)) // sorting numbers moves fewer bytes
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		a, b := &moves[x], &moves[y]
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To),
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.Because, b.Because), cmp.Compare(x, y))
	})
	out := make([]Move, 0, len(moves))
	for _, i := range order {
		v := &moves[i]
		if n := len(out); n > 0 && out[n-1].Key() == v.Key() && slices.Equal(out[n-1].Needs, v.Needs) {
			continue
		}
		out = append(out, *v)
	}
	d.m.Moves = out
}

// finish builds the graph.
func (d *deriver) finish() {
	d.compact()
	slices.SortFunc(d.m.Footholds, func(a, b Foothold) int { return strings.Compare(a.ID, b.ID) })
	edges := make([]graph.Edge, len(d.m.Moves))
	for i := range d.m.Moves {
		v := &d.m.Moves[i]
		edges[i] = graph.Edge{From: d.m.at(v.From), To: d.m.at(v.To)}
		for _, n := range v.Needs {
			if d.m.Has(n) {
				edges[i].Needs = append(edges[i].Needs, d.m.at(n))
			}
		}
	}
	d.m.graph = graph.New(len(d.m.Nodes), edges)
}
