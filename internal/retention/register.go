package retention

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/event"
)

// Register is what the documents in the journal say, up to some entry.
type Register struct {
	Policy *Policy // nil before the first
	Holds  []Hold  // in force, by id
	graves map[uint64]*Grave
	faults []Fault
}

// Fault is a document that does not count.
type Fault struct {
	Entry uint64
	Err   error
}

// Grave is a valid tombstone.
type Grave struct {
	Entry     uint64    // where it is in the journal
	Time      time.Time // of the destruction
	Approvers []string
	Approved  string // the signed plan
	Count     int64  // records
	items     []buried
}

type buried struct {
	schedule  string
	authority string
	set       *Set
}

// Lawfully says when, under what and by whom the record was destroyed; false
// where the tombstone does not cover it.
func (g *Grave) Lawfully(id event.ID) (string, bool) {
	for _, it := range g.items {
		if !it.set.Has(id) {
			continue
		}
		under := it.schedule
		if it.authority != "" {
			under += " (" + it.authority + ")"
		}
		return fmt.Sprintf("lawfully destroyed on %s under %s, approved by %s, tombstone %d-0",
			g.Time.UTC().Format(time.DateOnly), under, strings.Join(g.Approvers, " and "), g.Entry), true
	}
	return "", false
}

// Covers reports whether the tombstone stands for the record.
func (g *Grave) Covers(id event.ID) bool {
	_, ok := g.Lawfully(id)
	return ok
}

// Touches reports whether it stands for any record of the entries.
func (g *Grave) Touches(first, last uint64) bool {
	return slices.ContainsFunc(g.items, func(it buried) bool { return it.set.Touches(first, last) })
}

// Grave returns the valid tombstone in the entry, nil where there is none.
func (r *Register) Grave(entry uint64) *Grave { return r.graves[entry] }

// Graves returns all valid tombstones in order.
func (r *Register) Graves() []*Grave {
	var out []*Grave
	for _, g := range r.graves {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *Grave) int { return int(a.Entry) - int(b.Entry) })
	return out
}

// Faults returns the documents that do not count.
func (r *Register) Faults() []Fault { return r.faults }

// Add takes in the document of an entry; entries come in ascending order. A
// document that breaks a rule changes nothing and is a Fault.
func (r *Register) Add(entry uint64, doc []byte) {
	if err := r.add(entry, doc); err != nil {
		r.faults = append(r.faults, Fault{entry, err})
	}
}

// Check says why a document would not count, nil where it would.
func (r *Register) Check(doc []byte) error {
	probe := *r
	probe.Holds = slices.Clone(r.Holds)
	probe.graves = map[uint64]*Grave{}
	return probe.add(0, doc)
}

func (r *Register) add(entry uint64, doc []byte) error {
	if !bytes.Contains(doc, []byte("\n\n— ")) {
		d, err := parseText(string(doc))
		if err != nil {
			return err
		}
		if d.Tombstone == nil {
			return errors.New("document is not signed")
		}
		return r.tombstone(entry, d)
	}
	known, err := r.known(doc)
	if err != nil {
		return err
	}
	d, names, err := Open(doc, known)
	if err != nil {
		return err
	}
	if (d.Policy != nil || d.Release != nil) && len(names) < 2 {
		return fmt.Errorf("signed by %s alone, two approvers are needed", strings.Join(names, ""))
	}
	switch {
	case d.Policy != nil:
		r.Policy, err = Parse([]byte(*d.Policy))
		return err
	case d.Hold != nil:
		return r.hold(*d.Hold)
	case d.Release != nil:
		return r.release(d.Release.ID)
	case d.Plan != nil:
		return nil // an approval: it counts in the tombstone
	}
	return errors.New("a tombstone is not signed itself")
}

// known returns the keys that count for a document: those of the policy in
// force, those it brings itself for the first policy.
func (r *Register) known(doc []byte) (note.Verifiers, error) {
	if r.Policy != nil {
		return r.Policy.Verifiers(), nil
	}
	text, _, _ := bytes.Cut(doc, []byte("\n\n— "))
	d, err := parseText(string(text) + "\n")
	if err != nil {
		return nil, err
	}
	if d.Policy == nil {
		return nil, errors.New("there is no policy yet")
	}
	p, err := Parse([]byte(*d.Policy))
	if err != nil {
		return nil, err
	}
	return p.Verifiers(), nil
}

func (r *Register) hold(h Hold) error {
	if h.ID == "" || strings.ContainsAny(h.ID, " \t\n") {
		return errors.New("hold needs an id without spaces")
	}
	i, there := slices.BinarySearchFunc(r.Holds, h.ID, func(h Hold, id string) int {
		return strings.Compare(h.ID, id)
	})
	if there {
		return fmt.Errorf("hold %s is in force already", h.ID)
	}
	r.Holds = slices.Insert(slices.Clone(r.Holds), i, h)
	return nil
}

func (r *Register) release(id string) error {
	n := len(r.Holds)
	r.Holds = slices.DeleteFunc(slices.Clone(r.Holds), func(h Hold) bool { return h.ID == id })
	if len(r.Holds) == n {
		return fmt.Errorf("hold %s is not in force", id)
	}
	return nil
}

// HoldIDs returns the holds in force.
func (r *Register) HoldIDs() []string {
	ids := make([]string, len(r.Holds))
	for i := range r.Holds {
		ids[i] = r.Holds[i].ID
	}
	return ids
}

// tombstone checks that what it stands for was destroyed lawfully.
func (r *Register) tombstone(entry uint64, d *Document) error {
	g, err := r.Approved([]byte(d.Tombstone.Approved))
	if err != nil {
		return fmt.Errorf("tombstone: %w", err)
	}
	g.Entry, g.Time = entry, d.Time
	if r.graves == nil {
		r.graves = map[uint64]*Grave{}
	}
	r.graves[entry] = g
	return nil
}

// Approved checks a signed plan under what is in force: two approvers signed
// it, and policy and holds are still those it was made under.
func (r *Register) Approved(signed []byte) (*Grave, error) {
	if r.Policy == nil {
		return nil, errors.New("there is no policy")
	}
	d, names, err := Open(signed, r.Policy.Verifiers())
	if err != nil {
		return nil, err
	}
	switch {
	case d.Plan == nil:
		return nil, errors.New("what was approved is no plan")
	case len(names) < 2:
		return nil, fmt.Errorf("approved by %s alone, two approvers are needed", strings.Join(names, ""))
	case d.Plan.Policy != r.Policy.SHA256:
		return nil, errors.New("the plan follows a policy that is not in force")
	case !slices.Equal(d.Plan.Holds, r.HoldIDs()):
		return nil, fmt.Errorf("the plan was made under holds [%s], in force are [%s]",
			strings.Join(d.Plan.Holds, " "), strings.Join(r.HoldIDs(), " "))
	}
	g := &Grave{Approvers: names, Approved: string(signed)}
	for _, it := range d.Plan.Items {
		sch := r.Policy.schedule(it.Schedule)
		if sch == nil {
			return nil, fmt.Errorf("the policy has no schedule %s", it.Schedule)
		}
		set, err := ParseSet(it.Records)
		if err != nil {
			return nil, err
		}
		g.items = append(g.items, buried{it.Schedule, sch.Authority, set})
		g.Count += it.Count
	}
	return g, nil
}

// Within says why not all of the grave's records may go now: due is what may.
func (g *Grave) Within(due *Plan) error {
	for i := range g.items {
		it := &g.items[i]
		at := slices.IndexFunc(due.Items, func(d Item) bool { return d.Schedule == it.schedule })
		if at < 0 {
			return fmt.Errorf("nothing is due under %s any more", it.schedule)
		}
		now, err := ParseSet(due.Items[at].Records)
		if err != nil {
			return err
		}
		if entry, ok := it.set.subset(now); !ok {
			return fmt.Errorf("records of entry %d are not due under %s, or held", entry, it.schedule)
		}
	}
	return nil
}
