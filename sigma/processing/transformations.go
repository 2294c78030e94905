package processing

import (
	"errors"
	"fmt"
	"slices"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

// transformationReader reads the parameters of a transformation.
type transformationReader func(r *reader, s *section) (transformation, error)

// transformations are those of pySigma that change what a rule matches.
func transformations() map[string]transformationReader {
	return map[string]transformationReader{
		"field_name_mapping":           readMapping,
		"field_name_prefix_mapping":    readPrefixMapping,
		"field_name_prefix":            readPrefix,
		"field_name_suffix":            readSuffix,
		"field_name_transform":         readFieldFunction,
		"drop_detection_item":          readDrop,
		"add_condition":                readAddCondition,
		"change_logsource":             readChangeLogsource,
		"replace_string":               readReplaceString,
		"map_string":                   readMapString,
		"set_value":                    readSetValue,
		"case":                         readCase,
		"value_placeholders":           readValuePlaceholders,
		"wildcard_placeholders":        readWildcardPlaceholders,
		"set_state":                    readSetState,
		"set_custom_attribute":         readSetAttribute,
		"nest":                         readNest,
		"rule_failure":                 readRuleFailure,
		"detection_item_failure":       readItemFailure,
		"strict_field_mapping_failure": readStrictMapping,
		"convert_type":                 readIgnored("target_type"),
		"add_field":                    readIgnored("field"),
		"remove_field":                 readIgnored("field"),
		"set_field":                    readIgnored("fields"),
	}
}

// readIgnored accepts a transformation that changes how a query or a table
// looks, not what a rule matches, and says so.
func readIgnored(parameter string) transformationReader {
	return func(r *reader, s *section) (transformation, error) {
		s.get(parameter)
		r.pipeline.warn(s.n.Line, "%s has no effect on what a rule matches", s.what)
		return nothing{}, nil
	}
}

type nothing struct{}

func (nothing) apply(*run, *item) error { return nil }

type dropItems struct{}

func readDrop(*reader, *section) (transformation, error) { return dropItems{}, nil }

func (dropItems) apply(x *run, it *item) error {
	return x.edit(it, func(sigma.Item) (sigma.Edit, error) { return sigma.Edit{Drop: true}, nil })
}

type failure struct{ message string }

func readRuleFailure(_ *reader, s *section) (transformation, error) {
	message, err := s.need("message")
	return failure{message}, err
}

func (f failure) apply(*run, *item) error { return errors.New(f.message) }

type itemFailure struct{ message string }

func readItemFailure(_ *reader, s *section) (transformation, error) {
	message, err := s.need("message")
	return itemFailure{message}, err
}

func (f itemFailure) apply(x *run, it *item) error {
	return x.edit(it, func(i sigma.Item) (sigma.Edit, error) {
		return sigma.Edit{}, yamltree.Errorf(i.Line, "field %q: %s", clip(i.Field), f.message)
	})
}

// strictMapping rejects rules with fields that no mapping before it knew.
type strictMapping struct{}

func readStrictMapping(*reader, *section) (transformation, error) { return strictMapping{}, nil }

func (strictMapping) apply(x *run, it *item) error {
	return x.edit(it, func(i sigma.Item) (sigma.Edit, error) {
		if i.Field == "" || slices.ContainsFunc(x.mappers, i.Tagged) {
			return sigma.Edit{}, nil
		}
		return sigma.Edit{}, yamltree.Errorf(i.Line, "field %q has no mapping", clip(i.Field))
	})
}

type setState struct{ key, val string }

func readSetState(_ *reader, s *section) (transformation, error) {
	key, err := s.need("key")
	if err != nil {
		return nil, err
	}
	val, other := s.get("val"), s.get("value")
	if val == nil {
		val = other
	}
	if val == nil || !val.Scalar() {
		return nil, yamltree.Errorf(s.n.Line, "set_state needs a text under val")
	}
	return setState{key, val.Text}, nil
}

func (t setState) apply(x *run, _ *item) error {
	x.state[t.key] = t.val
	return nil
}

type setAttribute struct{ name, value string }

func readSetAttribute(_ *reader, s *section) (transformation, error) {
	name, err := s.need("attribute")
	if err != nil {
		return nil, err
	}
	value, err := s.need("value")
	return setAttribute{name, value}, err
}

func (t setAttribute) apply(x *run, _ *item) error {
	x.custom[t.name] = t.value
	return nil
}

// nested is a list of transformations under common rule conditions.
type nested struct{ items []*item }

func readNest(r *reader, s *section) (transformation, error) {
	n := s.get("items")
	if n == nil {
		return nil, yamltree.Errorf(s.n.Line, "nest has no items")
	}
	items, err := r.items(n, r.depth+1)
	return nested{items}, err
}

func (t nested) apply(x *run, _ *item) error { return x.all(t.items) }

type changeLogsource struct{ to sigma.Logsource }

func readChangeLogsource(_ *reader, s *section) (transformation, error) {
	to := sigma.Logsource{
		Product: s.text("product"), Category: s.text("category"), Service: s.text("service"),
	}
	if to == (sigma.Logsource{}) {
		return nil, yamltree.Errorf(s.n.Line, "change_logsource names no category, product or service")
	}
	return changeLogsource{to}, nil
}

func (t changeLogsource) apply(x *run, _ *item) error {
	x.rule.SetLogsource(t.to)
	return nil
}

// addCondition adds a search identifier to every rule.
type addCondition struct {
	label    string
	search   *yamltree.Node
	negated  bool
	template bool
}

func readAddCondition(r *reader, s *section) (transformation, error) {
	t := addCondition{search: s.get("conditions"), label: s.text("name")}
	if t.search == nil || t.search.Kind != yamltree.Map || len(t.search.Entries) == 0 {
		return nil, yamltree.Errorf(s.n.Line, "add_condition needs a map of fields under conditions")
	}
	if t.label == "" {
		t.label = "condition"
	}
	t.label = fmt.Sprintf("pipeline %q: %s", clip(r.pipeline.Name), clip(t.label))
	var err error
	if t.negated, err = s.flag("negated"); err != nil {
		return nil, err
	}
	if t.template, err = s.flag("template"); err != nil {
		return nil, err
	}
	// A condition that no rule can take is an error of the pipeline.
	return t, new(sigma.Rule).Require(t.label, t.search, t.negated)
}

func (t addCondition) apply(x *run, _ *item) error {
	search := t.search
	if t.template {
		search = filled(search, x.rule.Logsource)
	}
	return x.rule.Require(t.label, search, t.negated)
}
