package sigma

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// fingerprint writes what a rule set's verdicts depend on beside the mapping:
// the rules in order, what filters, placeholders and transforms made of them,
// and the correlations over them.
func (s *RuleSet) fingerprint(w io.Writer) {
	for _, r := range s.Rules {
		fmt.Fprintln(w, r.SHA256, r.Line, r.Silent, r.variant())
	}
	for _, c := range s.Correlations {
		fmt.Fprintln(w, "correlation", c.SHA256, c.Line, c.Silent)
		for _, name := range append(append([]string(nil), c.GroupBy...), c.Fields...) {
			fmt.Fprintf(w, "%q %q\n", name, c.Aliases[name])
		}
	}
}

// variant is the hash of a rule that is not as its file has it, else "".
func (r *Rule) variant() string {
	if !r.changed {
		return ""
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", r.Logsource)
	p := printer{w: sum, seen: map[*expr]int{}}
	p.print(r.detection)
	return hex.EncodeToString(sum.Sum(nil))
}

// printer writes an expression, each part of it once.
type printer struct {
	w    io.Writer
	seen map[*expr]int
}

func (p *printer) print(e *expr) {
	if n, ok := p.seen[e]; ok {
		fmt.Fprintln(p.w, "again", n)
		return
	}
	p.seen[e] = len(p.seen)
	fmt.Fprintln(p.w, e.kind, len(e.kids))
	if e.pred != nil {
		fmt.Fprintf(p.w, "%q %q %q\n", e.pred.field, e.pred.key(), e.pred.other)
	}
	for _, k := range e.kids {
		p.print(k)
	}
}
