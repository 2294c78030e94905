package register

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/yamltree"
)

// decoder fills structs from trees by their tags.
type decoder struct {
	file     string
	problems []Problem
}

func (d *decoder) problem(line int, entity, format string, args ...any) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, Problem{
			Place: Place{d.file, line}, Entity: entity, Text: fmt.Sprintf(format, args...),
		})
	}
}

// document reads one YAML document: a map of kinds to lists of entities.
func (d *decoder) document(doc *yamltree.Node, into *Register) {
	if doc.Kind != yamltree.Map {
		d.problem(doc.Line, "", "want a map of kinds (systems, holdings …) to lists")
		return
	}
	for _, e := range doc.Entries {
		if e.Key == "version" {
			if e.Val.Text != formatVersion {
				d.problem(e.Line, "", "version %q is not known; this program reads version %s",
					clip(e.Val.Text), formatVersion)
			}
			continue
		}
		k, known := kindNamed(e.Key)
		if !known {
			d.problem(e.Line, "", "unknown kind %q%s", clip(e.Key), suggestion(e.Key, KindNames()))
			continue
		}
		d.entities(e.Val, k, reflect.ValueOf(into).Elem().Field(k.field))
	}
}

// entities reads a list of entities of one kind.
func (d *decoder) entities(list *yamltree.Node, k kind, into reflect.Value) {
	if list.Kind == yamltree.Null {
		return
	}
	if list.Kind != yamltree.List {
		d.problem(list.Line, "", "%s: want a list", k.name)
		return
	}
	for _, n := range list.Items {
		if n.Kind != yamltree.Map {
			d.problem(n.Line, "", "%s: want a map of fields", k.name)
			continue
		}
		v := reflect.New(k.entity)
		base := v.Interface().(entity).base()
		base.Place = Place{d.file, firstLine(n)}
		base.ID = n.Str("id")
		d.fields(n, base.ID, k.shape, v.Elem())
		into.Set(reflect.Append(into, v))
	}
}

// firstLine is the line of a map's first key.
func firstLine(n *yamltree.Node) int {
	if len(n.Entries) > 0 {
		return n.Entries[0].Line
	}
	return n.Line
}

// fields reads a map into a struct of the shape.
func (d *decoder) fields(n *yamltree.Node, id string, s *shape, into reflect.Value) {
	for _, e := range n.Entries {
		f, known := s.byKey[e.Key]
		if !known {
			d.problem(e.Line, id, "unknown key %q%s", clip(e.Key), suggestion(e.Key, s.keys))
			continue
		}
		d.value(e.Val, id, f, into.FieldByIndex(f.index))
	}
	for _, f := range s.fields {
		if f.need && n.Get(f.key) == nil {
			d.problem(firstLine(n), id, "%s is missing: %s", f.key, f.doc)
		}
	}
}

// value reads one field.
func (d *decoder) value(n *yamltree.Node, id string, f *field, into reflect.Value) {
	if n.Kind == yamltree.Null {
		if f.need {
			d.problem(n.Line, id, "%s is empty: %s", f.key, f.doc)
		}
		return
	}
	if into.Kind() != reflect.Slice {
		d.scalar(n, id, f, into)
		return
	}
	items := n.Items
	if n.Scalar() {
		items = []*yamltree.Node{n} // a single value stands for a list of one
	} else if n.Kind != yamltree.List {
		d.problem(n.Line, id, "%s: want a list", f.key)
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), 0, len(items)))
	for _, item := range items {
		v := reflect.New(into.Type().Elem()).Elem()
		if f.shape != nil {
			if item.Kind != yamltree.Map {
				d.problem(item.Line, id, "%s: want a map of fields", f.key)
				continue
			}
			d.fields(item, id, f.shape, v)
		} else {
			d.scalar(item, id, f, v)
		}
		into.Set(reflect.Append(into, v))
	}
}

// scalar reads one value that is no list and no map.
func (d *decoder) scalar(n *yamltree.Node, id string, f *field, into reflect.Value) {
	if !n.Scalar() {
		d.problem(n.Line, id, "%s: want a single value", f.key)
		return
	}
	text := strings.TrimSpace(n.Text)
	if err := setScalar(into, n.Kind, text); err != nil {
		d.problem(n.Line, id, "%s: %v", f.key, err)
		return
	}
	if len(f.enum) > 0 && !contains(f.enum, text) {
		d.problem(n.Line, id, "%s: %q is not one of %s%s", f.key, clip(text),
			strings.Join(f.enum, ", "), suggestion(text, f.enum))
	}
	if v, ok := numeric(into); ok && (v < f.min || v > f.max) {
		d.problem(n.Line, id, "%s: %s is not between %g and %g", f.key, clip(text), f.min, f.max)
	}
}

// setScalar converts text to the field's type.
func setScalar(into reflect.Value, kind yamltree.Kind, text string) error {
	if into.Type() == dateType {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return fmt.Errorf("%q is not a day such as 2026-11-22", clip(text))
		}
		into.Set(reflect.ValueOf(Date{t}))
		return nil
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(text)
	case reflect.Bool:
		if kind != yamltree.Bool {
			return fmt.Errorf("%q is not true or false", clip(text))
		}
		into.SetBool(text == "true")
	case reflect.Int, reflect.Int64:
		v, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", clip(text))
		}
		into.SetInt(v)
	case reflect.Float64:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v != v {
			return fmt.Errorf("%q is not a number", clip(text))
		}
		into.SetFloat(v)
	}
	return nil
}

// numeric returns the value of a number.
func numeric(v reflect.Value) (float64, bool) {
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		return float64(v.Int()), true
	case reflect.Float64:
		return v.Float(), true
	}
	return 0, false
}
