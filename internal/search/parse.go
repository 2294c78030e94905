package search

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// parser reads a query from left to right.
type parser struct {
	src   string
	pos   int
	depth int
	terms int
	field *field // inside field:( … )
	open  int    // how many parentheses are open

	now     time.Time         // what relative times count back from
	set     map[string]string // values of parameters; nil: $name is text
	used    map[string]bool   // parameters that were read
	collect bool              // parameters need no value yet
	hole    bool              // the value being read holds one without a value
	judged  []judged          // values that safeguard has to see
}

// Parse reads a query without stages; the empty one matches every event. Errors
// are *SyntaxError. The language is described in docs/query-language.md.
func Parse(src string) (*Query, error) {
	pl, err := ParsePipeline(src, Options{})
	if err != nil {
		return nil, err
	}
	if pl.Piped() {
		return nil, fault(pl.pipe, len(src), "leave the pipe out", "only events can be asked for here")
	}
	return pl.Query, nil
}

// ParseOwn reads a query that the program made of values it found in events. No
// person asked for them, so package safeguard does not judge them.
func ParseOwn(src string) (*Query, error) {
	p, err := newParser(src)
	if err != nil {
		return nil, err
	}
	q, err := p.query()
	if err == nil && !p.end() {
		return nil, fault(p.pos, p.pos+1, "", "only events can be asked for here")
	}
	return q, err
}

func newParser(src string) (*parser, error) {
	if len(src) > MaxQueryBytes {
		return nil, fault(MaxQueryBytes, len(src), "",
			"the query is longer than %d bytes", MaxQueryBytes)
	}
	for i, r := range src {
		if r == utf8.RuneError && !strings.HasPrefix(src[i:], "\uFFFD") {
			return nil, fault(i, i+1, "", "the query is not UTF-8 text")
		}
	}
	return &parser{src: src, now: time.Now().UTC()}, nil
}

// query reads the conditions, up to the first pipe.
func (p *parser) query() (*Query, error) {
	if p.space(); p.end() || p.at('|') {
		return &Query{}, nil
	}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.end() && !p.at('|') {
		return nil, fault(p.pos, p.pos+1, "quote it to search for it",
			"this parenthesis closes nothing")
	}
	return &Query{root: root}, nil
}

func (p *parser) end() bool { return p.pos >= len(p.src) }

func (p *parser) at(c byte) bool { return p.pos < len(p.src) && p.src[p.pos] == c }

func isSpace(r rune) bool { return unicode.IsSpace(r) }

// space skips white space and reports whether there was any.
func (p *parser) space() bool {
	rest := strings.TrimLeftFunc(p.src[p.pos:], isSpace)
	skipped := len(rest) < len(p.src)-p.pos
	p.pos = len(p.src) - len(rest)
	return skipped
}

// keyword reports whether the operator stands here, as a word of its own.
func (p *parser) keyword(word string) bool {
	rest, ok := strings.CutPrefix(p.src[p.pos:], word)
	if !ok {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || isSpace(r) || strings.ContainsRune(`()"`, r)
}

// skip steps over an operator that keyword has seen.
func (p *parser) skip(word string) {
	p.pos += len(word)
	p.space()
}

func (p *parser) or() (node, error) {
	left, err := p.and()
	for err == nil && p.keyword("OR") {
		p.skip("OR")
		var right node
		if right, err = p.and(); err == nil {
			left = either(left, right)
		}
	}
	return left, err
}

func (p *parser) and() (node, error) {
	left, err := p.unary()
	for err == nil {
		p.space()
		if p.end() || p.at(')') || p.at('|') || p.keyword("OR") {
			break
		}
		if p.keyword("AND") {
			p.skip("AND")
		} else if p.field != nil {
			return nil, fault(p.pos, p.pos, "write OR or AND", "two values follow one another")
		}
		var right node
		if right, err = p.unary(); err == nil {
			left = both(left, right)
		}
	}
	return left, err
}

func (p *parser) unary() (node, error) {
	start := p.pos
	switch {
	case p.keyword("NOT"):
		p.skip("NOT")
	case p.at('-'):
		p.pos++
		if r, _ := utf8.DecodeRuneInString(p.src[p.pos:]); p.end() || isSpace(r) {
			return nil, fault(start, p.pos, `write -word, or "-" for the text`,
				"the minus excludes nothing")
		}
	default:
		return p.primary()
	}
	if err := p.deeper(start); err != nil {
		return nil, err
	}
	kid, err := p.unary()
	p.depth--
	if err != nil {
		return nil, err
	}
	return negate(kid), nil
}

func (p *parser) deeper(start int) error {
	if p.depth++; p.depth > MaxDepth {
		return fault(start, start+1, "", "the query is nested deeper than %d levels", MaxDepth)
	}
	return nil
}

func (p *parser) primary() (node, error) {
	for _, word := range []string{"AND", "OR"} {
		if p.keyword(word) {
			return nil, fault(p.pos, p.pos+len(word), "", "%s needs a term before it", word)
		}
	}
	switch {
	case p.end():
		return nil, fault(p.pos, p.pos, "", "a term is missing at the end")
	case p.at('|'):
		return nil, fault(p.pos, p.pos+1, "quote it to search for it", "a term is missing before the pipe")
	case p.at(')'):
		return nil, p.closing()
	case p.at('('):
		return p.parens()
	case p.field != nil:
		return p.fieldValue(p.field)
	}
	if name := p.fieldName(); name != "" {
		start := p.pos
		f, err := findField(name, start, start+len(name))
		if err != nil {
			return nil, err
		}
		p.pos += len(name) + 1
		return p.fieldTerm(f, start)
	}
	return p.text()
}

// closing says what is wrong about a parenthesis where a term is expected.
func (p *parser) closing() error {
	if p.open == 0 {
		return fault(p.pos, p.pos+1, "quote it to search for it",
			"this parenthesis closes nothing")
	}
	return fault(p.pos, p.pos+1, "", "a term is missing before the parenthesis")
}

// parens reads ( … ) with the opening parenthesis here.
func (p *parser) parens() (node, error) {
	start := p.pos
	if err := p.deeper(start); err != nil {
		return nil, err
	}
	p.pos++
	p.open++
	p.space()
	if p.at(')') {
		return nil, fault(start, p.pos+1, "", "the parentheses are empty")
	}
	if p.end() {
		return nil, fault(start, start+1, "add )", "the parenthesis is not closed")
	}
	kid, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.at(')') {
		return nil, fault(start, start+1, "add )", "the parenthesis is not closed")
	}
	p.pos++
	p.open--
	p.depth--
	return kid, p.boundary()
}

// boundary reports text that sticks to the end of a term.
func (p *parser) boundary() error {
	if r, _ := utf8.DecodeRuneInString(p.src[p.pos:]); p.end() || isSpace(r) || r == ')' || r == '|' {
		return nil
	}
	return fault(p.pos, p.pos+1, "add a space, or quote the whole value",
		"text follows without a space")
}

// fieldName returns the name when a field stands here: letters, digits, "_"
// and "." up to a colon. It does not move.
func (p *parser) fieldName() string {
	for i := p.pos; i < len(p.src); i++ {
		c := p.src[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		inner := i > p.pos && (c >= '0' && c <= '9' || c == '.')
		if !letter && !inner {
			if c == ':' {
				return p.src[p.pos:i]
			}
			break
		}
	}
	return ""
}

// fieldTerm reads what follows the colon of a field that began at start.
func (p *parser) fieldTerm(f *field, start int) (node, error) {
	if !p.at('(') {
		return p.fieldValue(f)
	}
	p.field = f
	kid, err := p.parens()
	p.field = nil
	return kid, err
}
