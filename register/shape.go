package register

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// formatVersion is the version of the register's format.
const formatVersion = "1"

// kind is one kind of entity: a field of Register.
type kind struct {
	name   string
	field  int          // of Register
	entity reflect.Type // the struct
	shape  *shape
}

// shape is what the tags of a struct say, in the order of its fields.
type shape struct {
	fields []*field
	byKey  map[string]*field
	keys   []string
}

// field is one key of an entity.
type field struct {
	key, doc string
	index    []int
	typ      reflect.Type
	refs     []string
	enum     []string
	need     bool
	min, max float64
	shape    *shape // of the structs in a list
}

// entity is any of the structs in entities.go.
type entity interface{ base() *Entity }

func (e *Entity) base() *Entity { return e }

var (
	dateType = reflect.TypeFor[Date]()
	kinds    = readKinds()
)

// readKinds lists the kinds in the order of Register's fields.
func readKinds() []kind {
	var out []kind
	t := reflect.TypeFor[Register]()
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("yaml")
		if name == "" {
			continue
		}
		e := f.Type.Elem().Elem()
		out = append(out, kind{name: name, field: i, entity: e, shape: shapeOf(e)})
	}
	return out
}

// KindNames lists the kinds of entities as the files name them.
func KindNames() []string {
	var out []string
	for _, k := range kinds {
		out = append(out, k.name)
	}
	return out
}

func kindNamed(name string) (kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

// shapeOf reads a struct's tags; embedded fields come first.
func shapeOf(t reflect.Type) *shape {
	s := &shape{byKey: map[string]*field{}}
	s.add(t, nil)
	return s
}

func (s *shape) add(t reflect.Type, at []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(at), i)
		switch tag := f.Tag.Get("yaml"); tag {
		case "", "-":
		case ",inline":
			s.add(f.Type, index)
		default:
			one := fieldOf(tag, f, index)
			s.fields = append(s.fields, one)
			s.byKey[tag] = one
			s.keys = append(s.keys, tag)
		}
	}
}

func fieldOf(key string, f reflect.StructField, index []int) *field {
	one := &field{
		key: key, doc: f.Tag.Get("doc"), index: index, typ: f.Type,
		refs: strings.Fields(f.Tag.Get("ref")), enum: strings.Fields(f.Tag.Get("enum")),
		need: f.Tag.Get("need") == "true", min: math.Inf(-1), max: math.Inf(1),
	}
	if v, err := strconv.ParseFloat(f.Tag.Get("min"), 64); err == nil {
		one.min = v
	}
	if v, err := strconv.ParseFloat(f.Tag.Get("max"), 64); err == nil {
		one.max = v
	}
	if f.Type.Kind() == reflect.Slice && f.Type.Elem() == reflect.TypeFor[Category]() {
		one.enum = categoryNames()
	}
	if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
		one.shape = shapeOf(f.Type.Elem())
	}
	return one
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
