package correlate

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/evident-sec/evident/sigma"
)

// Plan is a set of correlations made ready for an Engine. It is read-only.
type Plan struct {
	specs []*spec // those that others refer to before these
	rules map[*sigma.Rule]*source
}

// source is what brings hits: a rule, or a correlation with its alerts.
type source struct {
	fields []string // that its hits carry
	users  []use
}

// use is one reference of a correlation to a source.
type use struct {
	spec  *spec
	ref   int   // place in the correlation's rules
	group []int // the group-by fields, as places in source.fields
	value []int // the fields of a value type
}

// spec is one correlation.
type spec struct {
	c     *sigma.Correlation
	at    int    // place in Plan.specs
	level int    // 0 over rules only
	key   string // names it and what it means, see Plan.Keys

	span  int64 // nanoseconds
	quiet int64 // after an alert

	sources []*source // by place in the correlation's rules
	out     source    // its alerts
	carried []carried // by place in out.fields
}

// carried says where an alert has one of its fields from.
type carried struct {
	group int   // place in group-by, or -1
	via   []int // else by reference: place in its source's fields
}

// Compile prepares correlations. It fails where references are not resolved or
// go in a circle, which a sigma.Loader does not let through.
func Compile(cs []*sigma.Correlation) (*Plan, error) {
	p := &Plan{rules: map[*sigma.Rule]*source{}}
	b := compiler{plan: p, specs: map[*sigma.Correlation]*spec{}}
	for _, c := range cs {
		if _, err := b.spec(c, 0); err != nil {
			return nil, fmt.Errorf("compile correlation %q: %w", c.Title, err)
		}
	}
	p.specs = b.order
	slices.SortStableFunc(p.specs, func(a, b *spec) int { return a.level - b.level })
	for i, s := range p.specs {
		s.at = i
		b.connect(s)
	}
	b.name()
	return p, nil
}

// Fields returns the fields whose values a Hit of the rule has to carry, and
// false where no correlation refers to the rule.
func (p *Plan) Fields(r *sigma.Rule) ([]string, bool) {
	s, ok := p.rules[r]
	if !ok {
		return nil, false
	}
	return s.fields, true
}

// Keys returns the correlations by a key made of their id and a hash of what
// they ask: windows go on under a changed rule set where the key is the same.
// Title, level and the rules behind the references are not part of it.
func (p *Plan) Keys() map[string]*sigma.Correlation {
	out := make(map[string]*sigma.Correlation, len(p.specs))
	for _, s := range p.specs {
		out[s.key] = s.c
	}
	return out
}

type compiler struct {
	plan  *Plan
	specs map[*sigma.Correlation]*spec
	order []*spec // as they were met, those referred to first
}

// maxLevels is far above what a Loader accepts.
const maxLevels = 100

var (
	errCircle     = errors.New("correlations refer to each other in a circle")
	errUnresolved = errors.New("a reference is not resolved")
)

// spec compiles one correlation and those it refers to.
func (b *compiler) spec(c *sigma.Correlation, depth int) (*spec, error) {
	if s := b.specs[c]; s != nil {
		return s, nil
	}
	if depth > maxLevels {
		return nil, errCircle
	}
	s := &spec{c: c, span: int64(c.Timespan), quiet: int64(c.Timespan)}
	for _, ref := range c.Rules {
		switch {
		case ref.Rule != nil:
			src := b.plan.rules[ref.Rule]
			if src == nil {
				src = &source{}
				b.plan.rules[ref.Rule] = src
			}
			s.sources = append(s.sources, src)
		case ref.Correlation != nil:
			inner, err := b.spec(ref.Correlation, depth+1)
			if err != nil {
				return nil, err
			}
			inner.quiet = min(inner.quiet, s.span)
			s.level = max(s.level, inner.level+1)
			s.sources = append(s.sources, &inner.out)
		default:
			return nil, errUnresolved
		}
	}
	b.specs[c] = s
	b.order = append(b.order, s)
	return s, nil
}

// connect makes the correlation a user of its sources and says where they have
// the fields it asks for.
func (b *compiler) connect(s *spec) {
	for i, src := range s.sources {
		u := use{spec: s, ref: i}
		for _, name := range s.c.GroupBy {
			u.group = append(u.group, b.field(s, i, name))
		}
		for _, name := range s.c.Fields {
			u.value = append(u.value, b.field(s, i, name))
		}
		src.users = append(src.users, u)
	}
}

// field returns the place of a field, or of what an alias means there, in the
// fields of the i-th source.
func (b *compiler) field(s *spec, i int, name string) int {
	if own := s.c.Aliases[name]; i < len(own) && own[i] != "" {
		name = own[i]
	}
	src := s.sources[i]
	if at := slices.Index(src.fields, name); at >= 0 {
		return at
	}
	at := len(src.fields)
	src.fields = append(src.fields, name)
	if inner := b.specs[s.c.Rules[i].Correlation]; inner != nil {
		from := carried{group: slices.Index(inner.c.GroupBy, name)}
		inner.carried = append(inner.carried, from)
		if from.group < 0 {
			for j := range inner.sources {
				inner.carried[at].via = append(inner.carried[at].via, b.field(inner, j, name))
			}
		}
	}
	return at
}

// name gives every correlation its key; those it refers to have theirs.
func (b *compiler) name() {
	taken := map[string]bool{}
	for _, s := range b.plan.specs {
		plain := b.keyOf(s.c)
		s.key = plain
		for n := 2; taken[s.key]; n++ {
			s.key = fmt.Sprintf("%s#%d", plain, n)
		}
		taken[s.key] = true
	}
}

// keyOf returns the id and 8 bytes of SHA-256 over what the correlation asks.
func (b *compiler) keyOf(c *sigma.Correlation) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %d %v %q %v\n",
		c.Type, c.GroupBy, c.Timespan, c.Bounds, c.Fields, c.Percentile)
	for i, ref := range c.Rules {
		if ref.Rule != nil {
			fmt.Fprintf(h, "rule %q", nameOf(&ref.Rule.Meta))
		} else {
			fmt.Fprintf(h, "correlation %q", b.specs[ref.Correlation].key)
		}
		for _, name := range append(slices.Clone(c.GroupBy), c.Fields...) {
			if own := c.Aliases[name]; i < len(own) {
				name = own[i]
			}
			fmt.Fprintf(h, " %q", name)
		}
		fmt.Fprintln(h)
	}
	return nameOf(&c.Meta) + "/" + hex.EncodeToString(h.Sum(nil)[:8])
}

// nameOf returns the document's id or name, or else its file's hash and its
// line.
func nameOf(m *sigma.Meta) string {
	switch {
	case m.ID != "":
		return m.ID
	case m.Name != "":
		return m.Name
	}
	return fmt.Sprintf("%s:%d", m.SHA256, m.Line)
}
