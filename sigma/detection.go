package sigma

import (
	"fmt"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

// ruleParser reads the detection section of one rule.
type ruleParser struct {
	loader   *Loader
	within   string // before the labels of search identifiers
	warnings []string
	spent    *int         // what the file's tests cost so far: see spend
	legacy   *aggregation // of the condition
	expands  bool         // a value has placeholders
}

// Bounds on what a rule file becomes: a small file may stand for very much.
const (
	maxValueBytes = 64 << 10
	maxFileCost   = 2_000_000 // units of about 40 bytes
	testCost      = 10        // of one test without its text
)

// spend counts what tests cost in memory, in units of about 40 bytes.
func (r *ruleParser) spend(units, line int) error {
	if r.spent == nil {
		r.spent = new(int)
	}
	if *r.spent += units; *r.spent > maxFileCost {
		return yamltree.Errorf(line, "the file's rules are too large once modifiers and repetitions "+
			"are written out")
	}
	return nil
}

// textCost is what the tests of an expression cost.
func textCost(e *expr) int {
	cost := 0
	for _, k := range e.kids {
		cost += textCost(k)
	}
	if e.pred == nil {
		return cost
	}
	for _, t := range e.pred.pat {
		cost += len(t.text) / 16 // as written and folded
	}
	return cost + testCost
}

// warn notes a deviation from the specification that keeps the rule's meaning.
func (r *ruleParser) warn(line int, format string, args ...any) {
	m := Meta{Warnings: r.warnings}
	m.warn(line, format, args...)
	r.warnings = m.Warnings
}

// detection reads the detection section of a rule.
func (r *ruleParser) detection(n *yamltree.Node) (*expr, error) {
	if n == nil || n.Kind != yamltree.Map {
		return nil, yamltree.Errorf(n.At(), "detection is not a map")
	}
	frame := n.Get("timeframe")
	x, err := r.search(n, "timeframe")
	if err != nil {
		return nil, err
	}
	switch {
	case r.legacy != nil:
		r.legacy.timeframe = frame
	case frame != nil:
		r.warn(frame.Line, "timeframe has no effect without an aggregation")
	}
	return x, nil
}

// search reads the search identifiers of a section and the condition over
// them. The key other is none.
func (r *ruleParser) search(n *yamltree.Node, other string) (*expr, error) {
	cond := conditionParser{names: map[string]*expr{}, spend: r.spend}
	var condition *yamltree.Node
	for _, e := range n.Entries {
		switch e.Key {
		case "condition":
			condition = e.Val
			continue
		case other:
			continue
		}
		x, err := r.selection(e.Val)
		if err != nil {
			return nil, fmt.Errorf("selection %q: %w", clip(e.Key, 60), err)
		}
		x.label, x.line = r.within+e.Key, e.Line
		cond.names[e.Key] = x
		cond.order = append(cond.order, e.Key)
	}
	if condition == nil {
		return nil, yamltree.Errorf(n.Line, "detection has no condition%s", meant(n, "condition"))
	}
	if condition.Kind == yamltree.String {
		text, legacy, err := cutAggregation(condition.Text, condition.Line)
		if err != nil {
			return nil, err
		}
		r.legacy = legacy
		condition = &yamltree.Node{Kind: yamltree.String, Text: text, Line: condition.Line}
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
		if len(v.Text) > maxValueBytes {
			return nil, yamltree.Errorf(v.Line, "field %q has a value of %d bytes, more than %d", field,
				len(v.Text), maxValueBytes)
		}
		x, err := r.value(field, c, v)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", field, withLine(err, v.Line))
		}
		if err := r.spend(textCost(x), v.Line); err != nil {
			return nil, err
		}
		kids = append(kids, x)
	}
	x := anyOf(kids)
	if c.has("all", "neq") {
		x = all(kids)
	}
	x.item = &item{field: field, line: n.Line}
	return x, nil
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
	if field == "" && main == classText && c.has("startswith", "endswith") {
		return nil, yamltree.Errorf(v.Line, "startswith and endswith need a field name; keywords are "+
			"searched anywhere in a value")
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
		steps := 0
		p.kind = predRegex
		if p.re, steps, err = compileRegex(c, v.Text); err == nil {
			err = r.spend(steps, v.Line)
		}
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

// stringExpr reads a string, number or boolean that is compared as text.
func (r *ruleParser) stringExpr(p *predicate, c chain, v *yamltree.Node) (*expr, error) {
	if c.has("expand") {
		r.expands = true
		l := &late{field: p.field, chain: c, text: v.Text, line: v.Line, known: r.loader.Placeholders}
		return l.expr()
	}
	return stringValues(p.field, c, []string{v.Text})
}

// stringValues returns the test for any of some values under the modifiers of
// the chain.
func stringValues(field string, c chain, texts []string) (*expr, error) {
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
		kids = append(kids, &expr{pred: stringPredicate(field, a, c.has("cased"))})
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
	return out
}
