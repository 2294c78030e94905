package sigma

import (
	"fmt"
	"strings"
)

// Meta is what all documents of the specification have in common: copies of
// the document's own words and where it was read.
type Meta struct {
	ID, Name, Title, Description string

	Level          string // informational, low, medium, high, critical or ""
	Status         string // stable, test, experimental, deprecated, unsupported or ""
	Author         string // must travel with an alert under the DRL
	License        string // SPDX id: the rule's own, else that of its folder
	Date, Modified string

	Tags, References []string
	FalsePositives   []string

	SHA256 string // hex, of the file's bytes
	File   string // as given to Load
	Line   int    // of the document in File, from 1

	// Warnings are deviations from the specification that do not change what
	// the document means, e.g. "all" on a single value.
	Warnings []string
}

// warn notes a deviation from the specification; the first twenty are kept.
func (m *Meta) warn(line int, format string, args ...any) {
	if len(m.Warnings) < maxWarnings {
		m.Warnings = append(m.Warnings, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	}
}

// maxWarnings bounds what one document has to say.
const maxWarnings = 20

// Rule is one loaded Sigma detection rule; the detection is compiled by
// Compile.
type Rule struct {
	Meta
	Logsource Logsource

	// Routed says that the log source is in the mapping, so that the rule runs
	// on events of that source only. A rule that is not routed runs on every
	// event. Compile sets it.
	Routed bool

	// Silent says that the rule only feeds correlations, none of which has
	// "generate": it matches, but is no finding of its own.
	Silent bool

	// Unresolved are the names of placeholders that have no values. What they
	// stand for is unknown, so the rule matches only where that does not matter.
	Unresolved []string

	// Inert says that no event can match: all depends on Unresolved.
	Inert bool

	detection *expr
	filters   []filterPart // until they are part of detection
	migrated  bool         // the base of a legacy aggregation
	changed   bool         // detection or log source are not those of the file
	renames   []func(field string) []string
}

// Logsource says which events a rule is meant for; empty parts mean any.
type Logsource struct {
	Product, Category, Service string
}

// String returns the parts that are set as "product=windows category=…".
func (l Logsource) String() string {
	var parts []string
	for _, p := range [][2]string{
		{"product", l.Product}, {"category", l.Category}, {"service", l.Service},
	} {
		if p[1] != "" {
			parts = append(parts, p[0]+"="+p[1])
		}
	}
	return strings.Join(parts, " ")
}

// Techniques returns the ATT&CK technique ids of the tags, e.g. "T1003.001".
func (m *Meta) Techniques() []string {
	var out []string
	for _, tag := range m.Tags {
		id, ok := strings.CutPrefix(strings.ToLower(tag), "attack.t")
		if ok && id != "" && '0' <= id[0] && id[0] <= '9' {
			out = append(out, "T"+id)
		}
	}
	return out
}

// Tactics returns the ATT&CK tactic names of the tags, e.g.
// "credential-access".
func (m *Meta) Tactics() []string {
	var out []string
	for _, tag := range m.Tags {
		name, ok := strings.CutPrefix(strings.ToLower(tag), "attack.")
		if !ok || len(name) < 2 || strings.ContainsAny(name, "0123456789") {
			continue // techniques, groups (g0001), software (s0001)
		}
		out = append(out, strings.ReplaceAll(name, "_", "-"))
	}
	return out
}

// RuleSet is what Load read, ordered by file, and what it refused. Filters are
// already part of the rules that they concern.
type RuleSet struct {
	Rules        []*Rule
	Correlations []*Correlation
	Filters      []*Filter
	Rejected     []Rejection
}

// Rejection says why a document is not among the rules.
type Rejection struct {
	File   string
	Line   int // the construct's line, from 1
	UID    string
	Title  string
	Reason string
}

// Match is one rule that holds for an event.
type Match struct {
	Rule   *Rule
	Fields []MatchedField
}

// MatchedField is a field whose value made a part of the rule true. Field is
// the event's own name for it.
type MatchedField struct {
	Field, Value string
}
