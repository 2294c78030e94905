package processing

import (
	"regexp"
	"slices"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

// itemConditions are the conditions on one detection item.
func itemConditions() map[string]conditionReader {
	return map[string]conditionReader{
		"match_string":            matchString,
		"match_value":             matchValue,
		"contains_wildcard":       containsWildcard,
		"is_null":                 isNull,
		"processing_item_applied": itemApplied,
		"processing_state":        stateCondition,
	}
}

// fieldConditions are the conditions on one field name.
func fieldConditions() map[string]conditionReader {
	return map[string]conditionReader{
		"include_fields":          includeFields,
		"exclude_fields":          excludeFields,
		"processing_item_applied": itemApplied,
		"processing_state":        stateCondition,
	}
}

// itemApplied holds when the transformation with the id changed the item.
func itemApplied(s *section) (condition, error) {
	id, err := s.need("processing_item_id")
	return func(s subject) bool { return s.item != nil && s.item.Tagged(id) }, err
}

// ofValues holds when the test does for any of an item's values, or for all.
func ofValues(s *section, test func(v sigma.Value) bool) (condition, error) {
	cond, err := s.oneOf("cond", "any", "all")
	return func(s subject) bool {
		if s.item == nil {
			return false
		}
		values := s.item.Values()
		if cond == "any" {
			return slices.ContainsFunc(values, test)
		}
		return !slices.ContainsFunc(values, func(v sigma.Value) bool { return !test(v) })
	}, err
}

// matchString tests texts by a regular expression that must match at their
// beginning.
func matchString(s *section) (condition, error) {
	re, err := expression(s, "pattern")
	if err != nil {
		return nil, err
	}
	negate, err := s.flag("negate")
	if err != nil {
		return nil, err
	}
	return ofValues(s, func(v sigma.Value) bool {
		text := v.Kind == sigma.TextValue || v.Kind == sigma.PlaceholderValue
		return text && re.MatchString(v.Text) != negate
	})
}

// expression compiles the expression under the key, anchored at the beginning.
func expression(s *section, key string) (*regexp.Regexp, error) {
	text, err := s.need(key)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(`\A(?:` + text + `)`)
	if err != nil {
		return nil, yamltree.Errorf(s.get(key).Line, "%s is not in RE2 syntax: %v", key, err)
	}
	return re, nil
}

func matchValue(s *section) (condition, error) {
	n := s.get("value")
	if n == nil || !n.Scalar() {
		return nil, yamltree.Errorf(s.n.Line, "condition match_value needs a value")
	}
	want := sigma.Value{Kind: sigma.TextValue, Text: n.Text}
	return ofValues(s, want.Same)
}

func containsWildcard(s *section) (condition, error) {
	return ofValues(s, sigma.Value.Wild)
}

func isNull(s *section) (condition, error) {
	return ofValues(s, func(v sigma.Value) bool { return v.Kind == sigma.NullValue })
}

func includeFields(s *section) (condition, error) {
	fields, err := s.list("fields")
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, yamltree.Errorf(s.n.Line, "%s needs fields", s.what)
	}
	mode, err := s.oneOf("mode", "plain", "re")
	if err != nil {
		return nil, err
	}
	if mode == "plain" {
		return func(s subject) bool { return slices.Contains(fields, s.field) }, nil
	}
	var list []*regexp.Regexp
	for _, f := range fields {
		re, err := regexp.Compile(`\A(?:` + f + `)`)
		if err != nil {
			return nil, yamltree.Errorf(s.n.Line, "field %q is not in RE2 syntax: %v", clip(f), err)
		}
		list = append(list, re)
	}
	return func(s subject) bool {
		return s.field != "" && slices.ContainsFunc(list, func(re *regexp.Regexp) bool {
			return re.MatchString(s.field)
		})
	}, nil
}

func excludeFields(s *section) (condition, error) {
	include, err := includeFields(s)
	return func(s subject) bool { return !include(s) }, err
}
