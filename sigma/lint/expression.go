package lint

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// term is a node of a condition.
type term struct {
	op   string // and, or, not, name, of
	kids []*term
	name string // of a name
	need int    // of "of": how many of the kids must hold
}

// Bounds on one condition.
const (
	maxConditionBytes = 64 << 10
	maxConditionDepth = 100
)

// expression reads a condition over named selections.
type expression struct {
	names  []string // all selections, in order
	tokens []string
	depth  int

	unknown []string   // names and patterns that fit no selection
	quotas  []quantity // "1 of x*" as they stand
	shouted []string   // operators in capitals
	twice   bool       // "not not"
}

// quantity is one "n of pattern".
type quantity struct {
	number, pattern string
	fits            int
}

var errSyntax = errors.New("syntax")

// parse reads the whole condition.
func (x *expression) parse(text string) (*term, error) {
	if len(text) > maxConditionBytes {
		return nil, fmt.Errorf("%w: longer than %d bytes", errSyntax, maxConditionBytes)
	}
	x.tokens = strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
	t, err := x.chain("or", func() (*term, error) { return x.chain("and", x.not) })
	if err == nil && len(x.tokens) > 0 {
		err = fmt.Errorf("%w: unexpected %q", errSyntax, clip(x.tokens[0]))
	}
	return t, err
}

func (x *expression) peek() string {
	if len(x.tokens) == 0 {
		return ""
	}
	return x.tokens[0]
}

func (x *expression) accept(word string) bool {
	got := x.peek()
	if !strings.EqualFold(got, word) {
		return false
	}
	if got != word {
		x.shouted = append(x.shouted, got)
	}
	x.tokens = x.tokens[1:]
	return true
}

// chain reads operands joined by the word.
func (x *expression) chain(word string, operand func() (*term, error)) (*term, error) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	kids := []*term{first}
	for x.accept(word) {
		next, err := operand()
		if err != nil {
			return nil, err
		}
		kids = append(kids, next)
	}
	if len(kids) == 1 {
		return first, nil
	}
	return &term{op: word, kids: kids}, nil
}

func (x *expression) not() (*term, error) {
	if x.depth++; x.depth > maxConditionDepth {
		return nil, fmt.Errorf("%w: nested deeper than %d levels", errSyntax, maxConditionDepth)
	}
	defer func() { x.depth-- }()
	if !x.accept("not") {
		return x.operand()
	}
	kid, err := x.not()
	if err != nil {
		return nil, err
	}
	x.twice = x.twice || kid.op == "not"
	return &term{op: "not", kids: []*term{kid}}, nil
}

func (x *expression) operand() (*term, error) {
	if x.accept("(") {
		t, err := x.chain("or", func() (*term, error) { return x.chain("and", x.not) })
		if err == nil && !x.accept(")") {
			err = fmt.Errorf("%w: missing )", errSyntax)
		}
		return t, err
	}
	word := x.peek()
	if word == "" || word == ")" {
		return nil, fmt.Errorf("%w: ends where a selection is expected", errSyntax)
	}
	x.tokens = x.tokens[1:]
	if strings.EqualFold(x.peek(), "of") {
		x.accept("of")
		return x.of(word)
	}
	if !contains(x.names, word) {
		x.unknown = append(x.unknown, word)
	}
	return &term{op: "name", name: word}, nil
}

// of reads the rest of "1 of sel*", "all of them".
func (x *expression) of(number string) (*term, error) {
	pattern := x.peek()
	if pattern == "" || pattern == ")" {
		return nil, fmt.Errorf("%w: %q of what?", errSyntax, clip(number))
	}
	x.tokens = x.tokens[1:]
	t := &term{op: "of"}
	for _, name := range x.names {
		fits, err := path.Match(pattern, name)
		if err != nil {
			return nil, fmt.Errorf("%w: bad pattern %q", errSyntax, clip(pattern))
		}
		if fits || strings.EqualFold(pattern, "them") && !strings.HasPrefix(name, "_") {
			t.kids = append(t.kids, &term{op: "name", name: name})
		}
	}
	if len(t.kids) == 0 {
		x.unknown = append(x.unknown, pattern)
	}
	x.quotas = append(x.quotas, quantity{strings.ToLower(number), pattern, len(t.kids)})
	switch strings.ToLower(number) {
	case "all":
		t.need = len(t.kids)
	case "any":
		t.need = 1
	default:
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%w: %q is no number of selections", errSyntax, clip(number))
		}
		t.need = n
	}
	return t, nil
}

// used returns the selections that the condition names.
func (t *term) used(into map[string]bool) {
	if t.op == "name" {
		into[t.name] = true
	}
	for _, k := range t.kids {
		k.used(into)
	}
}

// holds evaluates the condition where the selections in the set hold.
func (t *term) holds(set map[string]bool) bool {
	switch t.op {
	case "name":
		return set[t.name]
	case "not":
		return !t.kids[0].holds(set)
	}
	n := 0
	for _, k := range t.kids {
		if k.holds(set) {
			n++
		}
	}
	switch t.op {
	case "and":
		return n == len(t.kids)
	case "or":
		return n > 0
	}
	return n >= t.need
}

// underNot adds the selections that stand under a "not".
func (t *term) underNot(not bool, into map[string]bool) {
	if t.op == "name" && not {
		into[t.name] = true
	}
	for _, k := range t.kids {
		k.underNot(not || t.op == "not", into)
	}
}
