package processing

import (
	"slices"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

// subject is what a condition looks at: a rule, possibly one detection item of
// it and a field name.
type subject struct {
	run   *run
	item  *sigma.Item
	field string
}

// condition is one test of a subject.
type condition func(s subject) bool

// conditionReader reads the parameters of a condition.
type conditionReader func(s *section) (condition, error)

// conditions are linked by and, by or, or by an expression over their names.
type conditions struct {
	list   []condition
	anyOf  bool
	negate bool
	expr   condition // over the named conditions
}

// holds reports whether the subject fits; without conditions every one does.
func (c *conditions) holds(s subject) bool {
	if c == nil {
		return true
	}
	return c.linked(s) != c.negate
}

func (c *conditions) linked(s subject) bool {
	if c.expr != nil {
		return c.expr(s)
	}
	if c.anyOf {
		return slices.ContainsFunc(c.list, func(one condition) bool { return one(s) })
	}
	return !slices.ContainsFunc(c.list, func(one condition) bool { return !one(s) })
}

// readConditions reads prefix_conditions and how they are linked.
func readConditions(s *section, prefix string, kinds map[string]conditionReader) (
	*conditions, error,
) {
	n := s.get(prefix + "_conditions")
	op, err := s.oneOf(prefix+"_cond_op", "and", "or")
	if err != nil {
		return nil, err
	}
	out := &conditions{anyOf: op == "or"}
	if out.negate, err = s.flag(prefix + "_cond_not"); err != nil {
		return nil, err
	}
	expr := s.get(prefix + "_cond_expr")
	if long := s.get(prefix + "_cond_expression"); expr == nil {
		expr = long
	}
	if n == nil {
		if expr != nil {
			return nil, yamltree.Errorf(expr.Line, "%s_cond_expr without %s_conditions", prefix, prefix)
		}
		return nil, nil
	}
	if n.Kind == yamltree.List {
		if expr != nil {
			return nil, yamltree.Errorf(expr.Line, "%s_cond_expr needs named conditions: a map", prefix)
		}
		return out, out.readList(n, kinds)
	}
	return out, out.readNamed(n, expr, kinds)
}

func (c *conditions) readList(n *yamltree.Node, kinds map[string]conditionReader) error {
	for _, e := range n.Items {
		one, err := readCondition(e, kinds)
		if err != nil {
			return err
		}
		c.list = append(c.list, one)
	}
	return nil
}

// readNamed reads a map of conditions; with an expression, it links them.
func (c *conditions) readNamed(n, expr *yamltree.Node, kinds map[string]conditionReader) error {
	if n.Kind != yamltree.Map {
		return yamltree.Errorf(n.Line, "conditions are not a list or a map")
	}
	named := map[string]condition{}
	for _, e := range n.Entries {
		one, err := readCondition(e.Val, kinds)
		if err != nil {
			return err
		}
		named[e.Key] = one
		c.list = append(c.list, one)
	}
	if expr == nil {
		return nil
	}
	p := expressionParser{named: named, line: expr.Line}
	var err error
	c.expr, err = p.parse(expr.Text)
	return err
}

func readCondition(n *yamltree.Node, kinds map[string]conditionReader) (condition, error) {
	if n.Kind != yamltree.Map {
		return nil, yamltree.Errorf(n.Line, "condition is not a map")
	}
	s := newSection(n, "condition")
	kind := s.text("type")
	read, ok := kinds[kind]
	if !ok {
		var names []string
		for name := range kinds {
			names = append(names, name)
		}
		slices.Sort(names)
		hint := ""
		if near := textmatch.Nearest(kind, names); near != "" {
			hint = "; did you mean " + near + "?"
		}
		return nil, yamltree.Errorf(n.Line, "unknown condition %q%s", clip(kind), hint)
	}
	s.what = "condition " + kind
	c, err := read(s)
	if err != nil {
		return nil, err
	}
	return c, s.done()
}

// compare relates two texts: as numbers where both are, else by rank in order,
// else as texts.
func compare(op, a, b string, order []string) bool {
	c := strings.Compare(a, b)
	x, errA := strconv.ParseFloat(a, 64)
	y, errB := strconv.ParseFloat(b, 64)
	if errA == nil && errB == nil {
		c = 0
		if x != y {
			c = map[bool]int{true: -1, false: 1}[x < y]
		}
	} else if i, j := slices.Index(order, a), slices.Index(order, b); i >= 0 && j >= 0 {
		c = i - j
	}
	switch op {
	case "ne":
		return c != 0
	case "lt":
		return c < 0
	case "lte":
		return c <= 0
	case "gt":
		return c > 0
	case "gte":
		return c >= 0
	}
	return c == 0
}
