package register

import (
	"bytes"
	"slices"
)

// Diff returns what changed from one register to another, as Apply would
// describe it. The proposal is the one that is new in the second, if there is
// exactly one.
func Diff(base, next *Register) *Change {
	c := &Change{}
	for _, it := range next.Items() {
		old, known := base.byID[it.Entity.ID]
		switch {
		case !known:
			c.Added = append(c.Added, it.Entity.ID)
		case old.Kind != it.Kind || !bytes.Equal(old.Canonical(), it.Canonical()):
			c.Replaced = append(c.Replaced, it.Entity.ID)
		}
	}
	for _, it := range base.Items() {
		if _, stays := next.byID[it.Entity.ID]; !stays {
			c.Removed = append(c.Removed, it.Entity.ID)
		}
	}
	slices.Sort(c.Added)
	slices.Sort(c.Replaced)
	slices.Sort(c.Removed)
	var fresh []*Proposal
	for _, p := range next.Proposals {
		if slices.Contains(c.Added, p.ID) {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 1 {
		c.Proposal = fresh[0]
	}
	return c
}
