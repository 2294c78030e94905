package sigma

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
)

// item marks the expression of one detection item.
type item struct {
	field string // "" for keywords
	line  int
	tags  []string
}

// Item is a detection item of a rule as a Transform sees it: one field with its
// values, modifiers applied.
type Item struct {
	Field string // "" for keywords
	Line  int
	e     *expr
}

// Tagged reports whether an edit with the tag changed the item.
func (i Item) Tagged(tag string) bool { return slices.Contains(i.e.item.tags, tag) }

// ValueKind is what a rule's value is.
type ValueKind uint8

// The kinds of values.
const (
	TextValue        ValueKind = iota // text or number, compared as text
	NullValue                         // null
	PlaceholderValue                  // text with placeholders that have no values yet
	OtherValue                        // expression, network, comparison, reference
)

// Value is one value of a detection item.
type Value struct {
	Kind ValueKind
	// Text is the value in Sigma's notation: * and ? are wildcards unless a
	// backslash stands before them. Modifiers that place text are part of it,
	// as in *\cmd.exe.
	Text string
}

// Wild reports whether the value has wildcards.
func (v Value) Wild() bool { return v.Kind == TextValue && parsePattern(v.Text).wild() }

// MapText returns the value with f applied to its texts, wildcards left as they
// are. With notation, what f returns may hold wildcards and escapes itself.
func (v Value) MapText(f func(string) string, notation bool) Value {
	var b strings.Builder
	p := parsePattern(textmatch.ValidText(v.Text))
	for i, t := range p {
		switch {
		case t.kind != tokenText:
			b.WriteString(pattern{t}.notation())
		case notation:
			b.WriteString(f(t.text))
		default:
			writeEscaped(&b, f(t.text), p.wildAt(i+1))
		}
	}
	return Value{v.Kind, b.String()}
}

// Same reports whether two values mean the same text, case apart.
func (v Value) Same(o Value) bool {
	if v.Kind != TextValue || o.Kind != TextValue {
		return v == o
	}
	fold := func(text string) string {
		return parsePattern(textmatch.ValidText(text)).mapText(textmatch.Fold).String()
	}
	return fold(v.Text) == fold(o.Text)
}

// Values returns the item's values. A dash that the modifier windash made
// stands for all that it matches.
func (i Item) Values() []Value {
	var out []Value
	for _, p := range i.leaves() {
		out = append(out, p.value())
	}
	return out
}

// Fields returns the item's field and those that its values refer to.
func (i Item) Fields() []string {
	out := []string{i.Field}
	for _, p := range i.leaves() {
		if p.kind == predField && !slices.Contains(out, p.other) {
			out = append(out, p.other)
		}
	}
	return out
}

// leaves returns the item's tests. Those on null that a reference to a field
// brings with it are not values.
func (i Item) leaves() []*predicate {
	var all, refs []*predicate
	var visit func(e *expr)
	visit = func(e *expr) {
		for _, k := range e.kids {
			visit(k)
		}
		if e.pred == nil {
			return
		}
		all = append(all, e.pred)
		if e.pred.kind == predField {
			refs = append(refs, e.pred)
		}
	}
	visit(i.e)
	if refs != nil {
		return refs
	}
	return all
}

// value returns the test's value.
func (p *predicate) value() Value {
	switch p.kind {
	case predString:
		return Value{TextValue, p.written().notation()}
	case predNull:
		return Value{NullValue, ""}
	case predUnresolved:
		return Value{PlaceholderValue, p.late.text}
	case predRegex:
		return Value{OtherValue, p.re.String()}
	case predCIDR:
		return Value{OtherValue, p.prefix.String()}
	case predNumber, predTime:
		return Value{OtherValue, p.operand.text}
	case predField:
		return Value{OtherValue, p.other}
	}
	return Value{OtherValue, ""}
}

// written returns the pattern as the rule has it: that of a keyword without the
// stars around it.
func (p *predicate) written() pattern {
	out := p.pat
	if p.field != "" {
		return out
	}
	if len(out) > 0 && out[0].kind == tokenStar {
		out = out[1:]
	}
	if n := len(out); n > 0 && out[n-1].kind == tokenStar {
		out = out[:n-1]
	}
	return out
}

// notation writes the pattern as a person would: a backslash is doubled only
// where it would else escape what follows. A dash class is a plain dash.
func (p pattern) notation() string {
	var b strings.Builder
	for i, t := range p {
		switch t.kind {
		case tokenStar:
			b.WriteByte('*')
		case tokenOne:
			b.WriteByte('?')
		case tokenDash:
			b.WriteByte('-')
		default:
			writeEscaped(&b, t.text, p.wildAt(i+1))
		}
	}
	return b.String()
}

// wildAt reports whether the token at i is a wildcard.
func (p pattern) wildAt(i int) bool {
	return i < len(p) && (p[i].kind == tokenStar || p[i].kind == tokenOne)
}

// writeEscaped writes a text so that parsePattern reads it back.
func writeEscaped(b *strings.Builder, text string, beforeWildcard bool) {
	for i := 0; i < len(text); i++ {
		last := i+1 == len(text)
		switch c := text[i]; {
		case c == '*' || c == '?':
			b.WriteByte('\\')
		case c != '\\':
		case last && beforeWildcard, !last && strings.IndexByte(`\*?`, text[i+1]) >= 0:
			b.WriteByte('\\')
		case i > 0 && text[i-1] == '\\':
			b.WriteByte('\\') // the last of a run whose others are doubled
		}
		b.WriteByte(text[i])
	}
}
