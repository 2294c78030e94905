package search

import "strings"

// comparison is how a term's value is compared.
type comparison uint8

const (
	equal comparison = iota
	atLeast
	above
	atMost
	below
	between
)

// symbol is indexed by comparison.
var symbol = [...]string{equal: "", atLeast: ">=", above: ">", atMost: "<=", below: "<"}

// value is the right side of a term as it was written.
type value struct {
	op       comparison
	text     glob // the value; the lower bound of between, empty when open
	upper    glob // the upper bound of between, empty when open
	from, to int  // where it stands in the query
}

// special are the characters that a backslash takes the meaning from. In the
// value of a field only those of inValue have one, past its first character.
const (
	special = `*?\"()[]<>:-| `
	inValue = `*?\"()`
)

// reserved words are operators, or look so much like them that they have to be
// quoted.
func reserved(word string) bool {
	return strings.EqualFold(word, "AND") || strings.EqualFold(word, "OR") ||
		strings.EqualFold(word, "NOT")
}

func (v value) write(w *strings.Builder, f *field) {
	if f != nil {
		w.WriteString(f.name + ":")
	}
	if v.op == between {
		w.WriteByte('[')
		writeBound(w, v.text)
		w.WriteString(" TO ")
		writeBound(w, v.upper)
		w.WriteByte(']')
		return
	}
	w.WriteString(symbol[v.op])
	v.text.write(w, meaningful(v.text, f != nil))
}

// meaningful returns the characters that have to be escaped in the glob.
func meaningful(g glob, inField bool) string {
	if inField && (len(g) == 0 || g[0] < 0 || !strings.ContainsRune(special, g[0])) {
		return inValue
	}
	return special
}

func writeBound(w *strings.Builder, g glob) {
	if len(g) == 0 {
		w.WriteByte('*')
		return
	}
	g.write(w, special)
}

// write appends the glob as a word in which the characters have a meaning, or
// quoted where a word would not do.
func (g glob) write(w *strings.Builder, chars string) {
	text, plain := g.literal()
	if !plain {
		g.writeWord(w, chars)
		return
	}
	if !reserved(text) && text != "TO" && !strings.ContainsAny(text, chars) &&
		!strings.ContainsFunc(text, isSpace) {
		w.WriteString(text)
		return
	}
	w.WriteString(quote(text))
}

func (g glob) writeWord(w *strings.Builder, chars string) {
	for _, r := range g {
		switch {
		case r == star:
			w.WriteByte('*')
		case r == any1:
			w.WriteByte('?')
		case strings.ContainsRune(chars, r) || isSpace(r):
			w.WriteByte('\\')
			w.WriteRune(r)
		default:
			w.WriteRune(r)
		}
	}
}

// Quote returns text as a quoted value of a query, to be matched as it is,
// whatever is in it. The empty text has no such form: no event has it.
func Quote(text string) string { return quote(columnText(text)) }

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
