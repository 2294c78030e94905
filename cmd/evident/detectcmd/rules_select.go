package detectcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/sigma"
)

// selectFlags choose among the rules that were loaded.
type selectFlags struct {
	MinLevel string   `enum:",informational,low,medium,high,critical" default:"" help:"Only rules of at least this level."`
	Tags     []string `placeholder:"GLOB" help:"Only rules with such a tag, e.g. attack.t1059*; repeatable."`
	Status   []string `enum:"stable,test,experimental,deprecated,unsupported" help:"Only rules of this status; repeatable."`
	Exclude  []string `placeholder:"ID|GLOB|FILE" help:"Leave out a rule by id or title, or those that a file lists; repeatable."`
}

// chosen tells which documents are wanted.
type chosen struct {
	*selectFlags
	exclude []string
}

// choose reads the lists that --exclude names.
func (f *selectFlags) choose() (*chosen, error) {
	c := &chosen{selectFlags: f}
	for _, text := range f.Exclude {
		info, err := os.Stat(text)
		if err != nil || info.IsDir() {
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
				return nil, fmt.Errorf("read --exclude: %w", err)
			}
			c.exclude = append(c.exclude, text)
			continue
		}
		src, err := readSmall(text)
		if err != nil {
			return nil, fmt.Errorf("read --exclude: %w", err)
		}
		for line := range strings.Lines(string(src)) {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line != "" {
				c.exclude = append(c.exclude, line)
			}
		}
	}
	return c, nil
}

// wants reports whether a document is wanted.
func (c *chosen) wants(m *sigma.Meta) bool {
	if c.MinLevel != "" && detect.SeverityID(m.Level) < detect.SeverityID(c.MinLevel) {
		return false
	}
	if len(c.Status) > 0 && !slices.Contains(c.Status, m.Status) {
		return false
	}
	if len(c.Tags) > 0 && !slices.ContainsFunc(c.Tags, func(glob string) bool {
		return slices.ContainsFunc(m.Tags, func(tag string) bool { return globMatch(glob, tag) })
	}) {
		return false
	}
	return !slices.ContainsFunc(c.exclude, func(glob string) bool {
		return m.ID != "" && strings.EqualFold(glob, m.ID) || globMatch(glob, m.Title)
	})
}

// apply keeps the wanted rules and correlations. A rule that only feeds a
// wanted correlation stays, and is no finding of its own.
func (c *chosen) apply(set *sigma.RuleSet) *sigma.RuleSet {
	out := &sigma.RuleSet{Filters: set.Filters, Rejected: set.Rejected}
	needed := map[any]bool{}
	for _, r := range set.Correlations {
		if c.wants(&r.Meta) {
			need(r, needed)
		}
	}
	for _, r := range set.Correlations {
		switch {
		case c.wants(&r.Meta):
			out.Correlations = append(out.Correlations, r)
		case needed[r]:
			r.Silent = true
			out.Correlations = append(out.Correlations, r)
		}
	}
	for _, r := range set.Rules {
		switch {
		case c.wants(&r.Meta):
			out.Rules = append(out.Rules, r)
		case needed[r]:
			r.Silent = true
			out.Rules = append(out.Rules, r)
		}
	}
	return out
}

// need collects what a correlation refers to, itself included.
func need(c *sigma.Correlation, seen map[any]bool) {
	if seen[c] {
		return
	}
	seen[c] = true
	for _, ref := range c.Rules {
		if ref.Rule != nil {
			seen[ref.Rule] = true
		}
		if ref.Correlation != nil {
			need(ref.Correlation, seen)
		}
	}
}

// globMatch matches text against a pattern of * and ?, in any case.
func globMatch(pattern, text string) bool {
	p, t := []rune(strings.ToLower(pattern)), []rune(strings.ToLower(text))
	i, at, star, mark := 0, 0, -1, 0
	for at < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, at
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[at]):
			i++
			at++
		case star >= 0:
			mark++
			i, at = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
