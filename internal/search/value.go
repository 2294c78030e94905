package search

import (
	"strings"

	"github.com/evident-sec/evident/internal/search/plain"

	"github.com/evident-sec/evident/internal/search/glob"
)

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
	text     glob.Glob // the value; the lower bound of between, empty when open
	upper    glob.Glob // the upper bound of between, empty when open
	from, to int       // where it stands in the query
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
	v.text.Write(w, meaningful(v.text, f != nil))
}

// meaningful returns the characters that have to be escaped in the glob.
func meaningful(g glob.Glob, inField bool) string {
	if inField && (len(g) == 0 || g[0] < 0 || !strings.ContainsRune(glob.Special, g[0])) {
		return glob.InValue
	}
	return glob.Special
}

func writeBound(w *strings.Builder, g glob.Glob) {
	if len(g) == 0 {
		w.WriteByte('*')
		return
	}
	g.Write(w, glob.Special)
}

// Quote returns text as a quoted value of a query, to be matched as it is,
// whatever is in it. The empty text has no such form: no event has it.
func Quote(text string) string { return glob.Quote(plain.Column(text)) }
