package processing

import (
	"fmt"
	"slices"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

// item is one transformation of a pipeline with its conditions.
type item struct {
	id, kind          string
	rule, item, field *conditions
	do                transformation
}

// transformation changes a rule.
type transformation interface {
	apply(x *run, it *item) error
}

// reader reads the items of a pipeline.
type reader struct {
	pipeline *Pipeline
	vars     map[string][]string
	count    int
	depth    int
}

// items reads a list of transformations.
func (r *reader) items(n *yamltree.Node, depth int) ([]*item, error) {
	if n == nil {
		return nil, nil
	}
	if n.Kind != yamltree.List {
		return nil, yamltree.Errorf(n.Line, "transformations are not a list")
	}
	if depth > maxNesting {
		return nil, yamltree.Errorf(n.Line, "nested deeper than %d levels", maxNesting)
	}
	r.depth = depth
	var out []*item
	for _, e := range n.Items {
		it, err := r.item(e)
		if err != nil {
			return nil, err
		}
		out = append(out, it)
		r.depth = depth
	}
	return out, nil
}

func (r *reader) item(n *yamltree.Node) (*item, error) {
	if n.Kind != yamltree.Map {
		return nil, yamltree.Errorf(n.Line, "transformation is not a map")
	}
	r.count++
	s := newSection(n, "transformation")
	it := &item{id: s.text("id"), kind: s.text("type")}
	if it.id == "" {
		it.id = fmt.Sprintf("number %d", r.count)
	}
	read, ok := transformations()[it.kind]
	if !ok {
		return nil, refuseKind(n, it.kind)
	}
	s.what = it.kind
	var err error
	for _, c := range []struct {
		prefix string
		kinds  map[string]conditionReader
		to     **conditions
	}{
		{"rule", ruleConditions(), &it.rule},
		{"detection_item", itemConditions(), &it.item},
		{"field_name", fieldConditions(), &it.field},
	} {
		if *c.to, err = readConditions(s, c.prefix, c.kinds); err != nil {
			return nil, err
		}
	}
	if it.do, err = read(r, s); err != nil {
		return nil, err
	}
	return it, s.done()
}

// refused are the transformations of pySigma that an engine has no use for or
// must not do, with the reason.
var refused = map[string]string{
	"query_expression_placeholders": "there is no query to put an expression in",
	"file_placeholders":             "a pipeline reads no files; use value_placeholders",
	"http_placeholders":             "a pipeline reads no network; use value_placeholders",
	"command_placeholders":          "a pipeline runs no commands; use value_placeholders",
	"hashes_fields":                 "events keep the field Hashes; match it with contains",
	"extract_fields":                "fields of events are not split",
}

func refuseKind(n *yamltree.Node, kind string) error {
	line := n.Line
	if t := n.Get("type"); t != nil {
		line = t.Line
	}
	if why := refused[kind]; why != "" {
		return yamltree.Errorf(line, "transformation %s is not supported: %s", kind, why)
	}
	var names []string
	for name := range transformations() {
		names = append(names, name)
	}
	slices.Sort(names)
	hint := ""
	if near := textmatch.Nearest(kind, names); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return yamltree.Errorf(line, "unknown transformation %q%s", clip(kind), hint)
}
