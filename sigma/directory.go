package sigma

import (
	"fmt"
	"strings"
)

// target is a document that others may refer to: one of the two is set.
type target struct {
	rule        *Rule
	correlation *Correlation
}

func (t target) meta() *Meta {
	if t.rule != nil {
		return &t.rule.Meta
	}
	return &t.correlation.Meta
}

// directory finds documents by id, in any case, or by name. An id goes first.
type directory struct {
	ids, names map[string][]target
	refused    map[string]*rejected // by id and name
	list       []string             // of names, for suggestions
}

// maxSuggested bounds how many names a misspelt one is compared with.
const maxSuggested = 2000

// newDirectory lists the rules and correlations of a part.
func newDirectory(p *part) *directory {
	d := &directory{
		ids: map[string][]target{}, names: map[string][]target{}, refused: map[string]*rejected{},
	}
	for _, r := range p.rules {
		if !r.migrated {
			d.add(target{rule: r})
		}
	}
	for _, c := range p.correlations {
		d.add(target{correlation: c})
	}
	for i := range p.rejected {
		d.refuse(&p.rejected[i])
	}
	return d
}

func (d *directory) add(t target) {
	m := t.meta()
	if m.ID != "" {
		id := strings.ToLower(m.ID)
		d.ids[id] = append(d.ids[id], t)
	}
	if m.Name == "" {
		return
	}
	d.names[m.Name] = append(d.names[m.Name], t)
	if len(d.list) < maxSuggested {
		d.list = append(d.list, m.Name)
	}
}

// refuse notes that a document is rejected, so that a reference to it says so.
func (d *directory) refuse(r *rejected) {
	for _, key := range []string{strings.ToLower(r.UID), r.name} {
		if key != "" {
			d.refused[key] = r
		}
	}
}

// find returns the one document with the id or name.
func (d *directory) find(name string) (target, error) {
	found := d.ids[strings.ToLower(name)]
	if len(found) == 0 {
		found = d.names[name]
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return target{}, d.absent(name)
	}
	a, b := found[0].meta(), found[1].meta()
	return target{}, fmt.Errorf("name %q is that of %s:%d and %s:%d; refer to the id", clip(name, 60),
		a.File, a.Line, b.File, b.Line)
}

// absent says why there is no document with the name.
func (d *directory) absent(name string) error {
	r := d.refused[strings.ToLower(name)]
	if r == nil {
		r = d.refused[name]
	}
	if r != nil {
		return fmt.Errorf("rule %q is rejected (%s:%d: %s)", clip(name, 60), r.File, r.Line,
			clip(r.Reason, 200))
	}
	return fmt.Errorf("no rule has the id or name %q%s", clip(name, 60), suggest(name, d.list))
}
