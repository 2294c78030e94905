package glob

import (
	"strings"
	"unicode"
)

// Special are the characters that a backslash takes the meaning from. In the
// value of a field only those of InValue have one, past its first character.
const (
	Special = `*?\"()[]<>:-| `
	InValue = `*?\"()`
)

// Reserved reports whether a word is an operator, or looks so much like one that
// it has to be quoted.
func Reserved(word string) bool {
	return strings.EqualFold(word, "AND") || strings.EqualFold(word, "OR") ||
		strings.EqualFold(word, "NOT")
}

// Write appends the glob as a word in which the characters have a meaning, or
// quoted where a word would not do.
func (g Glob) Write(w *strings.Builder, chars string) {
	text, plain := g.Literal()
	if !plain {
		g.writeWord(w, chars)
		return
	}
	if !Reserved(text) && text != "TO" && !strings.ContainsAny(text, chars) &&
		!strings.ContainsFunc(text, unicode.IsSpace) {
		w.WriteString(text)
		return
	}
	w.WriteString(Quote(text))
}

func (g Glob) writeWord(w *strings.Builder, chars string) {
	for _, r := range g {
		switch {
		case r == Star:
			w.WriteByte('*')
		case r == Any1:
			w.WriteByte('?')
		case strings.ContainsRune(chars, r) || unicode.IsSpace(r):
			w.WriteByte('\\')
			w.WriteRune(r)
		default:
			w.WriteRune(r)
		}
	}
}

// Quote returns text as a quoted word.
func Quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
