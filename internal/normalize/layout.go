package normalize

import (
	"strconv"
	"strings"

	"github.com/evident-sec/evident/event"
)

// layout is what follows from the names of a record's fields alone: how they
// are called once the wrapper is off, and where the fields that mappings ask
// for are.
type layout struct {
	lines   bool // messages are matched against the patterns
	fixed   bool // lifting does not depend on values
	renamed []renamedField
	aliases []aliasField
	message int     // place of the message before lifting, -1 for none
	at      []int32 // by mapped field: its place after lifting, -1 for none
}

type renamedField struct {
	place int
	name  string
}

type aliasField struct {
	from int
	name string
}

// layoutOf works out the layout of the fields, before they are lifted.
func (d *decoder) layoutOf(fields event.Fields) *layout {
	l := &layout{fixed: true, message: -1}
	probe := make(event.Fields, len(fields), len(fields)+8)
	for i := range fields {
		probe[i].Name = fields[i].Name
		probe[i].Value = event.Value{Kind: event.Number, Text: strconv.Itoa(i)}
		if l.message < 0 && fields[i].Name == "message" {
			l.message = i
		}
	}
	s := d.shapeOf(probe)
	if s != nil {
		probe = s.apply(d, nil, probe) // numbers are not expanded: only names change
		l.fixed = !s.expands(probe)
		l.lines = s.lines
	}
	for i := range probe {
		from, _ := strconv.Atoi(probe[i].Value.Text)
		switch {
		case i >= len(fields):
			l.aliases = append(l.aliases, aliasField{from, probe[i].Name})
		case probe[i].Name != fields[i].Name:
			l.renamed = append(l.renamed, renamedField{i, probe[i].Name})
		}
	}
	l.at = d.places(nil, probe)
	return l
}

// expands reports whether the fields have one whose value holds further fields.
func (s *shape) expands(fields event.Fields) bool {
	for _, e := range s.expand {
		if _, ok := fields.Get(e.field); ok {
			return true
		}
	}
	for _, name := range s.zip {
		if _, ok := fields.Get(name); ok {
			return true
		}
	}
	return false
}

// lift takes the wrapper off fields of this layout.
func (l *layout) lift(fields event.Fields) event.Fields {
	for _, r := range l.renamed {
		fields[r.place].Name = r.name
	}
	for _, a := range l.aliases {
		fields = append(fields, event.Field{Name: a.name, Value: fields[a.from].Value})
	}
	return fields
}

// kind is the names of records that are not JSON, with their layout.
type kind struct {
	names  []string
	layout *layout
}

// Bounds on the kinds of a lexicon, and on what is kept of one.
const (
	keptKinds     = 64
	maxKindNames  = 64
	maxKindLength = 32 // of a name
)

// layoutOf returns the layout of fields whose names were seen lately, nil where
// there is no lexicon or they are too many or too long to keep.
func (x *lexicon) layoutOf(d *decoder, fields event.Fields) *layout {
	if x == nil || len(fields) > maxKindNames {
		return nil
	}
	h := uint32(len(fields))
	for i := range fields {
		if name := fields[i].Name; name != "" {
			h = (h ^ uint32(len(name))<<8 ^ uint32(name[0])<<16 ^ uint32(name[len(name)-1])) * 0x9E3779B1
		}
	}
	k := &x.kinds[h>>(32-6)]
	if !k.fits(fields) {
		for i := range fields {
			if len(fields[i].Name) > maxKindLength {
				return nil
			}
		}
		k.names = k.names[:0]
		for i := range fields {
			k.names = append(k.names, strings.Clone(fields[i].Name))
			fields[i].Name = k.names[i] // the layout may keep it
		}
		k.layout = d.layoutOf(fields)
	}
	return k.layout
}

func (k *kind) fits(fields event.Fields) bool {
	if k.layout == nil || len(k.names) != len(fields) {
		return false
	}
	for i := range fields {
		if fields[i].Name != k.names[i] {
			return false
		}
	}
	return true
}

// places finds the fields that mappings ask for; the first of several equal
// names counts.
func (d *decoder) places(at []int32, fields event.Fields) []int32 {
	if len(at) < len(d.numbers) {
		at = make([]int32, len(d.numbers))
	}
	at = at[:len(d.numbers)]
	for i := range at {
		at[i] = -1
	}
	for i := range fields {
		if id, ok := d.numbers[fields[i].Name]; ok && at[id] < 0 {
			at[id] = int32(i)
		}
	}
	return at
}
