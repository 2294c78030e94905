package exposure

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/register"
)

// Known is one thing that an outside party learns.
type Known struct {
	Party string // vendor
	About string // identifier of what it learns about
	Kind  string // architecture, weak-points, plans, monitoring, tickets, bill-of-materials, system, flow
	How   string // identifier of the document, system or flow it learns from
	Tier  int    // 0 the vendor itself, 1 its subcontractors, and so on
}

// Knowers returns who outside the organisation learns what about it: from
// documents it may read, from systems it runs or its staff use, from flows it is
// an end of. What a vendor learns, its subcontractors may learn.
func Knowers(r *register.Register) []Known {
	k := knowers{r: r, found: map[Known]bool{}}
	for _, v := range r.Vendors {
		k.vendor(v)
	}
	var out []Known
	for known := range k.found {
		out = append(out, known)
	}
	slices.SortFunc(out, func(a, b Known) int {
		return strings.Compare(a.Party+"\x00"+a.About+"\x00"+a.Kind+"\x00"+a.How, b.Party+"\x00"+b.About+"\x00"+b.Kind+"\x00"+b.How)
	})
	return out
}

// knowers collects what parties learn.
type knowers struct {
	r     *register.Register
	found map[Known]bool
}

// vendor adds what one vendor learns, and its sub-tiers with it.
func (k *knowers) vendor(v *register.Vendor) {
	var staff []string
	for _, role := range k.r.Roles {
		if role.Vendor == v.ID {
			staff = append(staff, role.ID)
		}
	}
	inside := map[string]bool{}
	for _, s := range k.r.Systems {
		if s.Operator == v.ID {
			inside[s.ID] = true
		}
	}
	for _, a := range k.r.Access {
		if a.Who == v.ID || slices.Contains(staff, a.Who) {
			for _, on := range a.On {
				inside[on] = true
			}
		}
	}
	for on := range inside {
		if it, ok := k.r.Find(on); ok && it.Kind == "systems" {
			k.add(v.ID, on, "system", on)
		}
	}
	for _, doc := range k.r.Knowledge {
		reads := inside[doc.System] || inside[doc.ID] || slices.Contains(doc.Readers, v.ID) ||
			slices.ContainsFunc(doc.Readers, func(id string) bool { return slices.Contains(staff, id) })
		if reads {
			for _, about := range doc.Describes {
				k.add(v.ID, about, doc.Kind, doc.ID)
			}
		}
	}
	for _, f := range k.r.Flows {
		switch v.ID {
		case f.From:
			k.add(v.ID, f.To, "flow", f.ID)
		case f.To:
			k.add(v.ID, f.From, "flow", f.ID)
		}
	}
}

// add notes what a vendor learns for it and for everybody behind it.
func (k *knowers) add(vendor, about, kind, how string) {
	k.found[Known{vendor, about, kind, how, 0}] = true
	tier, last := 1, []string{vendor}
	seen := map[string]bool{vendor: true}
	for len(last) > 0 {
		var next []string
		for _, v := range k.r.Vendors {
			if !seen[v.ID] && slices.ContainsFunc(v.SubOf, func(c string) bool { return slices.Contains(last, c) }) {
				seen[v.ID] = true
				next = append(next, v.ID)
				k.found[Known{v.ID, about, kind, how, tier}] = true
			}
		}
		last, tier = next, tier+1
	}
}

// NewKnown returns what is known after and was not before, whoever it is learned
// from.
func NewKnown(before, after []Known) []Known {
	type fact struct{ party, about, kind string }
	old := map[fact]bool{}
	for _, k := range before {
		old[fact{k.Party, k.About, k.Kind}] = true
	}
	var out []Known
	for _, k := range after {
		f := fact{k.Party, k.About, k.Kind}
		if !old[f] {
			old[f] = true
			out = append(out, k)
		}
	}
	return out
}
