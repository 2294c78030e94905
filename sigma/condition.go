package sigma

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Bounds on one condition.
const (
	maxConditionBytes = 64 << 10
	maxConditionDepth = 100
	maxCounted        = 12 // selections of "2 of x*", which is spelled out
)

// conditionParser reads conditions over named selections. Precedence, from the
// weakest: or, and, not, "x of", parentheses.
type conditionParser struct {
	names map[string]*expr
	order []string // the names as they stand in the rule
	spend func(units, line int) error
	line  int

	tokens []string
	depth  int
}

// parseAll reads the condition, or a list of conditions of which one must hold.
func (c *conditionParser) parseAll(n *yamltree.Node) (*expr, error) {
	list := []*yamltree.Node{n}
	if n.Kind == yamltree.List {
		list = n.Items
	}
	if len(list) == 0 {
		return nil, yamltree.Errorf(n.Line, "condition is an empty list")
	}
	var kids []*expr
	for _, item := range list {
		if item.Kind != yamltree.String {
			return nil, yamltree.Errorf(item.Line, "condition is not text")
		}
		c.line = item.Line
		x, err := c.parse(item.Text)
		if err != nil {
			return nil, withLine(fmt.Errorf("condition: %w", err), item.Line)
		}
		kids = append(kids, x)
	}
	return anyOf(kids), nil
}

// parse reads one condition.
func (c *conditionParser) parse(text string) (*expr, error) {
	if len(text) > maxConditionBytes {
		return nil, yamltree.Errorf(c.line, "longer than %d bytes", maxConditionBytes)
	}
	if strings.Contains(text, "|") {
		return nil, yamltree.Errorf(c.line, "a legacy aggregation must be the only condition; "+
			"write a correlation rule")
	}
	c.tokens, c.depth = splitCondition(text), 0
	x, err := c.or()
	if err != nil {
		return nil, err
	}
	if len(c.tokens) > 0 {
		return nil, yamltree.Errorf(c.line, "unexpected %q", clip(c.tokens[0], 60))
	}
	return x, nil
}

// clip shortens text that goes into a message.
func clip(s string, most int) string {
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// splitCondition cuts the text into parentheses and words.
func splitCondition(text string) []string {
	text = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)
	return strings.Fields(text)
}

// peek returns the next token, "" at the end.
func (c *conditionParser) peek() string {
	if len(c.tokens) == 0 {
		return ""
	}
	return c.tokens[0]
}

// accept takes the next token if it is the word, in any case.
func (c *conditionParser) accept(word string) bool {
	if !strings.EqualFold(c.peek(), word) {
		return false
	}
	c.tokens = c.tokens[1:]
	return true
}

func (c *conditionParser) or() (*expr, error) {
	return c.chain("or", c.and, anyOf)
}

func (c *conditionParser) and() (*expr, error) {
	return c.chain("and", c.not, all)
}

// chain reads operands joined by the word.
func (c *conditionParser) chain(word string, operand func() (*expr, error),
	join func([]*expr) *expr,
) (*expr, error) {
	var kids []*expr
	for {
		x, err := operand()
		if err != nil {
			return nil, err
		}
		kids = append(kids, x)
		if !c.accept(word) {
			return join(kids), nil
		}
	}
}

func (c *conditionParser) not() (*expr, error) {
	if c.depth++; c.depth > maxConditionDepth {
		return nil, yamltree.Errorf(c.line, "nested deeper than %d levels", maxConditionDepth)
	}
	defer func() { c.depth-- }()
	if !c.accept("not") {
		return c.operand()
	}
	x, err := c.not()
	if err != nil {
		return nil, err
	}
	return not(x), nil
}

// operand reads a parenthesis, "x of names" or a name.
func (c *conditionParser) operand() (*expr, error) {
	if c.accept("(") {
		x, err := c.or()
		if err == nil && !c.accept(")") {
			err = yamltree.Errorf(c.line, "missing )")
		}
		return x, err
	}
	word := c.peek()
	if word == "" {
		return nil, yamltree.Errorf(c.line, "ends where a selection is expected")
	}
	if _, named := c.names[word]; !named && (word == ")" || isOperator(word)) {
		return nil, yamltree.Errorf(c.line, "%q stands where a selection is expected", word)
	}
	c.tokens = c.tokens[1:]
	if c.accept("of") {
		return c.of(word)
	}
	if x, ok := c.names[word]; ok {
		return x, nil
	}
	return nil, yamltree.Errorf(c.line, "selection %q is not defined%s", clip(word, 60),
		suggest(word, c.order))
}

// isOperator reports whether the word joins two operands.
func isOperator(word string) bool {
	return strings.EqualFold(word, "and") || strings.EqualFold(word, "or")
}

// of reads the rest of "1 of sel*", "all of them", "2 of x*".
func (c *conditionParser) of(quantity string) (*expr, error) {
	target := c.peek()
	if target == "" {
		return nil, yamltree.Errorf(c.line, "%q of what?", clip(quantity, 60))
	}
	c.tokens = c.tokens[1:]
	kids, err := c.matching(target)
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(quantity) {
	case "all":
		return all(kids), nil
	case "any":
		return anyOf(kids), nil
	}
	n, err := strconv.Atoi(quantity)
	if err != nil || n < 1 || n > len(kids) {
		return nil, yamltree.Errorf(c.line, "%q of %d selections cannot hold", clip(quantity, 60),
			len(kids))
	}
	return atLeast(n, kids, c.line)
}

// matching returns the selections whose names fit the pattern; "them" is every
// name that does not begin with an underscore.
func (c *conditionParser) matching(target string) ([]*expr, error) {
	var kids []*expr
	for _, name := range c.order {
		fits := !strings.HasPrefix(name, "_")
		if !strings.EqualFold(target, "them") {
			fits = fitsName(target, name)
		}
		if fits {
			kids = append(kids, c.names[name])
		}
	}
	if len(kids) == 0 {
		return nil, yamltree.Errorf(c.line, "no selection fits %q", clip(target, 60))
	}
	return kids, c.spend(len(kids), c.line)
}

// fitsName reports whether the name fits a pattern in which only * is special.
func fitsName(target, name string) bool {
	parts := strings.Split(target, "*")
	last := len(parts) - 1
	if last == 0 {
		return name == target
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	for _, part := range parts[1:last] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return ok && strings.HasSuffix(rest, parts[last])
}

// atLeast returns "n of kids" as a disjunction of conjunctions, built from the
// recurrence at(n, k) = k and at(n-1, rest) or at(n, rest), shared by memo.
func atLeast(n int, kids []*expr, line int) (*expr, error) {
	if n == 1 {
		return anyOf(kids), nil
	}
	if n == len(kids) {
		return all(kids), nil
	}
	if len(kids) > maxCounted {
		return nil, yamltree.Errorf(line, "%d of %d selections: more than %d", n, len(kids), maxCounted)
	}
	type key struct{ n, from int }
	memo := map[key]*expr{}
	var at func(n, from int) *expr
	at = func(n, from int) *expr {
		rest := len(kids) - from
		switch {
		case n == 1:
			return anyOf(kids[from:])
		case n == rest:
			return all(kids[from:])
		}
		k := key{n, from}
		if memo[k] == nil {
			with := all([]*expr{kids[from], at(n-1, from+1)})
			memo[k] = anyOf([]*expr{with, at(n, from+1)})
		}
		return memo[k]
	}
	return at(n, 0), nil
}
