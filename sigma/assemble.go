package sigma

import (
	"fmt"
	"sort"
)

// assemble makes a rule set of what the files gave: references are resolved,
// filters added, transforms applied. The order of files does not matter, since
// a reference may point to a later one.
func (l *Loader) assemble(parts []part) *RuleSet {
	var all part
	for i := range parts {
		all.rules = append(all.rules, parts[i].rules...)
		all.correlations = append(all.correlations, parts[i].correlations...)
		all.filters = append(all.filters, parts[i].filters...)
		all.rejected = append(all.rejected, parts[i].rejected...)
	}
	all.refuseTwins()
	names := newDirectory(&all)
	for _, f := range all.filters {
		f.apply(&all, names)
	}
	l.transform(&all)
	for _, r := range all.rules {
		r.settle()
	}
	for _, f := range all.filters {
		if len(f.Applied) == 0 {
			f.warn(f.line, "filter applies to no rule")
		}
	}
	names = newDirectory(&all)
	all.correlations = newResolver(&all, names).resolve()
	markSilent(&all)
	return all.set()
}

// set returns the rule set, the rejections in order of file and line.
func (p *part) set() *RuleSet {
	out := &RuleSet{Rules: p.rules, Correlations: p.correlations, Filters: p.filters}
	for _, r := range p.rejected {
		out.Rejected = append(out.Rejected, r.Rejection)
	}
	sort.SliceStable(out.Rejected, func(i, j int) bool {
		a, b := out.Rejected[i], out.Rejected[j]
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
	return out
}

// transform applies the loader's transforms to every rule.
func (l *Loader) transform(p *part) {
	if len(l.Transforms) == 0 {
		return
	}
	kept := p.rules[:0]
	for _, r := range p.rules {
		if err := l.transformRule(r); err != nil {
			p.refuse(&r.Meta, err)
			continue
		}
		kept = append(kept, r)
	}
	p.rules = kept
}

func (l *Loader) transformRule(r *Rule) error {
	for _, t := range l.Transforms {
		if err := t.Apply(r); err != nil {
			return err
		}
	}
	return nil
}

// refuseTwins rejects documents whose id an earlier document has: findings
// could not be told apart. The same file read twice is not reported.
func (p *part) refuseTwins() {
	t := twins{part: p, first: map[string]*Meta{}, read: map[place]bool{}}
	p.rules = keep(p.rules, func(r *Rule) bool { return r.migrated || t.keep(&r.Meta) })
	t.read = map[place]bool{}
	p.correlations = keep(p.correlations, func(c *Correlation) bool { return t.keep(&c.Meta) })
	p.filters = keep(p.filters, func(f *Filter) bool { return t.keep(&f.Meta) })
}

// place is where a document stands.
type place struct {
	file string
	line int
}

// twins finds documents that were read twice or share an id.
type twins struct {
	part  *part
	first map[string]*Meta // by id
	read  map[place]bool
}

// keep reports whether the document is the first of its id.
func (t *twins) keep(m *Meta) bool {
	at := place{m.File, m.Line}
	if t.read[at] {
		return false
	}
	t.read[at] = true
	twin := t.first[m.ID]
	if m.ID != "" && twin != nil {
		t.part.refuse(m, fmt.Errorf("id %s is already that of %s:%d", clip(m.ID, 60),
			twin.File, twin.Line))
		return false
	}
	t.first[m.ID] = m
	return true
}

// keep returns the elements that are wanted, in place.
func keep[T any](list []T, wanted func(T) bool) []T {
	out := list[:0]
	for _, x := range list {
		if wanted(x) {
			out = append(out, x)
		}
	}
	return out
}
