package processing

import (
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// expressionParser reads "a and not (b or c)" over named conditions.
type expressionParser struct {
	named  map[string]condition
	line   int
	tokens []string
	depth  int
}

// maxExpressionDepth bounds parentheses and negations.
const maxExpressionDepth = 50

func (p *expressionParser) parse(text string) (condition, error) {
	p.tokens = strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
	c, err := p.or()
	if err == nil && len(p.tokens) > 0 {
		err = yamltree.Errorf(p.line, "condition expression: unexpected %q", clip(p.tokens[0]))
	}
	return c, err
}

// accept takes the next token if it is the word.
func (p *expressionParser) accept(word string) bool {
	if len(p.tokens) == 0 || !strings.EqualFold(p.tokens[0], word) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *expressionParser) or() (condition, error) {
	left, err := p.and()
	for err == nil && p.accept("or") {
		var right condition
		a := left
		if right, err = p.and(); err == nil {
			left = func(s subject) bool { return a(s) || right(s) }
		}
	}
	return left, err
}

func (p *expressionParser) and() (condition, error) {
	left, err := p.not()
	for err == nil && p.accept("and") {
		var right condition
		a := left
		if right, err = p.not(); err == nil {
			left = func(s subject) bool { return a(s) && right(s) }
		}
	}
	return left, err
}

func (p *expressionParser) not() (condition, error) {
	if p.depth++; p.depth > maxExpressionDepth {
		return nil, yamltree.Errorf(p.line, "condition expression is nested too deep")
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("not"):
		c, err := p.not()
		return func(s subject) bool { return !c(s) }, err
	case p.accept("("):
		c, err := p.or()
		if err == nil && !p.accept(")") {
			err = yamltree.Errorf(p.line, "condition expression: missing )")
		}
		return c, err
	case len(p.tokens) == 0:
		return nil, yamltree.Errorf(p.line, "condition expression ends too early")
	}
	name := p.tokens[0]
	p.tokens = p.tokens[1:]
	c, ok := p.named[name]
	if !ok {
		return nil, yamltree.Errorf(p.line, "condition expression: %q is not defined", clip(name))
	}
	return c, nil
}
