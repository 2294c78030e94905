package register

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Item is one entity with the name of its kind.
type Item struct {
	Kind   string
	Entity *Entity
	Value  any // *System, *Holding …
}

// link indexes the entities, replaces former identifiers by today's in every
// reference, and reports identifiers and references that do not hold.
func (r *Register) link() []Problem {
	r.sort()
	l := linker{byID: map[string]Item{}, now: map[string]string{}}
	r.each(func(k kind, v reflect.Value) { l.enter(k, v.Interface().(entity).base(), v.Interface()) })
	r.each(func(_ kind, v reflect.Value) { l.was(v.Interface().(entity).base()) })
	r.each(func(k kind, v reflect.Value) {
		base := v.Interface().(entity).base()
		l.references(k.shape, base, v.Elem())
	})
	r.byID, r.former = l.byID, l.now
	return l.problems
}

// linker resolves identifiers.
type linker struct {
	byID     map[string]Item
	now      map[string]string // former identifier to today's
	problems []Problem
	names    map[string][]string // identifiers by kind, for suggestions
}

func (l *linker) problem(base *Entity, format string, args ...any) {
	if len(l.problems) < maxProblems {
		l.problems = append(l.problems, Problem{
			Place: base.Place, Entity: base.ID, Text: fmt.Sprintf(format, args...),
		})
	}
}

func (l *linker) enter(k kind, base *Entity, value any) {
	if base.ID == "" {
		return // reported as missing
	}
	if !validID(base.ID) {
		l.problem(base, "id %q: use lower case letters, digits, dots and dashes, at most 80", clip(base.ID))
	}
	if twin, twice := l.byID[base.ID]; twice {
		l.problem(base, "id stands twice: also %s:%d", twin.Entity.Place.File, twin.Entity.Place.Line)
		return
	}
	l.byID[base.ID] = Item{Kind: k.name, Entity: base, Value: value}
}

// was notes former identifiers.
func (l *linker) was(base *Entity) {
	for _, old := range base.Was {
		if it, taken := l.byID[old]; taken {
			l.problem(base, "former id %q is that of %s:%d today", clip(old),
				it.Entity.Place.File, it.Entity.Place.Line)
			continue
		}
		if other, taken := l.now[old]; taken && other != base.ID {
			l.problem(base, "former id %q is also that of %q", clip(old), other)
			continue
		}
		l.now[old] = base.ID
	}
}

// validID reports whether a text is an identifier.
func validID(id string) bool {
	if id == "" || len(id) > 80 || strings.HasPrefix(id, "-") || strings.HasPrefix(id, ".") {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}

// references resolves the fields of a struct that refer to others.
func (l *linker) references(s *shape, base *Entity, v reflect.Value) {
	for _, f := range s.fields {
		fv := v.FieldByIndex(f.index)
		switch {
		case f.shape != nil:
			for i := range fv.Len() {
				l.references(f.shape, base, fv.Index(i))
			}
		case len(f.refs) == 0:
		case fv.Kind() == reflect.Slice:
			for i := range fv.Len() {
				fv.Index(i).SetString(l.resolve(base, f, fv.Index(i).String()))
			}
		case fv.String() != "":
			fv.SetString(l.resolve(base, f, fv.String()))
		}
	}
}

// resolve returns today's identifier of a reference.
func (l *linker) resolve(base *Entity, f *field, id string) string {
	if now, renamed := l.now[id]; renamed {
		id = now
	}
	it, known := l.byID[id]
	if !known {
		l.problem(base, "%s: there is no %q%s", f.key, clip(id), suggestion(id, l.candidates(f.refs)))
		return id
	}
	if !slices.Contains(f.refs, it.Kind) {
		l.problem(base, "%s: %q is one of the %s, want one of the %s", f.key, clip(id), it.Kind,
			strings.Join(f.refs, " or "))
	}
	return id
}

// candidates lists the identifiers of kinds.
func (l *linker) candidates(of []string) []string {
	if l.names == nil {
		l.names = map[string][]string{}
		for id, it := range l.byID {
			l.names[it.Kind] = append(l.names[it.Kind], id)
		}
		for _, list := range l.names {
			slices.Sort(list)
		}
	}
	var out []string
	for _, k := range of {
		out = append(out, l.names[k]...)
	}
	return out
}

// Find returns the entity with an identifier, present or former.
func (r *Register) Find(id string) (Item, bool) {
	if now, renamed := r.former[id]; renamed {
		id = now
	}
	it, ok := r.byID[id]
	return it, ok
}

// Items lists all entities by kind and identifier.
func (r *Register) Items() []Item {
	var out []Item
	r.each(func(k kind, v reflect.Value) {
		out = append(out, Item{k.name, v.Interface().(entity).base(), v.Interface()})
	})
	return out
}

// Label returns the name of an entity, its identifier where it has none.
func (r *Register) Label(id string) string {
	if it, ok := r.Find(id); ok && it.Entity.Name != "" {
		return it.Entity.Name
	}
	return id
}
