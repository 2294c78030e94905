package sigma

import (
	"fmt"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Filter is one loaded Sigma filter: a condition that is added to the rules it
// names, as far as they are of its log source.
type Filter struct {
	Meta
	Logsource Logsource
	Rules     []string // ids or names; nil means any rule
	Applied   []*Rule  // the rules that it is part of, in order

	detection *expr
	line      int  // of filter.rules
	waits     bool // for placeholders without values, and that is said
	full      bool // a rule has too many filters, and that is said
}

// maxFilters bounds how many filters one rule has: each filter may be for any
// rule.
const maxFilters = 200

// filterPart is what a filter adds to a rule: both must hold.
type filterPart struct {
	filter *Filter
	expr   *expr
}

// filter reads a filter document. The condition is kept as written: one that
// is to suppress matches needs a "not".
func (l *Loader) filter(out *part, m Meta, doc *yamltree.Node) error {
	f := &Filter{Meta: m}
	var err error
	if f.Logsource, err = logsourceOf(doc, "filter"); err != nil {
		return err
	}
	n := doc.Get("filter")
	if n.Kind != yamltree.Map {
		return yamltree.Errorf(n.Line, "filter is not a map")
	}
	if err := f.readRules(n); err != nil {
		return err
	}
	p := ruleParser{loader: l, spent: &out.spent}
	p.within = fmt.Sprintf("filter %q: ", clip(m.Title, 80))
	if f.detection, err = p.search(n, "rules"); err != nil {
		return err
	}
	if p.legacy != nil {
		return yamltree.Errorf(p.legacy.line, "a filter cannot count: aggregation in its condition")
	}
	f.Warnings = p.warnings
	if !negates(f.detection, map[*expr]bool{}) {
		f.warn(n.Get("condition").At(), "condition has no \"not\": its rules then match only "+
			"what the filter selects")
	}
	out.filters = append(out.filters, f)
	return nil
}

// readRules reads the rules that a filter is for: ids or names, "any" or an
// empty list for all.
func (f *Filter) readRules(n *yamltree.Node) error {
	rules := n.Get("rules")
	if rules == nil || rules.Kind == yamltree.Null {
		return yamltree.Errorf(n.Line, "filter has no rules; write their ids or names, or \"any\"%s",
			meant(n, "rules"))
	}
	f.line = rules.Line
	list, err := scalars(rules)
	if err != nil {
		return fmt.Errorf("filter rules: %w", err)
	}
	if len(list) == 1 && strings.EqualFold(list[0], "any") {
		return nil
	}
	f.Rules = list
	return nil
}

// negates reports whether a "not" is anywhere in the expression.
func negates(e *expr, seen map[*expr]bool) bool {
	if seen[e] {
		return false
	}
	seen[e] = true
	if e.kind == exprNot {
		return true
	}
	for _, k := range e.kids {
		if negates(k, seen) {
			return true
		}
	}
	return false
}

// apply adds the filter to its rules and warns of what it cannot be added to.
func (f *Filter) apply(p *part, names *directory) {
	if f.Rules == nil {
		for _, r := range p.rules {
			f.add(r)
		}
	}
	for _, name := range f.Rules {
		t, err := names.find(name)
		switch {
		case err != nil:
			f.warn(f.line, "%v", err)
		case t.rule != nil:
			f.addNamed(name, t.rule)
		case t.correlation.base != nil:
			f.addNamed(name, t.correlation.base)
		default:
			f.warn(f.line, "%q is a correlation: filters concern the rules that it correlates",
				clip(name, 60))
		}
	}
}

func (f *Filter) addNamed(name string, r *Rule) {
	if !f.add(r) {
		f.warn(f.line, "rule %q is not of the filter's log source %s, but of %s", clip(name, 60),
			f.Logsource, r.Logsource)
	}
}

// add adds the filter to a rule of its log source.
func (f *Filter) add(r *Rule) bool {
	if !f.Logsource.covers(r.Logsource) {
		return false
	}
	n := len(r.filters)
	if n > 0 && r.filters[n-1].filter == f {
		return true // named twice
	}
	if n == maxFilters {
		if !f.full {
			f.full = true
			f.warn(f.line, "rule %q has %d filters already: this one is not applied to it",
				clip(r.Title, 60), maxFilters)
		}
		return true
	}
	r.filters = append(r.filters, filterPart{f, f.detection})
	return true
}

// covers reports whether every part that l has is also that of other.
func (l Logsource) covers(other Logsource) bool {
	return (l.Product == "" || l.Product == other.Product) &&
		(l.Category == "" || l.Category == other.Category) &&
		(l.Service == "" || l.Service == other.Service)
}
