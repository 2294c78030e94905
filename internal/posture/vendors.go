package posture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// Vendors says who outside learns what, as it is and with a proposal.
type Vendors struct {
	Standing Standing    `json:"standing"`
	Proposal string      `json:"proposal"` // "" for none
	Kinds    []string    `json:"kinds"`    // columns, in their order
	Vendors  []VendorRow `json:"vendors"`
}

// VendorRow is a vendor with what it learns.
type VendorRow struct {
	Name
	Place
	Country  string        `json:"country"`
	Tier     int           `json:"tier"` // 0 ours, 1 a subcontractor, and so on
	Clients  []Name        `json:"sub_of"`
	Foothold register.Band `json:"foothold"`
	Covered  string        `json:"covered"` // why it is a covered party, "" for no
	Owners   bool          `json:"owners_known"`
	Holdings int           `json:"holdings"` // it gets to read by what is granted
	Records  int64         `json:"records"`
	Before   []int         `json:"before"` // things known, by kind
	After    []int         `json:"after"`  // with the proposal; as Before without one
	Knows    []Knowledge   `json:"knows"`  // none at Counts
	New      bool          `json:"new"`    // the proposal brings it
}

// Knowledge is one thing a vendor learns.
type Knowledge struct {
	About Name   `json:"about"`
	Kind  string `json:"kind"`
	From  Name   `json:"from"`
	Tier  int    `json:"tier"`
	New   bool   `json:"new"`
}

// knowledgeKinds are the columns of the matrix.
var knowledgeKinds = []string{
	"system", "flow", "architecture", "weak-points", "plans", "monitoring", "tickets", "bill-of-materials",
}

// Vendors returns the matrix of vendors and what they learn. With a proposal it
// has what they would learn besides.
func (k *Keeper) Vendors(proposal string, depth Depth) (*Vendors, error) {
	a, broken := k.current()
	out := &Vendors{
		Standing: a.standing(broken, depth), Proposal: proposal, Kinds: knowledgeKinds, Vendors: []VendorRow{},
	}
	next, after := a.reg, a.knowers()
	if proposal != "" {
		r, err := k.reviewed(a, proposal)
		if err != nil {
			return nil, err
		}
		next, after = r.in.Next, exposure.Knowers(r.in.Next)
	}
	fresh := exposure.NewKnown(a.knowers(), after)
	reach := exposure.VendorHoldings(next)
	covered := map[string]exposure.Covered{}
	for _, c := range a.pack.Bulk.CoveredVendors(next) {
		covered[c.Vendor] = c
	}
	for _, v := range next.Vendors {
		row := a.vendorRow(next, v, depth)
		row.Holdings = len(reach[v.ID])
		for _, h := range reach[v.ID] {
			row.Records += max(h.Records, h.Devices)
		}
		if c, ok := covered[v.ID]; ok {
			row.Covered = coveredText(c)
		}
		row.Before, row.After = tally(a.knowers(), v.ID), tally(after, v.ID)
		if depth == Detail {
			row.Knows = knows(next, after, fresh, v.ID)
		}
		out.Vendors = append(out.Vendors, row)
	}
	slices.SortStableFunc(out.Vendors, func(x, y VendorRow) int {
		return cmp.Or(sum(y.After)-sum(x.After), y.Holdings-x.Holdings, strings.Compare(x.ID, y.ID))
	})
	return out, nil
}

func (a *analysis) vendorRow(r *register.Register, v *register.Vendor, depth Depth) VendorRow {
	_, known := a.reg.Find(v.ID)
	row := VendorRow{
		Name: Name{v.ID, r.Label(v.ID)}, Place: placeOf(v.Place, depth), Country: v.Country, Foothold: v.Foothold,
		Owners: len(v.Owners) > 0, Clients: []Name{}, Knows: []Knowledge{}, New: !known,
	}
	for _, id := range v.SubOf {
		row.Clients = append(row.Clients, Name{id, r.Label(id)})
	}
	row.Tier = tier(r, v.ID)
	return row
}

// tier is how many vendors stand between the vendor and us; a ring of
// subcontractors counts to its end.
func tier(r *register.Register, id string) int {
	seen := map[string]bool{id: true}
	at := []string{id}
	for n := 0; ; n++ {
		var next []string
		for _, v := range r.Vendors {
			if !slices.Contains(at, v.ID) {
				continue
			}
			if len(v.SubOf) == 0 {
				return n
			}
			for _, up := range v.SubOf {
				if !seen[up] {
					seen[up] = true
					next = append(next, up)
				}
			}
		}
		if len(next) == 0 {
			return n
		}
		at = next
	}
}

func coveredText(c exposure.Covered) string {
	if len(c.Chain) == 0 {
		return c.Why
	}
	return fmt.Sprintf("%s: %s", c.Why, strings.Join(c.Chain, ", "))
}

func tally(list []exposure.Known, vendor string) []int {
	out := make([]int, len(knowledgeKinds))
	seen := map[[2]string]bool{}
	for _, k := range list {
		fact := [2]string{k.About, k.Kind}
		if i := slices.Index(knowledgeKinds, k.Kind); k.Party == vendor && i >= 0 && !seen[fact] {
			seen[fact] = true
			out[i]++
		}
	}
	return out
}

func knows(r *register.Register, list, fresh []exposure.Known, vendor string) []Knowledge {
	out := []Knowledge{}
	for _, k := range list {
		if k.Party == vendor {
			out = append(out, Knowledge{
				About: Name{k.About, r.Label(k.About)}, Kind: k.Kind, From: Name{k.How, r.Label(k.How)}, Tier: k.Tier,
				New: slices.Contains(fresh, k),
			})
		}
	}
	return out
}

func sum(list []int) int {
	n := 0
	for _, v := range list {
		n += v
	}
	return n
}
