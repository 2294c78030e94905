package sigma

import "strings"

// Rule is one loaded Sigma detection rule. Its exported fields are copies of
// the document and of where it was read; the detection is compiled by Compile.
type Rule struct {
	ID, Title, Description string
	Level                  string // informational, low, medium, high, critical or ""
	Status                 string // stable, test, experimental, deprecated, unsupported or ""
	Author                 string // must travel with an alert under the DRL
	License                string // SPDX id: the rule's own, else that of its folder
	Date, Modified         string
	Tags, References       []string
	FalsePositives         []string
	Logsource              Logsource
	SHA256                 string // hex, of the rule file's bytes
	File                   string // as given to Load
	Line                   int    // of the document in File, from 1

	// Routed says that the log source is in the mapping, so that the rule runs
	// on events of that source only. A rule that is not routed runs on every
	// event. Compile sets it.
	Routed bool

	// Warnings are deviations from the specification that do not change what
	// the rule means, e.g. "all" on a single value.
	Warnings []string

	detection *expr
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
func (r *Rule) Techniques() []string {
	var out []string
	for _, tag := range r.Tags {
		id, ok := strings.CutPrefix(strings.ToLower(tag), "attack.t")
		if ok && id != "" && '0' <= id[0] && id[0] <= '9' {
			out = append(out, "T"+id)
		}
	}
	return out
}

// Tactics returns the ATT&CK tactic names of the tags, e.g.
// "credential-access".
func (r *Rule) Tactics() []string {
	var out []string
	for _, tag := range r.Tags {
		name, ok := strings.CutPrefix(strings.ToLower(tag), "attack.")
		if !ok || len(name) < 2 || strings.ContainsAny(name, "0123456789") {
			continue // techniques, groups (g0001), software (s0001)
		}
		out = append(out, strings.ReplaceAll(name, "_", "-"))
	}
	return out
}

// RuleSet is what Load read: the rules, ordered by file, and what it refused.
type RuleSet struct {
	Rules    []*Rule
	Rejected []Rejection
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
