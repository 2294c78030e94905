package ruletest

import (
	"cmp"
	"fmt"
	"path/filepath"

	"github.com/evident-sec/evident/sigma"
)

// Key is what a rule is counted under: its id, or its title where it has none.
func Key(m *sigma.Meta) string { return cmp.Or(m.ID, m.Title) }

// subject is a rule or correlation that a case is about.
type subject struct {
	key       string
	title     string
	detection bool
}

// directory finds rules by what cases call them.
type directory struct {
	byID, byTitle, byName, byFile map[string][]subject
}

func newDirectory(set *sigma.RuleSet) *directory {
	d := &directory{
		byID: map[string][]subject{}, byTitle: map[string][]subject{},
		byName: map[string][]subject{}, byFile: map[string][]subject{},
	}
	for _, r := range set.Rules {
		d.add(&r.Meta, true)
	}
	for _, c := range set.Correlations {
		d.add(&c.Meta, false)
	}
	return d
}

func (d *directory) add(m *sigma.Meta, detection bool) {
	s := subject{Key(m), m.Title, detection}
	for _, e := range []struct {
		in   map[string][]subject
		name string
	}{{d.byID, m.ID}, {d.byTitle, m.Title}, {d.byName, m.Name}, {d.byFile, absolute(m.File)}} {
		if e.name != "" {
			e.in[e.name] = append(e.in[e.name], s)
		}
	}
}

func absolute(path string) string {
	if path == "" {
		return ""
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// find returns the rule of a case.
func (d *directory) find(c *Case) (subject, error) {
	if c.Rule == "" {
		switch list := d.byFile[absolute(c.RuleFile)]; len(list) {
		case 0:
			return subject{}, fmt.Errorf("no rule of %s is loaded; name the rule", c.RuleFile)
		case 1:
			return list[0], nil
		default:
			return subject{}, fmt.Errorf("%s has %d rules; name the one that is meant", c.RuleFile,
				len(list))
		}
	}
	for _, in := range []map[string][]subject{d.byID, d.byName, d.byTitle} {
		switch list := in[c.Rule]; len(list) {
		case 0:
		case 1:
			return list[0], nil
		default:
			return subject{}, fmt.Errorf("%d rules are called %q; name the one that is meant by its id",
				len(list), clip(c.Rule))
		}
	}
	return subject{}, fmt.Errorf("rule %q is not loaded", clip(c.Rule))
}
