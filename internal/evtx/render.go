package evtx

import (
	"errors"
	"strings"

	"github.com/evident-sec/evident/event"
)

// Bounds on the fields of one record. A record has at most 64 KiB, but a
// template can use one value many times.
const (
	maxValues    = 65_536 // fields, list items and elements together
	maxTextBytes = 2 << 20
)

var errTooMuch = errors.New("it gives more fields or text than a record may have")

// renderer turns documents into fields.
type renderer struct {
	parser  *parser
	out     event.Fields
	paths   []string // of the fields of this record, as they are in the event
	arena   arena
	scratch []byte
	list    int // index in out of the latest list of Data elements

	valuesLeft int // of maxValues
	textLeft   int // of maxTextBytes
}

// spend takes values and bytes of text off what the record may have.
func (r *renderer) spend(values, text int) error {
	r.valuesLeft -= values
	r.textLeft -= text
	if r.valuesLeft < 0 || r.textLeft < 0 {
		return errTooMuch
	}
	return nil
}

func (r *renderer) instance(t *template, values []value, depth int) error {
	for _, root := range t.roots {
		if err := r.render(root, values, depth); err != nil {
			return err
		}
	}
	return nil
}

func (r *renderer) element(e *element, _ []extent, depth int) error {
	return r.render(e, nil, depth)
}

// render adds the fields of an element.
func (r *renderer) render(e *element, values []value, depth int) error {
	if err := r.spend(1, 0); err != nil {
		return err
	}
	switch e.data {
	case listedData:
		v, _, err := r.content(e, values, depth)
		if err != nil {
			return err
		}
		return r.item(e.text, v)
	case computedData:
		return r.computed(e, values, depth)
	}
	attributes := false
	for i := range e.attrs {
		v, err := r.pieces(e.attrs[i].parts, values)
		if err != nil {
			return err
		}
		if v.Kind == event.Null {
			continue
		}
		attributes = true
		if err := r.add(e.attrs[i].field, v); err != nil {
			return err
		}
	}
	v, children, err := r.content(e, values, depth)
	switch {
	case err != nil:
		return err
	case v.Kind == event.Null && (children || attributes):
		return nil
	case attributes:
		return r.add(e.text, v)
	}
	return r.add(e.bare, v)
}

// computed adds a Data element whose Name is in the record.
func (r *renderer) computed(e *element, values []value, depth int) error {
	name, err := r.pieces(e.attrs[0].parts, values)
	if err != nil {
		return err
	}
	v, _, err := r.content(e, values, depth)
	if err != nil {
		return err
	}
	if name.Text == "" {
		return r.item(r.parser.names.field(e.path, ".Data.#text", ""), v)
	}
	return r.add(r.parser.names.field(e.path, ".", name.Text), v)
}

// content renders what is inside an element: its own value, and whether it has
// elements.
func (r *renderer) content(e *element, values []value, depth int,
) (_ event.Value, children bool, _ error) {
	if id := e.sole; id >= 0 && id < len(values) && values[id].kind != typeBinXML {
		v, err := r.substitution(id, values)
		return v, false, err
	}
	for i := range e.parts {
		p := &e.parts[i]
		var err error
		switch {
		case p.child != nil:
			children, err = true, r.render(p.child, values, depth)
		case p.id >= 0 && p.id < len(values) && values[p.id].kind == typeBinXML:
			children = true
			v := &values[p.id]
			cur := cursor{data: v.data, base: v.offset}
			err = r.parser.document(&cur, e.path, depth+1, r)
		}
		if err != nil {
			return event.Value{}, children, err
		}
	}
	v, err := r.pieces(e.parts, values)
	if children && v.Kind == event.String && strings.TrimSpace(v.Text) == "" {
		v = event.Value{}
	}
	return v, children, err
}

// pieces returns the value of text and substitutions: one substitution keeps
// its kind, several pieces are joined to text.
func (r *renderer) pieces(parts []part, values []value) (event.Value, error) {
	var sole event.Value
	found := 0
	for i := range parts {
		p := &parts[i]
		if p.child != nil {
			continue
		}
		v := event.Value{Kind: event.String, Text: p.text}
		if p.id >= 0 {
			var err error
			if v, err = r.substitution(p.id, values); err != nil {
				return v, err
			}
		}
		if v.Kind == event.Null {
			continue
		}
		if found++; found == 1 {
			sole = v
			continue
		}
		if found == 2 {
			r.scratch = appendPlain(r.scratch[:0], sole)
		}
		r.scratch = appendPlain(r.scratch, v)
		if err := r.spend(1, len(v.Text)); err != nil {
			return v, err
		}
	}
	if found > 1 {
		text := r.arena.keep(append(r.arena.room(len(r.scratch)), r.scratch...))
		return event.Value{Kind: event.String, Text: text}, nil
	}
	return sole, nil
}

// substitution returns the value with a number. One that the record does not
// have, and one that is a document, count as none.
func (r *renderer) substitution(id int, values []value) (event.Value, error) {
	if id >= len(values) || values[id].kind == typeBinXML {
		return event.Value{}, nil
	}
	v := &values[id]
	if err := r.spend(1, len(v.data)); err != nil {
		return event.Value{}, err
	}
	if v.kind&typeArray != 0 {
		return r.array(v.kind&^typeArray, v.data)
	}
	return r.scalar(v.kind, v.data)
}

// appendPlain appends a value's text; the items of a list with commas.
func appendPlain(dst []byte, v event.Value) []byte {
	dst = append(dst, v.Text...)
	for i, item := range v.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, item.Text...)
	}
	return dst
}

// add adds a field.
func (r *renderer) add(f fieldName, v event.Value) error {
	r.out = append(r.out, event.Field{Name: f.name, Value: v})
	r.paths = append(r.paths, f.path)
	return nil
}

// item adds an item, or the items of a list, to the field that is always a
// list.
func (r *renderer) item(f fieldName, v event.Value) error {
	items := []event.Value{v}
	if v.Kind == event.List {
		items = v.Items
	}
	if n := len(r.paths); r.list >= 0 && r.list < n && r.paths[r.list] == f.path {
		list := &r.out[len(r.out)-n+r.list].Value
		list.Items = append(list.Items, items...)
		return nil
	}
	r.list = len(r.paths)
	return r.add(f, event.Value{Kind: event.List, Items: items})
}

// joined returns the fields with those of the same path as one list, in the
// place of the first. Two paths that were given the same name stay two fields.
func (r *renderer) joined() event.Fields {
	if !repeats(r.paths) {
		return r.out
	}
	start := len(r.out) - len(r.paths)
	list := r.out[start:]
	at := make(map[string]int, len(list))
	out := list[:0]
	for n, f := range list {
		i, seen := at[r.paths[n]]
		if !seen {
			at[r.paths[n]] = len(out)
			out = append(out, f)
			continue
		}
		first := &out[i].Value
		if first.Kind != event.List {
			*first = event.Value{Kind: event.List, Items: []event.Value{*first}}
		}
		if f.Value.Kind == event.List {
			first.Items = append(first.Items, f.Value.Items...)
		} else {
			first.Items = append(first.Items, f.Value)
		}
	}
	return r.out[:start+len(out)]
}

// repeats reports whether two paths are the same.
func repeats(paths []string) bool {
	if len(paths) > 64 {
		return true // let the map find out
	}
	for i, path := range paths {
		for _, other := range paths[:i] {
			if len(other) == len(path) && other == path {
				return true
			}
		}
	}
	return false
}
