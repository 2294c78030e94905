package sigma

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// maxChain bounds how many correlations stand above each other.
const maxChain = 10

// resolver links correlations to what they refer to. It goes from the bottom
// up, so that a chain of any length costs no stack; what it cannot reach is
// part of a circle or refers to one.
type resolver struct {
	part  *part
	names *directory
	rules map[*Rule]bool // that are accepted
	state map[*Correlation]*links
}

// links is what is known of one correlation.
type links struct {
	waits  int            // references to correlations that are not resolved
	users  []*Correlation // that refer to it
	height int            // 1 over rules only
	err    error
	done   bool
}

func newResolver(p *part, names *directory) *resolver {
	r := &resolver{
		part: p, names: names, rules: map[*Rule]bool{}, state: map[*Correlation]*links{},
	}
	for _, rule := range p.rules {
		r.rules[rule] = true
	}
	for _, c := range p.correlations {
		r.state[c] = &links{height: 1}
	}
	return r
}

// resolve returns the correlations whose references all lead to accepted
// rules, in order; the others are rejected.
func (r *resolver) resolve() []*Correlation {
	var ready []*Correlation
	for _, c := range r.part.correlations {
		s := r.state[c]
		s.err = r.link(c)
		if s.waits == 0 || s.err != nil {
			ready = append(ready, c)
		}
	}
	for len(ready) > 0 {
		c := ready[0]
		ready = append(ready[1:], r.finish(c)...)
	}
	return keep(r.part.correlations, func(c *Correlation) bool {
		s := r.state[c]
		if !s.done {
			s.err = r.circle(c)
		}
		if s.err != nil {
			r.part.refuse(&c.Meta, withLine(s.err, c.line))
		}
		return s.err == nil
	})
}

// link looks up the references of one correlation and its aliases.
func (r *resolver) link(c *Correlation) error {
	for i := range c.Rules {
		ref := &c.Rules[i]
		if c.base != nil {
			if !r.rules[c.base] {
				return fmt.Errorf("the rule under the legacy aggregation is rejected")
			}
			continue
		}
		t, err := r.names.find(ref.Name)
		if err != nil {
			return fmt.Errorf("resolve correlation rules: %w", err)
		}
		ref.Rule, ref.Correlation = t.rule, t.correlation
		if same := slices.IndexFunc(c.Rules[:i], func(o Reference) bool {
			return o.Rule == ref.Rule && o.Correlation == ref.Correlation
		}); same >= 0 {
			return fmt.Errorf("%q and %q are the same rule", clip(c.Rules[same].Name, 60),
				clip(ref.Name, 60))
		}
		if s := r.state[t.correlation]; s != nil {
			s.users = append(s.users, c)
			r.state[c].waits++
		}
	}
	return c.resolveAliases()
}

// finish completes a correlation all of whose references are known and returns
// those that this makes ready.
func (r *resolver) finish(c *Correlation) (ready []*Correlation) {
	s := r.state[c]
	if s.done {
		return nil
	}
	s.done = true
	if s.err == nil && s.height > maxChain {
		s.err = fmt.Errorf("correlations refer to each other more than %d levels deep", maxChain)
	}
	for _, user := range s.users {
		u := r.state[user]
		u.waits--
		u.height = max(u.height, s.height+1)
		if s.err != nil && u.err == nil {
			u.err = fmt.Errorf("correlation %q is rejected (%s:%d: %w)", clip(nameOf(&c.Meta), 60),
				c.File, c.Line, s.err)
			if len(u.err.Error()) > 500 {
				u.err = fmt.Errorf("correlation %q is rejected (%s:%d)", clip(nameOf(&c.Meta), 60),
					c.File, c.Line)
			}
		}
		if u.waits == 0 || u.err != nil {
			ready = append(ready, user)
		}
	}
	return ready
}

// nameOf returns what a document is best called in a message.
func nameOf(m *Meta) string {
	for _, s := range []string{m.Name, m.ID, m.Title} {
		if s != "" {
			return s
		}
	}
	return "without a name"
}

// circle names the circle that keeps a correlation from being resolved.
func (r *resolver) circle(c *Correlation) error {
	var path []*Correlation
	for at := c; ; at = r.unresolved(at) {
		if from := slices.Index(path, at); from >= 0 || len(path) > maxChain {
			path = append(path[max(from, 0):], at)
			break
		}
		path = append(path, at)
	}
	var names []string
	for _, p := range path {
		names = append(names, clip(nameOf(&p.Meta), 40))
	}
	return fmt.Errorf("correlations refer to each other in a circle: %s", strings.Join(names, " → "))
}

// unresolved returns the first correlation that c refers to and that waits as
// well.
func (r *resolver) unresolved(c *Correlation) *Correlation {
	for _, ref := range c.Rules {
		if s := r.state[ref.Correlation]; s != nil && !s.done {
			return ref.Correlation
		}
	}
	return c
}

// resolveAliases fills Aliases by the place of each rule. An alias that has no
// field for a rule is looked for there under its own name.
func (c *Correlation) resolveAliases() error {
	for _, a := range c.aliases {
		i := slices.IndexFunc(c.Rules, func(ref Reference) bool { return ref.is(a.rule) })
		if i < 0 {
			var names []string
			for _, ref := range c.Rules {
				names = append(names, ref.Name)
			}
			return yamltree.Errorf(a.line, "alias %q is for rule %q, which is not correlated here%s",
				clip(a.name, 60), clip(a.rule, 60), suggest(a.rule, names))
		}
		if c.Aliases == nil {
			c.Aliases = map[string][]string{}
		}
		if c.Aliases[a.name] == nil {
			c.Aliases[a.name] = make([]string, len(c.Rules))
		}
		c.Aliases[a.name][i] = a.field
	}
	for _, a := range c.aliases {
		c.completeAlias(a)
	}
	c.aliases = nil
	c.renameFields()
	return nil
}

// completeAlias fills the places of an alias that the document leaves out and
// warns of them, and of one that nothing uses.
func (c *Correlation) completeAlias(a alias) {
	fields := c.Aliases[a.name]
	for i := range fields {
		if fields[i] == "" {
			fields[i] = a.name
			c.warn(a.line, "alias %q has no field for rule %q: its field %q is taken",
				clip(a.name, 60), clip(c.Rules[i].Name, 60), clip(a.name, 60))
		}
	}
	if !slices.Contains(c.GroupBy, a.name) && !slices.Contains(c.Fields, a.name) {
		c.warn(a.line, "alias %q is not used", clip(a.name, 60))
	}
}

// is reports whether the reference is to the document of that id or name.
func (ref *Reference) is(name string) bool {
	m := target{ref.Rule, ref.Correlation}.meta()
	return name != "" && (name == ref.Name || name == m.Name || strings.EqualFold(name, m.ID))
}

// renameFields looks for the correlation's fields under the names that
// transforms gave them in each rule.
func (c *Correlation) renameFields() {
	for _, name := range append(slices.Clone(c.GroupBy), c.Fields...) {
		fields := slices.Clone(c.Aliases[name])
		if fields == nil {
			fields = slices.Repeat([]string{name}, len(c.Rules))
		}
		changed := false
		for i, ref := range c.Rules {
			if ref.Rule == nil {
				continue
			}
			to := ref.Rule.renamed(fields[i])
			if len(to) > 1 {
				c.warn(c.line, "field %q has %d names in rule %q: %q is taken", clip(fields[i], 60),
					len(to), clip(ref.Name, 60), clip(to[0], 60))
			}
			changed = changed || to[0] != fields[i]
			fields[i] = to[0]
		}
		if changed {
			if c.Aliases == nil {
				c.Aliases = map[string][]string{}
			}
			c.Aliases[name] = fields
		}
	}
}

// markSilent marks the documents that only feed correlations without
// "generate", and drops the bases of legacy rules that were rejected.
func markSilent(p *part) {
	generates := map[target]bool{}
	for _, c := range p.correlations {
		for _, ref := range c.Rules {
			t := target{ref.Rule, ref.Correlation}
			generates[t] = generates[t] || c.Generate
		}
	}
	p.rules = keep(p.rules, func(r *Rule) bool {
		alone, fed := generates[target{rule: r}]
		r.Silent = fed && !alone
		return fed || !r.migrated
	})
	for _, c := range p.correlations {
		alone, fed := generates[target{correlation: c}]
		c.Silent = fed && !alone
	}
}
