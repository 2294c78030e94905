package processing

import (
	"regexp"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

// valueMap puts other values in the place of an item's.
type valueMap struct {
	to func(v sigma.Value) []sigma.Value // nil keeps the value
}

func (t valueMap) apply(x *run, it *item) error {
	return x.edit(it, func(sigma.Item) (sigma.Edit, error) {
		return sigma.Edit{Map: func(v sigma.Value) ([]sigma.Value, error) { return t.to(v), nil }}, nil
	})
}

// ofTexts is a valueMap that leaves all but texts as they are.
func ofTexts(to func(v sigma.Value) []sigma.Value) valueMap {
	return valueMap{func(v sigma.Value) []sigma.Value {
		if v.Kind != sigma.TextValue {
			return nil
		}
		return to(v)
	}}
}

// changed returns the value as a replacement if it is one.
func changed(old, v sigma.Value) []sigma.Value {
	if v == old {
		return nil
	}
	return []sigma.Value{v}
}

// readReplaceString replaces what an expression matches. It sees the value in
// Sigma's notation; with skip_special only the text between wildcards.
func readReplaceString(_ *reader, s *section) (transformation, error) {
	pattern, err := s.need("regex")
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, yamltree.Errorf(s.get("regex").Line, "regex is not in RE2 syntax: %v", err)
	}
	replacement, err := s.need("replacement")
	if err != nil {
		return nil, err
	}
	template := expansion(replacement)
	skip, err := s.flag("skip_special")
	if err != nil {
		return nil, err
	}
	interpret, err := s.flag("interpret_special")
	replace := func(text string) string { return re.ReplaceAllString(text, template) }
	return ofTexts(func(v sigma.Value) []sigma.Value {
		if skip {
			return changed(v, v.MapText(replace, interpret))
		}
		return changed(v, sigma.Value{Kind: v.Kind, Text: replace(v.Text)})
	}), err
}

// group is a reference to a group in a replacement, as Python writes it.
var group = regexp.MustCompile(`\\(?:([0-9]{1,2})|g<(\w+)>|(\\))`)

// expansion turns a replacement with \1, \g<name> and \\ into Go's notation.
func expansion(replacement string) string {
	replacement = strings.ReplaceAll(replacement, "$", "$$")
	return group.ReplaceAllStringFunc(replacement, func(m string) string {
		parts := group.FindStringSubmatch(m)
		if parts[3] != "" {
			return `\`
		}
		return "${" + parts[1] + parts[2] + "}"
	})
}

// readMapString maps whole values to one or more others, case apart.
func readMapString(_ *reader, s *section) (transformation, error) {
	mapping, err := s.lists("mapping")
	if err != nil {
		return nil, err
	}
	if len(mapping) == 0 {
		return nil, yamltree.Errorf(s.n.Line, "map_string needs a map under mapping")
	}
	var keys []string
	for from := range mapping {
		keys = append(keys, from)
	}
	slices.Sort(keys)
	return ofTexts(func(v sigma.Value) []sigma.Value {
		for _, from := range keys {
			if !v.Same(sigma.Value{Kind: sigma.TextValue, Text: from}) {
				continue
			}
			var out []sigma.Value
			for _, to := range mapping[from] {
				out = append(out, sigma.Value{Kind: sigma.TextValue, Text: to})
			}
			return out
		}
		return nil
	}), nil
}

// readSetValue puts one value in the place of all.
func readSetValue(_ *reader, s *section) (transformation, error) {
	if _, err := s.oneOf("force_type", "", "str", "num"); err != nil {
		return nil, err
	}
	s.keys = append(s.keys, "value")
	n := s.n.Get("value")
	if n == nil || !n.Scalar() {
		return nil, yamltree.Errorf(s.n.Line, "set_value needs a text, a number or null under value")
	}
	v := sigma.Value{Kind: sigma.TextValue, Text: n.Text}
	if n.Kind == yamltree.Null {
		v = sigma.Value{Kind: sigma.NullValue}
	}
	return valueMap{func(sigma.Value) []sigma.Value { return []sigma.Value{v} }}, nil
}

// readCase changes the case of texts, which matters for cased values only.
func readCase(_ *reader, s *section) (transformation, error) {
	method, err := s.oneOf("method", "lower", "upper", "snake_case")
	return ofTexts(func(v sigma.Value) []sigma.Value {
		return changed(v, v.MapText(func(text string) string { return spelled(method, text) }, false))
	}), err
}

// filled returns a copy of a search with $category, $product and $service
// replaced in its values.
func filled(n *yamltree.Node, l sigma.Logsource) *yamltree.Node {
	out := *n
	out.Text = strings.NewReplacer(
		"${category}", l.Category, "$category", l.Category,
		"${product}", l.Product, "$product", l.Product,
		"${service}", l.Service, "$service", l.Service,
	).Replace(n.Text)
	out.Items, out.Entries = nil, nil
	for _, i := range n.Items {
		out.Items = append(out.Items, filled(i, l))
	}
	for _, e := range n.Entries {
		e.Val = filled(e.Val, l)
		out.Entries = append(out.Entries, e)
	}
	return &out
}
