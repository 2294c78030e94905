package processing

import (
	"fmt"
	"sort"
	"strconv"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

// maxNesting bounds how deep nest transformations stand in each other.
const maxNesting = 10

// Pipeline is a list of transformations with the conditions under which each
// is applied to a rule. It is read-only after parsing.
type Pipeline struct {
	Name     string
	Priority int      // of several pipelines the lowest goes first
	Warnings []string // parts of the file that have no effect here

	items []*item
}

// Parse reads a pipeline. Errors name the line.
func Parse(src []byte) (*Pipeline, error) {
	docs, err := yamltree.Parse(src)
	if err == nil && (len(docs) != 1 || docs[0].Kind != yamltree.Map) {
		err = yamltree.Errorf(1, "want one document that is a map")
	}
	if err != nil {
		return nil, fmt.Errorf("read pipeline: line %d: %w", yamltree.LineOf(err, 1), err)
	}
	p := &Pipeline{}
	if err := p.read(docs[0]); err != nil {
		return nil, fmt.Errorf("read pipeline: line %d: %w", yamltree.LineOf(err, 1), err)
	}
	return p, nil
}

func (p *Pipeline) read(doc *yamltree.Node) error {
	s := newSection(doc, "pipeline")
	p.Name = s.text("name")
	if n := s.get("priority"); n != nil {
		var err error
		if p.Priority, err = strconv.Atoi(n.Text); err != nil {
			return yamltree.Errorf(n.Line, "priority is not a whole number")
		}
	}
	vars, err := s.lists("vars")
	if err != nil {
		return err
	}
	r := reader{pipeline: p, vars: vars}
	if p.items, err = r.items(s.get("transformations"), 0); err != nil {
		return err
	}
	for _, key := range []string{"postprocessing", "finalizers", "allowed_backends"} {
		if n := s.get(key); n != nil {
			p.warn(n.Line, "%s concerns queries and has no effect", key)
		}
	}
	return s.done()
}

func (p *Pipeline) warn(line int, format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
}

// Apply applies the transformations to a rule, in order. An error rejects the
// rule.
func (p *Pipeline) Apply(r *sigma.Rule) error {
	x := &run{
		rule: r, applied: map[string]bool{}, state: map[string]string{}, custom: map[string]string{},
	}
	if err := x.all(p.items); err != nil {
		if p.Name == "" {
			return err
		}
		return fmt.Errorf("pipeline %q: %w", p.Name, err)
	}
	return nil
}

// Order returns the pipelines as transforms for a loader: by priority, those of
// equal priority as given.
func Order(pipelines ...*Pipeline) []sigma.Transform {
	sorted := append([]*Pipeline(nil), pipelines...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Priority < sorted[j].Priority })
	out := make([]sigma.Transform, len(sorted))
	for i, p := range sorted {
		out[i] = p
	}
	return out
}

// run is one pipeline on one rule.
type run struct {
	rule    *sigma.Rule
	applied map[string]bool   // items whose rule conditions held, by id
	state   map[string]string // of set_state
	custom  map[string]string // of set_custom_attribute
	mappers []string          // ids of the field mappings so far
}

// all applies items whose rule conditions hold.
func (x *run) all(items []*item) error {
	for _, it := range items {
		if !it.rule.holds(subject{run: x}) {
			continue
		}
		if err := it.do.apply(x, it); err != nil {
			return fmt.Errorf("transformation %s (%s): %w", it.id, it.kind, err)
		}
		x.applied[it.id] = true
	}
	return nil
}

// edit changes the detection items for which the item's conditions hold.
func (x *run) edit(it *item, f func(i sigma.Item) (sigma.Edit, error)) error {
	return x.rule.Edit(func(i sigma.Item) (sigma.Edit, error) {
		s := subject{run: x, item: &i, field: i.Field}
		if !it.item.holds(s) || !it.field.holds(s) {
			return sigma.Edit{}, nil
		}
		e, err := f(i)
		e.Tag = it.id
		return e, err
	})
}
