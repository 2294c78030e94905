package ruletest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Suite is the cases of one file.
type Suite struct {
	File  string
	Cases []Case

	// Unexpected says what a rule is that fires on the corpus without a case
	// about it; only expectations.yml has it.
	Unexpected Policy
	Corpus     []Corpus // of expectations.yml
}

// Corpus is one file of events, and its name in expectations.
type Corpus struct {
	Name, Path string
}

// Policy is what an unexpected finding means.
type Policy string

// The policies of rsigma's expectations.
const (
	PolicyIgnore Policy = "ignore"
	PolicyWarn   Policy = "warn"
	PolicyFail   Policy = "fail"
)

// Case is one expectation: over the input, the rule fires within the bound.
type Case struct {
	File string // where the case is written
	Line int
	Name string

	Rule     string // id, title or name; "" where RuleFile says it
	RuleFile string // the rule is the one in this file
	Optional bool   // without its rule the case is skipped, not failed

	Input Input
	Want  Bound
	Every bool // of a detection rule: every event must match; else Want counts
	Loose bool // firing more often than Want is noted, and no failure
}

// Input is what is judged: files, each by itself, or events in the case.
type Input struct {
	Files  []string
	Events [][]byte // JSON objects
}

// Place is where the case is written, "file:line".
func (c *Case) Place() string { return fmt.Sprintf("%s:%d", c.File, c.Line) }

// placed gives an error the file and line that it is about.
func placed(file string, err error, line int) error {
	return fmt.Errorf("%s:%d: %w", file, yamltree.LineOf(err, max(line, 1)), err)
}

var errNotMap = errors.New("want a map")

// only refuses keys that the format does not have.
func only(n *yamltree.Node, keys ...string) error {
	if n.Kind != yamltree.Map {
		return yamltree.Errorf(n.Line, "%v", errNotMap)
	}
	for _, e := range n.Entries {
		known := false
		for _, k := range keys {
			known = known || k == e.Key
		}
		if !known {
			return yamltree.Errorf(e.Line, "unknown key %q; there are %s", clip(e.Key),
				strings.Join(keys, ", "))
		}
	}
	return nil
}

// clip shortens what goes into a message.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
