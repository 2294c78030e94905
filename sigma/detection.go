package sigma

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

// ruleParser reads the detection section of one rule.
type ruleParser struct {
	loader   *Loader
	warnings []string
	values   int // values so far, bounded by yamltree.MaxNodes
}

// warn notes a deviation from the specification that keeps the rule's meaning.
func (r *ruleParser) warn(line int, format string, args ...any) {
	if len(r.warnings) < 20 {
		r.warnings = append(r.warnings, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	}
}

// selections reads the search identifiers and the condition over them.
func (r *ruleParser) detection(n *yamltree.Node) (*expr, error) {
	if n == nil || n.Kind != yamltree.Map {
		return nil, yamltree.Errorf(n.At(), "detection is not a map")
	}
	if t := n.Get("timeframe"); t != nil {
		return nil, yamltree.Errorf(t.Line, "timeframe belongs to a legacy aggregation; "+
			"write a correlation rule (not supported yet)")
	}
	cond := conditionParser{names: map[string]*expr{}}
	var condition *yamltree.Node
	for _, e := range n.Entries {
		if e.Key == "condition" {
			condition = e.Val
			continue
		}
		x, err := r.selection(e.Val)
		if err != nil {
			return nil, fmt.Errorf("selection %q: %w", e.Key, err)
		}
		x.label, x.line = e.Key, e.Line
		cond.names[e.Key] = x
		cond.order = append(cond.order, e.Key)
	}
	if condition == nil {
		return nil, yamltree.Errorf(n.Line, "detection has no condition")
	}
	return cond.parseAll(condition)
}

// selection reads one search identifier: a map (all items hold), a list of
// maps (one holds) or a list of keywords (one occurs).
func (r *ruleParser) selection(n *yamltree.Node) (*expr, error) {
	switch n.Kind {
	case yamltree.Map:
		return r.items(n)
	case yamltree.List:
		if len(n.Items) == 0 {
			return nil, yamltree.Errorf(n.Line, "empty list")
		}
		var kids []*expr
		for _, item := range n.Items {
			x, err := r.selection(item)
			if err != nil {
				return nil, err
			}
			kids = append(kids, x)
		}
		return anyOf(kids), nil
	case yamltree.Null:
		return nil, yamltree.Errorf(n.Line, "empty search identifier")
	}
	return r.item("", nil, n)
}

// items reads a map of fields to values.
func (r *ruleParser) items(n *yamltree.Node) (*expr, error) {
	if len(n.Entries) == 0 {
		return nil, yamltree.Errorf(n.Line, "empty map")
	}
	var kids []*expr
	for _, e := range n.Entries {
		parts := strings.Split(e.Key, "|")
		c, err := parseChain(parts[1:], e.Line)
		if err != nil {
			return nil, err
		}
		field := strings.ReplaceAll(parts[0], " ", "")
		x, err := r.item(field, c, e.Val)
		if err != nil {
			return nil, err
		}
		kids = append(kids, x)
	}
	return all(kids), nil
}

// item reads one field with its modifiers and its value or values.
func (r *ruleParser) item(field string, c chain, n *yamltree.Node) (*expr, error) {
	values := []*yamltree.Node{n}
	if n.Kind == yamltree.List {
		values = n.Items
	}
	if len(values) == 0 {
		return nil, yamltree.Errorf(n.Line, "field %q has an empty list of values", field)
	}
	if c.has("all") && len(values) == 1 {
		r.warn(n.Line, "modifier all on a single value")
	}
	var kids []*expr
	for _, v := range values {
		if r.values++; r.values > yamltree.MaxNodes {
			return nil, yamltree.Errorf(v.Line, "more than %d values", yamltree.MaxNodes)
		}
		x, err := r.value(field, c, v)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", field, withLine(err, v.Line))
		}
		kids = append(kids, x)
	}
	if c.has("all", "neq") {
		return all(kids), nil
	}
	return anyOf(kids), nil
}

// withLine gives an error without a line the line.
func withLine(err error, line int) error {
	if yamltree.LineOf(err, 0) > 0 {
		return err
	}
	return &yamltree.Error{Line: line, Text: err.Error()}
}

// value reads one value of an item; neq negates it.
func (r *ruleParser) value(field string, c chain, v *yamltree.Node) (*expr, error) {
	if v.Kind >= yamltree.List {
		return nil, yamltree.Errorf(v.Line, "a value is a list or a map")
	}
	x, err := r.positive(field, c, v)
	if err != nil || !c.has("neq") {
		return x, err
	}
	if c.main() != classRef {
		return not(x), nil
	}
	// A comparison of two fields needs both.
	isNull := func(name string) *expr {
		return &expr{pred: &predicate{field: name, kind: predNull}}
	}
	return all([]*expr{not(isNull(field)), not(isNull(fieldName(v.Text))), not(x)}), nil
}

// fieldName returns the name as events have it: rules may add spaces.
func fieldName(name string) string { return strings.ReplaceAll(name, " ", "") }

// positive reads one value without regard to neq.
func (r *ruleParser) positive(field string, c chain, v *yamltree.Node) (*expr, error) {
	main := c.main()
	if field == "" && (main == classExists || main == classRef || v.Kind == yamltree.Null) {
		return nil, yamltree.Errorf(v.Line, "exists, fieldref and null need a field name")
	}
	p := &predicate{field: field}
	var err error
	switch {
	case main == classExists:
		return existsExpr(p, v)
	case v.Kind == yamltree.Null:
		if !onlyLinks(c) {
			return nil, yamltree.Errorf(v.Line, "null takes no modifier")
		}
		p.kind = predNull
	case main == classRegex:
		p.kind = predRegex
		p.re, err = compileRegex(c, v.Text)
	case main == classCIDR:
		ok := false
		p.kind = predCIDR
		if p.prefix, ok = parsePrefix(v.Text); !ok {
			err = fmt.Errorf("%q is not a network in CIDR notation", v.Text)
		}
	case main == classNumber || main == classTime:
		err = comparison(p, c, v)
	case main == classRef:
		p.kind, p.other, p.cased = predField, fieldName(v.Text), c.has("cased")
		p.relation = relations[c.place()]
		if p.other == "" {
			err = fmt.Errorf("fieldref names no field")
		}
	default:
		return r.stringExpr(p, c, v)
	}
	if err != nil {
		return nil, err
	}
	p.key()
	return &expr{pred: p}, nil
}

var relations = map[string]relation{
	"contains": relContains, "startswith": relStarts, "endswith": relEnds,
}

// onlyLinks reports whether the chain leaves the value as it is.
func onlyLinks(c chain) bool {
	for _, m := range c {
		if m != "all" && m != "neq" && m != "cased" {
			return false
		}
	}
	return true
}

func existsExpr(p *predicate, v *yamltree.Node) (*expr, error) {
	p.kind = predExists
	switch {
	case v.Kind == yamltree.Bool && v.Text == "true":
		return &expr{pred: p}, nil
	case v.Kind == yamltree.Bool:
		return not(&expr{pred: p}), nil
	}
	return nil, yamltree.Errorf(v.Line, "exists needs true or false")
}

// comparison reads the operand of lt, lte, gt, gte and of the time parts.
func comparison(p *predicate, c chain, v *yamltree.Node) error {
	p.kind, p.op = predNumber, opEq
	for _, m := range c {
		if part, ok := timeParts[m]; ok {
			p.kind, p.part = predTime, part
		}
		if op, ok := compareOps[m]; ok {
			p.op = op
		}
	}
	ok := false
	if p.operand, ok = parseNumber(v.Text); !ok {
		return fmt.Errorf("%q is not a number", v.Text)
	}
	return nil
}

// compileRegex compiles the value in RE2 syntax with the chain's flags. A
// placing modifier anchors it; else it may match anywhere.
func compileRegex(c chain, text string) (*regexp.Regexp, error) {
	flags := ""
	for _, m := range c {
		if modifiers[m] == classFlag {
			flags += m
		}
	}
	switch c.place() {
	case "startswith":
		text = `\A(?:` + text + `)`
	case "endswith":
		text = `(?:` + text + `)\z`
	}
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("regular expression is not in RE2 syntax: %w", err)
	}
	return re, nil
}

// stringExpr reads a string, number or boolean that is compared as text.
func (r *ruleParser) stringExpr(p *predicate, c chain, v *yamltree.Node) (*expr, error) {
	texts := []string{v.Text}
	if c.has("expand") {
		var err error
		if texts, err = r.loader.placeholders(v.Text); err != nil {
			return nil, err
		}
	}
	var alternatives []pattern
	for _, text := range texts {
		alternatives = append(alternatives, parsePattern(textmatch.ValidText(text)))
	}
	for _, m := range c {
		var next []pattern
		for _, a := range alternatives {
			t, err := transform(m, a)
			if err != nil {
				return nil, err
			}
			next = append(next, t...)
		}
		alternatives = next
	}
	var kids []*expr
	for _, a := range alternatives {
		if err := checkText(a); err != nil {
			return nil, err
		}
		kids = append(kids, &expr{pred: stringPredicate(p.field, a, c.has("cased"))})
	}
	return anyOf(kids), nil
}

// stringPredicate builds the test of a pattern; a keyword may stand anywhere
// in a value.
func stringPredicate(field string, p pattern, cased bool) *predicate {
	if field == "" {
		p = p.around(true, true)
	}
	out := &predicate{field: field, kind: predString, cased: cased, pat: p, folded: p}
	if !cased {
		out.folded = p.mapText(textmatch.Fold)
	}
	out.key() // here, where rules are read in parallel
	return out
}
