package search

import (
	"strings"
	"unicode/utf8"

	"github.com/evident-sec/evident/internal/search/glob"
)

// fieldValue reads one value of a field.
func (p *parser) fieldValue(f *field) (node, error) {
	v := value{from: p.pos}
	var err error
	switch {
	case p.at('['):
		v.op = between
		v.text, v.upper, err = p.bounds()
	case p.at('"'):
		v.text, err = p.quoted()
	default:
		v.op = p.comparison()
		v.text, err = p.operand(f)
	}
	if err != nil {
		return nil, err
	}
	if v.to = p.pos; v.op != between && len(v.text) == 0 {
		return nil, fault(v.from, v.to, "events without the field: NOT "+f.name+":*",
			"the value of %s is missing", f.name)
	}
	return p.term(f, v)
}

// operand reads the word or quoted text after an optional comparison.
func (p *parser) operand(f *field) (glob.Glob, error) {
	if p.at('"') {
		return p.quoted()
	}
	start := p.pos
	g, err := p.word(`()"`)
	if err == nil && p.pos > start && p.at('(') {
		err = fault(p.pos, p.pos+1, `quote the value: `+f.name+`:"…"`, "a parenthesis in a value")
	}
	return g, err
}

func (p *parser) comparison() comparison {
	for _, op := range []comparison{atLeast, atMost, above, below} {
		if strings.HasPrefix(p.src[p.pos:], symbol[op]) {
			p.pos += len(symbol[op])
			return op
		}
	}
	return equal
}

// text reads free text: a word or quoted.
func (p *parser) text() (node, error) {
	v := value{from: p.pos}
	var err error
	if p.at('"') {
		v.text, err = p.quoted()
	} else {
		v.text, err = p.word(`()"`)
		if word := p.src[v.from:p.pos]; err == nil && glob.Reserved(word) {
			err = fault(v.from, p.pos, `write `+strings.ToUpper(word)+`, or "`+word+
				`" for the text`, "operators are written in capitals")
		}
	}
	if err != nil {
		return nil, err
	}
	v.to = p.pos
	if len(v.text) == 0 {
		return nil, fault(v.from, v.to, "", "the quotes are empty")
	}
	return p.term(nil, v)
}

// term ends a term: it must stand alone, and mean something.
func (p *parser) term(f *field, v value) (node, error) {
	if err := p.boundary(); err != nil {
		return nil, err
	}
	if p.terms++; p.terms > MaxTerms {
		return nil, fault(v.from, v.to, "", "the query has more than %d values", MaxTerms)
	}
	if v.text.Wildcards() > maxWildcards {
		return nil, fault(v.from, v.to, "", "the value has more than %d wildcards", maxWildcards)
	}
	if f == nil && v.text.Anything() {
		return all{}, nil
	}
	if p.hole {
		p.hole = false
		return not{all{}}, nil
	}
	if err := p.relative(f, &v); err != nil {
		return nil, err
	}
	p.remember(f, v)
	pred, err := meaning(f, v)
	if err != nil {
		return nil, err
	}
	return term{field: f, value: v, predicate: pred}, nil
}

// word reads up to white space or one of the stop characters. A backslash
// takes the meaning from a special character or space and is itself before
// anything else.
func (p *parser) word(stop string) (glob.Glob, error) {
	var g glob.Glob
	start := p.pos
	for !p.end() {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		if isSpace(r) || strings.ContainsRune(stop, r) {
			break
		}
		p.pos += size
		switch r {
		case '*':
			g = g.Add(glob.Star)
		case '?':
			g = g.Add(glob.Any1)
		case '\\':
			g = g.Add(p.escaped(glob.Special))
		default:
			g = g.Add(r)
		}
	}
	if name, ok := p.parameter(start); ok {
		text, err := p.valueOf(name, start)
		return glob.Glob(text), err
	}
	return g, nil
}

// escaped returns the character that a backslash before p.pos stands for.
func (p *parser) escaped(escapable string) rune {
	r, size := utf8.DecodeRuneInString(p.src[p.pos:])
	if p.end() || !strings.ContainsRune(escapable, r) && !isSpace(r) {
		return '\\'
	}
	p.pos += size
	return r
}

// quoted reads "…": every character stands for itself, but \" and \\.
func (p *parser) quoted() (glob.Glob, error) {
	start := p.pos
	var g glob.Glob
	for p.pos++; !p.end(); {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		p.pos += size
		switch {
		case r == '"':
			return g, nil
		case r == '\\' && (p.at('"') || p.at('\\')):
			g = append(g, rune(p.src[p.pos]))
			p.pos++
		default:
			g = append(g, r)
		}
	}
	return nil, fault(start, start+1, `add "; a backslash before a quote escapes it: end with \\"`,
		"the quote is not closed")
}

// bounds reads [a TO b]; a bound of * is open and returned empty.
func (p *parser) bounds() (lower, upper glob.Glob, err error) {
	start := p.pos
	p.pos++
	p.space()
	if lower, err = p.bound(); err != nil {
		return nil, nil, err
	}
	p.space()
	if !p.keyword("TO") {
		return nil, nil, badRange(start, p.pos)
	}
	p.skip("TO")
	if upper, err = p.bound(); err != nil {
		return nil, nil, err
	}
	if p.space(); !p.at(']') {
		return nil, nil, badRange(start, p.pos)
	}
	p.pos++
	return lower, upper, nil
}

func (p *parser) bound() (glob.Glob, error) {
	start := p.pos
	var g glob.Glob
	var err error
	if p.at('"') {
		g, err = p.quoted()
	} else {
		g, err = p.word(`()"[]`)
	}
	if err != nil {
		return nil, err
	}
	if g.Anything() {
		return nil, nil
	}
	if len(g) == 0 || g.Wildcards() > 0 {
		return nil, badRange(start, p.pos)
	}
	return g, nil
}

func badRange(from, to int) error {
	return fault(from, to, "write [1 TO 10], with * for an open end", "not a range")
}
