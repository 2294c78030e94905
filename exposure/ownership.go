package exposure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/register"
)

// Covered says why a vendor is a covered party.
type Covered struct {
	Vendor string
	Share  float64 // per cent owned by covered parties together, where that is why
	Why    string
	Chain  []string // the owners that count, largest share first
}

// CoveredVendors returns the vendors that are covered parties under the rule:
// seated in a country of concern, known to be covered, or owned by covered
// parties to the rule's share or more in aggregate, directly or through others
// (28 CFR 202.211). A party that is covered counts with its whole share. The
// check concerns legal entities only.
func (rule *BulkRule) CoveredVendors(r *register.Register) []Covered {
	found := map[string]Covered{}
	for _, v := range r.Vendors {
		switch {
		case v.CoveredPerson == "yes":
			found[v.ID] = Covered{Vendor: v.ID, Why: "the register says so"}
		case slices.Contains(rule.Countries, v.Country):
			found[v.ID] = Covered{Vendor: v.ID, Why: "seated in " + v.Country}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, v := range r.Vendors {
			if _, known := found[v.ID]; known {
				continue
			}
			if c := rule.owned(r, v, found); c.Share >= rule.CoveredShare {
				found[v.ID], changed = c, true
			}
		}
	}
	out := make([]Covered, 0, len(found))
	for _, c := range found {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Covered) int { return strings.Compare(a.Vendor, b.Vendor) })
	return out
}

// owned adds up the shares of a vendor's covered owners.
func (rule *BulkRule) owned(r *register.Register, v *register.Vendor, found map[string]Covered) Covered {
	owners := slices.Clone(v.Owners)
	slices.SortStableFunc(owners, func(a, b register.Owner) int {
		switch {
		case a.Share > b.Share:
			return -1
		case a.Share < b.Share:
			return 1
		}
		return strings.Compare(a.Party, b.Party)
	})
	c := Covered{Vendor: v.ID}
	for _, o := range owners {
		party := o.Party
		if it, ok := r.Find(party); ok {
			party = it.Entity.ID
		}
		if _, covered := found[party]; covered || slices.Contains(rule.Countries, o.Country) {
			c.Share += o.Share
			c.Chain = append(c.Chain, o.Party)
		}
	}
	c.Why = fmt.Sprintf("%g%% owned by covered parties", c.Share)
	return c
}

// SubTiers returns the vendors behind a vendor: its subcontractors, theirs, and
// so on, in breadth-first order.
func SubTiers(r *register.Register, vendor string) []string {
	var out []string
	queue := []string{vendor}
	for len(queue) > 0 {
		for _, v := range r.Vendors {
			if slices.Contains(v.SubOf, queue[0]) && v.ID != vendor && !slices.Contains(out, v.ID) {
				out = append(out, v.ID)
				queue = append(queue, v.ID)
			}
		}
		queue = queue[1:]
	}
	return out
}

// VendorHoldings returns what each vendor gets to read by what the register
// grants: through flows, its own access, the access of its staff, and the systems
// that it operates. What a vendor gets, its subcontractors may get.
func VendorHoldings(r *register.Register) map[string][]*register.Holding {
	sets := map[string]map[string]bool{}
	give := func(vendor, holding string) {
		if sets[vendor] == nil {
			sets[vendor] = map[string]bool{}
		}
		sets[vendor][holding] = true
	}
	on := map[string][]string{}
	for _, h := range r.Holdings {
		on[h.System] = append(on[h.System], h.ID)
	}
	staff := map[string]string{}
	for _, role := range r.Roles {
		staff[role.ID] = role.Vendor
	}
	for _, f := range r.Flows {
		for _, h := range f.Holdings {
			give(f.To, h)
		}
	}
	for _, s := range r.Systems {
		for _, h := range on[s.ID] {
			give(s.Operator, h)
		}
	}
	for _, a := range r.Access {
		who := a.Who
		if v := staff[who]; v != "" {
			who = v
		}
		for _, target := range a.On {
			for _, h := range append(on[target], target) {
				give(who, h)
			}
		}
	}
	out := map[string][]*register.Holding{}
	for _, v := range r.Vendors {
		for _, party := range append(SubTiers(r, v.ID), v.ID) {
			for h := range sets[v.ID] {
				if it, ok := r.Find(h); ok && it.Kind == "holdings" {
					out[party] = append(out[party], it.Value.(*register.Holding))
				}
			}
		}
	}
	for v, list := range out {
		slices.SortFunc(list, func(a, b *register.Holding) int { return strings.Compare(a.ID, b.ID) })
		out[v] = slices.Compact(list)
	}
	return out
}
