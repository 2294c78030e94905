package search

import (
	"maps"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/search/plain"
)

// maxParameter bounds the value of a parameter in bytes.
const maxParameter = 4096

// parameter returns the name when the word from start to here is a parameter:
// $ and a name of letters, digits and "_". In a query that is not a saved one,
// the word is text.
func (p *parser) parameter(start int) (string, bool) {
	name, ok := strings.CutPrefix(p.src[start:p.pos], "$")
	return name, ok && (p.set != nil || p.collect) && isParameter(name)
}

func isParameter(name string) bool {
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

// valueOf returns the value of a parameter whose word began at start. The value
// is taken literally, whatever is in it: it cannot become an operator.
func (p *parser) valueOf(name string, start int) (string, error) {
	p.used[name] = true
	if p.collect {
		p.hole = true
		return "1", nil
	}
	text, ok := p.set[name]
	switch {
	case !ok:
		return "", fault(start, p.pos, "give it: --set "+name+"=…", "the parameter $%s has no value", name)
	case text == "":
		return "", fault(start, p.pos, "", "the value of $%s is empty", name)
	case len(text) > maxParameter:
		return "", fault(start, p.pos, "", "the value of $%s is longer than %d bytes", name, maxParameter)
	}
	return plain.Column(text), nil
}

// unused returns a fault for a value that no parameter takes.
func (p *parser) unused() error {
	for _, name := range slices.Sorted(maps.Keys(p.set)) {
		if !p.used[name] {
			return fault(0, len(p.src), "leave it out", "the query has no parameter $%.64s", name)
		}
	}
	return nil
}

// Parameters returns the names of the parameters in the text of a saved search,
// sorted. Errors are *SyntaxError; whether a value fits its place is judged
// when it is given.
func Parameters(src string) ([]string, error) {
	p, err := newParser(src)
	if err != nil {
		return nil, err
	}
	p.collect, p.used = true, map[string]bool{}
	if _, err := p.pipeline(); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(p.used)), nil
}
