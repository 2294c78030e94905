package sigma

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds on what the placeholders of one value make.
const (
	maxPlaceholder      = 1000 // values
	maxPlaceholderBytes = 1 << 20
)

// late is a value under the modifier expand some of whose placeholders have no
// values yet. Transforms may give them; settle ends the wait.
type late struct {
	field string
	chain chain
	text  string
	line  int
	known map[string][]string
}

// expr returns the test that the value stands for, or a predicate that waits.
func (l *late) expr() (*expr, error) {
	texts, err := l.texts()
	if err != nil {
		return nil, err
	}
	if texts == nil {
		p := &predicate{field: l.field, kind: predUnresolved, late: l}
		return &expr{pred: p}, nil
	}
	return stringValues(l.field, l.chain, texts)
}

// with returns the value with the values of more placeholders, itself when
// there are none.
func (l *late) with(values func(name string) ([]string, bool)) *late {
	out := *l
	out.known = map[string][]string{}
	found := false
	for _, name := range l.missing() {
		if list, ok := values(name); ok && len(list) > 0 {
			out.known[name], found = list, true
		}
	}
	if !found {
		return l
	}
	for name, list := range l.known {
		out.known[name] = list
	}
	return &out
}

// missing returns the names of the placeholders without values, each once.
func (l *late) missing() []string {
	var out []string
	for rest := l.text; rest != ""; {
		var name string
		_, name, rest = cutPlaceholder(rest)
		if name != "" && len(l.known[name]) == 0 && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// texts returns the value with its %name% placeholders replaced, once for each
// combination; nil when one has no values. \% stands for a percent sign.
func (l *late) texts() ([]string, error) {
	out := []string{""}
	for rest := l.text; rest != ""; {
		var text, name string
		text, name, rest = cutPlaceholder(rest)
		for i := range out {
			out[i] += text
		}
		if name == "" {
			continue
		}
		var err error
		if out, err = combined(out, l.known[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// combined returns every text with every value after it.
func combined(texts, values []string) ([]string, error) {
	if len(texts)*len(values) > maxPlaceholder {
		return nil, fmt.Errorf("placeholders make more than %d values", maxPlaceholder)
	}
	var out []string
	size := 0
	for _, t := range texts {
		for _, v := range values {
			if size += len(t) + len(v); size > maxPlaceholderBytes {
				return nil, fmt.Errorf("placeholders make more than %d bytes", maxPlaceholderBytes)
			}
			out = append(out, t+v)
		}
	}
	return out, nil
}

// cutPlaceholder splits value into the text before its first placeholder, the
// placeholder's name and the rest.
func cutPlaceholder(value string) (text, name, rest string) {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			if value[i+1] != '%' {
				b.WriteByte(value[i])
			}
			b.WriteByte(value[i+1])
			i++
			continue
		}
		if value[i] == '%' {
			if end := strings.IndexByte(value[i+1:], '%'); end > 0 {
				return b.String(), value[i+1 : i+1+end], value[i+end+2:]
			}
		}
		b.WriteByte(value[i])
	}
	return b.String(), "", ""
}

// settle ends the loading of a rule: filters become part of the detection, and
// what placeholders without values stand for becomes a constant.
func (r *Rule) settle() {
	parts := []*expr{r.detection}
	for _, p := range r.filters {
		if p.expr != nil && p.filter.usable(p.expr) {
			parts = append(parts, p.expr)
			p.filter.Applied = append(p.filter.Applied, r)
			r.changed = true
		}
	}
	r.filters = nil
	if waits := unresolved(r.detection); len(waits) > 0 {
		s := settler{done: map[polar]*expr{}}
		parts[0] = s.settle(r.detection, true)
		r.report(waits, parts[0])
	}
	r.detection = all(parts)
}

// usable reports whether all values of a filter are known. One that is not must
// neither hide what a rule finds nor let all through, so it is left out.
func (f *Filter) usable(x *expr) bool {
	waits := unresolved(x)
	if len(waits) > 0 && !f.waits {
		f.waits = true
		f.warn(waits[0].line, "placeholder %%%s%% has no values: the filter is not applied",
			clip(waits[0].missing()[0], 60))
	}
	return len(waits) == 0
}

// report says what a rule's unresolved placeholders mean for it.
func (r *Rule) report(waits []*late, settled *expr) {
	for _, l := range waits {
		for _, name := range l.missing() {
			if !slices.Contains(r.Unresolved, name) {
				r.Unresolved = append(r.Unresolved, name)
			}
		}
	}
	value, known := constant(settled)
	r.Inert = known && !value
	r.changed = true
	effect := "the rule matches only where they do not matter"
	if r.Inert {
		effect = "the rule can never match"
	}
	r.warn(waits[0].line, "placeholders %s have no values: %s; give them values, or wildcards by "+
		"a pipeline", clip("%"+strings.Join(r.Unresolved, "%, %")+"%", 200), effect)
}

// unresolved returns the values of the expression that wait for placeholders.
func unresolved(e *expr) []*late {
	var out []*late
	seen := map[*expr]bool{}
	var visit func(e *expr)
	visit = func(e *expr) {
		if len(e.kids) > 0 {
			if seen[e] {
				return
			}
			seen[e] = true
		}
		for _, k := range e.kids {
			visit(k)
		}
		if e.pred != nil && e.pred.kind == predUnresolved {
			out = append(out, e.pred.late)
		}
	}
	visit(e)
	return out
}

// settler replaces what is unknown by the constant that keeps the whole from
// holding: false, or true under a negation. The rule then matches only where
// any values of the placeholders would let it.
type settler struct {
	done map[polar]*expr
}

// polar is an expression under an even or odd number of negations.
type polar struct {
	e        *expr
	positive bool
}

func (s *settler) settle(e *expr, positive bool) *expr {
	if len(unresolved(e)) == 0 {
		return e
	}
	if out := s.done[polar{e, positive}]; out != nil {
		return out
	}
	out := *e
	if e.pred != nil {
		out = expr{kind: exprOr, label: e.label, line: e.line}
		if !positive {
			out.kind = exprAnd
		}
		if out.label == "" {
			out.label = "unknown: %" + clip(e.pred.late.missing()[0], 60) + "% has no values"
			out.line = e.pred.late.line
		}
	}
	out.kids = nil
	for _, k := range e.kids {
		out.kids = append(out.kids, s.settle(k, positive != (e.kind == exprNot)))
	}
	s.done[polar{e, positive}] = &out
	return &out
}

// constant returns what the expression is for every event, if it is known. An
// expression without children is a constant: and holds, or does not.
func constant(e *expr) (value, known bool) {
	switch {
	case e.pred != nil:
		return false, false
	case e.kind == exprNot:
		value, known = constant(e.kids[0])
		return !value, known
	}
	decides := e.kind == exprOr
	known = true
	for _, k := range e.kids {
		v, ok := constant(k)
		if ok && v == decides {
			return decides, true
		}
		known = known && ok
	}
	return !decides, known
}
