package processing

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

// ruleConditions are the conditions on a whole rule.
func ruleConditions() map[string]conditionReader {
	return map[string]conditionReader{
		"logsource":                 logsourceCondition,
		"contains_detection_item":   containsItem,
		"contains_field":            containsField,
		"processing_item_applied":   ruleApplied,
		"processing_state":          stateCondition,
		"is_sigma_rule":             func(*section) (condition, error) { return always, nil },
		"is_sigma_correlation_rule": func(*section) (condition, error) { return never, nil },
		"rule_attribute":            attributeCondition,
		"tag":                       tagCondition,
	}
}

func always(subject) bool { return true }

func never(subject) bool { return false } // correlations are not rewritten

// logsourceCondition holds when all parts that it has are the rule's.
func logsourceCondition(s *section) (condition, error) {
	category, product, service := s.text("category"), s.text("product"), s.text("service")
	if category == "" && product == "" && service == "" {
		return nil, yamltree.Errorf(s.n.Line, "condition logsource names no category, product or service")
	}
	fits := func(want, have string) bool { return want == "" || strings.EqualFold(want, have) }
	return func(s subject) bool {
		l := s.run.rule.Logsource
		return fits(category, l.Category) && fits(product, l.Product) && fits(service, l.Service)
	}, nil
}

func containsItem(s *section) (condition, error) {
	field, err := s.need("field")
	if err != nil {
		return nil, err
	}
	n := s.get("value")
	want := sigma.Value{Kind: sigma.NullValue}
	if n != nil {
		want = sigma.Value{Kind: sigma.TextValue, Text: n.Text}
	}
	return func(s subject) bool {
		return slices.ContainsFunc(s.run.rule.Items(), func(i sigma.Item) bool {
			return i.Field == field && slices.ContainsFunc(i.Values(), want.Same)
		})
	}, nil
}

func containsField(s *section) (condition, error) {
	field, err := s.need("field")
	return func(s subject) bool {
		return slices.ContainsFunc(s.run.rule.Items(), func(i sigma.Item) bool {
			return i.Field == field
		})
	}, err
}

func ruleApplied(s *section) (condition, error) {
	id, err := s.need("processing_item_id")
	return func(s subject) bool { return s.run.applied[id] }, err
}

// stateCondition compares what set_state set.
func stateCondition(s *section) (condition, error) {
	key, err := s.need("key")
	if err != nil {
		return nil, err
	}
	val, err := s.need("val")
	if err != nil {
		return nil, err
	}
	op, err := s.oneOf("op", "eq", "ne", "gte", "gt", "lte", "lt")
	return func(s subject) bool {
		have, ok := s.run.state[key]
		return ok && compare(op, have, val, nil)
	}, err
}

// ranks are the words of a rule that have an order.
var ranks = map[string][]string{
	"level":  {"informational", "low", "medium", "high", "critical"},
	"status": {"unsupported", "deprecated", "experimental", "test", "stable"},
}

// attributeCondition compares a word of the rule, or one that
// set_custom_attribute gave it.
func attributeCondition(s *section) (condition, error) {
	name, err := s.need("attribute")
	if err != nil {
		return nil, err
	}
	values, err := s.list("value")
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, yamltree.Errorf(s.n.Line, "condition rule_attribute needs a value")
	}
	op, err := s.oneOf("op", "eq", "ne", "gte", "gt", "lte", "lt", "in", "not_in")
	if err == nil && len(values) > 1 && op != "in" && op != "not_in" {
		err = yamltree.Errorf(s.n.Line, "rule_attribute with several values needs op in or not_in")
	}
	return func(s subject) bool {
		have, ok := attribute(s.run, name)
		switch {
		case !ok:
			return false
		case op == "in" || op == "not_in":
			return slices.Contains(values, have) == (op == "in")
		}
		return compare(op, have, values[0], ranks[name])
	}, err
}

// attribute returns a word of the rule by its name in the rule file.
func attribute(x *run, name string) (string, bool) {
	m := &x.rule.Meta
	own := map[string]string{
		"id": m.ID, "name": m.Name, "title": m.Title, "description": m.Description,
		"level": m.Level, "status": m.Status, "author": m.Author, "license": m.License,
		"date": m.Date, "modified": m.Modified,
	}
	if v, ok := own[name]; ok {
		return v, v != ""
	}
	v, ok := x.custom[name]
	return v, ok
}

func tagCondition(s *section) (condition, error) {
	tag, err := s.need("tag")
	return func(s subject) bool {
		return slices.ContainsFunc(s.run.rule.Tags, func(t string) bool {
			return strings.EqualFold(t, tag)
		})
	}, err
}
