package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// State is what came of a check for an entity.
type State string

// The states. There is no "passed" for what is attested.
const (
	Open     State = "open"
	Waived   State = "waived"
	Attested State = "attested"
	Lapsed   State = "lapsed"
	Missing  State = "missing" // nobody attested it
)

// Finding is one result.
type Finding struct {
	Check
	State  State
	Entity string
	Place  register.Place
	Text   string
	Until  register.Date // of a waiver or attestation
	Also   []string      // further entities that it is about
}

// Run judges a register as of a day, gravest findings first.
func Run(p *Pack, r *register.Register, m *exposure.Model, day time.Time) []Finding {
	j := &judge{Pack: p, r: r, m: m, day: day}
	j.prepare()
	for _, c := range p.Checks {
		j.check = c
		if c.Attested {
			j.attested()
		} else {
			deciders[c.ID](j)
		}
	}
	slices.SortStableFunc(j.found, func(a, b Finding) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a.Check.ID+"\x00"+a.Entity, b.Check.ID+"\x00"+b.Entity)
	})
	return j.found
}

// rank orders findings.
func rank(f Finding) int {
	order := slices.Index([]string{"critical", "high", "medium", "low"}, f.Severity)
	if order < 0 {
		order = 4
	}
	if f.State != Open {
		order += 5
	}
	return order
}

// judge is one run.
type judge struct {
	*Pack
	r     *register.Register
	m     *exposure.Model
	day   time.Time
	check Check
	found []Finding

	systems  map[string]*register.System
	zones    map[string]*register.Zone
	roles    map[string]*register.Role
	vendors  map[string]*register.Vendor
	holdings map[string]*register.Holding
	on       map[string][]*register.Holding // by system
	covered  map[string]exposure.Covered
	reach    map[string][]*register.Holding // by vendor: what it gets
	sets     []exposure.Combination
	joined   bool // sets is known
}

// found notes a finding about an entity.
func (j *judge) report(e *register.Entity, format string, args ...any) *Finding {
	f := Finding{
		Check: j.check, State: Open, Entity: e.ID, Place: e.Place, Text: fmt.Sprintf(format, args...),
	}
	for _, w := range j.r.Waivers {
		if w.Check == j.check.ID && w.On == e.ID && j.waives(w) {
			f.State, f.Until = Waived, w.Expires
		}
	}
	j.found = append(j.found, f)
	return &j.found[len(j.found)-1]
}

// waives reports whether a waiver holds: two different roles, not expired.
func (j *judge) waives(w *register.Waiver) bool {
	return len(w.Signed) >= 2 && w.Signed[0] != w.Signed[1] && !j.past(w.Expires)
}

// past reports whether a day is over; no day never is.
func (j *judge) past(d register.Date) bool {
	return !d.IsZero() && !j.day.Before(d.AddDate(0, 0, 1))
}

// attested reports on a check that rests on somebody's word.
func (j *judge) attested() {
	var best *register.Attestation
	for _, a := range j.r.Attestations {
		if a.Control == j.check.ID || a.Control == j.check.Control {
			if best == nil || a.Until.After(best.Until.Time) {
				best = a
			}
		}
	}
	f := Finding{Check: j.check, State: Missing, Text: "nobody has attested it"}
	if best != nil {
		f.State, f.Entity, f.Place, f.Until = Attested, best.ID, best.Place, best.Until
		f.Text = fmt.Sprintf("attested by %s until %s", best.By, best.Until.Format(time.DateOnly))
		if j.past(best.Until) {
			f.State = Lapsed
			f.Text = fmt.Sprintf("attested by %s, lapsed on %s", best.By, best.Until.Format(time.DateOnly))
		}
	}
	j.found = append(j.found, f)
}

// prepare indexes the register.
func (j *judge) prepare() {
	j.systems, j.zones = map[string]*register.System{}, map[string]*register.Zone{}
	j.roles, j.vendors = map[string]*register.Role{}, map[string]*register.Vendor{}
	j.holdings, j.on = map[string]*register.Holding{}, map[string][]*register.Holding{}
	for _, s := range j.r.Systems {
		j.systems[s.ID] = s
	}
	for _, z := range j.r.Zones {
		j.zones[z.ID] = z
	}
	for _, x := range j.r.Roles {
		j.roles[x.ID] = x
	}
	for _, v := range j.r.Vendors {
		j.vendors[v.ID] = v
	}
	for _, h := range j.r.Holdings {
		j.holdings[h.ID] = h
		j.on[h.System] = append(j.on[h.System], h)
	}
	j.covered = map[string]exposure.Covered{}
	for _, c := range j.Bulk.CoveredVendors(j.r) {
		j.covered[c.Vendor] = c
	}
	j.reach = exposure.VendorHoldings(j.r)
}
