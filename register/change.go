package register

import (
	"fmt"
	"io/fs"
	"reflect"
	"slices"
)

// Change is a proposal read from its folder: what it adds or replaces, and what
// it takes away.
type Change struct {
	Proposal *Proposal // nil where the folder describes none
	Added    []string  // identifiers that are new
	Replaced []string  // identifiers of entities that the folder writes anew
	Removed  []string
}

// Apply lays the files of a folder over the register and returns the register
// as it would be. The base is not changed. Problems carry the places of both.
func Apply(base *Register, folder fs.FS) (*Register, *Change, []Problem, error) {
	patch, problems, err := read(folder)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read change: %w", err)
	}
	c := &Change{}
	if len(patch.Proposals) > 0 {
		c.Proposal = patch.Proposals[0]
		for _, more := range patch.Proposals[1:] {
			problems = append(problems, Problem{more.Place, more.ID, "a change holds one proposal"})
		}
		c.Removed = append(c.Removed, c.Proposal.Removes...)
	}
	next := base.clone()
	patch.each(func(k kind, v reflect.Value) { next.put(k, v, c) })
	for i, id := range c.Removed {
		if it, ok := base.Find(id); ok {
			c.Removed[i] = it.Entity.ID
			continue
		}
		problems = append(problems, Problem{c.Proposal.Place, c.Proposal.ID, fmt.Sprintf(
			"removes: there is no %q%s", clip(id), suggestion(id, base.ids()))})
	}
	next.drop(c.Removed)
	problems = append(problems, next.link()...)
	slices.Sort(c.Added)
	slices.Sort(c.Replaced)
	slices.Sort(c.Removed)
	return next, c, problems, nil
}

// Clone copies the register, so that the copy can be edited. Identifiers are
// found in the copy as in the original; after adding entities it has to be
// loaded anew.
func (r *Register) Clone() *Register {
	out := r.clone()
	out.link()
	return out
}

// clone copies the lists and the entities, so that a change leaves the base as
// it is.
func (r *Register) clone() *Register {
	out := &Register{}
	to := reflect.ValueOf(out).Elem()
	r.each(func(k kind, v reflect.Value) {
		twin := reflect.New(k.entity)
		twin.Elem().Set(v.Elem())
		unshare(twin.Elem())
		to.Field(k.field).Set(reflect.Append(to.Field(k.field), twin))
	})
	return out
}

// unshare copies the lists of a struct, and of the structs in it: resolving
// references writes into them.
func unshare(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Slice && !f.IsNil():
			f.Set(reflect.AppendSlice(reflect.MakeSlice(f.Type(), 0, f.Len()), f))
		case f.Kind() == reflect.Struct && f.Type() != dateType:
			unshare(f)
		}
	}
}

// put adds an entity or replaces the one with its identifier.
func (r *Register) put(k kind, v reflect.Value, c *Change) {
	list := reflect.ValueOf(r).Elem().Field(k.field)
	id := v.Interface().(entity).base().ID
	for i := range list.Len() {
		if list.Index(i).Interface().(entity).base().ID == id {
			list.Index(i).Set(v)
			c.Replaced = append(c.Replaced, id)
			return
		}
	}
	list.Set(reflect.Append(list, v))
	c.Added = append(c.Added, id)
}

// Restore returns the register with one entity as it is in another: taken from
// there, or removed where it is not there.
func (r *Register) Restore(from *Register, id string) *Register {
	out := r.clone()
	out.drop([]string{id})
	from.each(func(k kind, v reflect.Value) {
		if v.Interface().(entity).base().ID == id {
			list := reflect.ValueOf(out).Elem().Field(k.field)
			list.Set(reflect.Append(list, v))
		}
	})
	out.link()
	return out
}

// drop removes entities.
func (r *Register) drop(ids []string) {
	all := reflect.ValueOf(r).Elem()
	for _, k := range kinds {
		list := all.Field(k.field)
		kept := reflect.MakeSlice(list.Type(), 0, list.Len())
		for i := range list.Len() {
			if !slices.Contains(ids, list.Index(i).Interface().(entity).base().ID) {
				kept = reflect.Append(kept, list.Index(i))
			}
		}
		list.Set(kept)
	}
}

func (r *Register) ids() []string {
	var out []string
	for _, it := range r.Items() {
		out = append(out, it.Entity.ID)
	}
	return out
}
