package lint

import (
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

var filterChecks = []Check{
	{
		"filter-not-map", Error,
		"A filter is a map of rules, selections and condition.",
		"write these keys below it",
	},
	{
		"filter-rules-missing", Error,
		"Nobody knows which rules the filter is for.",
		"add rules with ids or names, or any",
	},
	{
		"filter-rules-empty", Warning,
		"An empty list means every rule of the log source.",
		"name the rules, or write any",
	},
	{
		"filter-for-any-rule", Info,
		"The filter changes every rule of the log source, also those written later.",
		"name the rules, if you can",
	},
	{"filter-rule-duplicate", Warning, "The rule stands twice.", "drop the second one"},
	{
		"filter-without-not", Warning,
		"The condition is joined to the rule by \"and\" as it stands: without \"not\" only " +
			"what it selects is found.",
		"write not before it, if matches are to be suppressed",
	},
	{"filter-with-level", Warning, "A filter is no finding: its level is ignored.", "drop level"},
	{"filter-with-status", Hint, "The schema has no status for filters.", "drop status"},
}

// filter looks at the filter section. Its selections and condition are looked
// at like those of a rule.
func (d *document) filter(n *yamltree.Node) {
	for _, key := range []string{"level", "status"} {
		if v := d.Get(key); v != nil {
			d.add("filter-with-"+key, v.Line, "a filter with %s", key)
		}
	}
	if n.Kind != yamltree.Map {
		d.add("filter-not-map", n.Line, "filter is not a map")
		return
	}
	d.filterRules(n)
	d.detection(n)
	c := n.Get("condition")
	if c == nil || c.Kind != yamltree.String {
		return
	}
	var names []string
	for _, e := range n.Entries {
		if e.Key != "condition" && e.Key != "rules" {
			names = append(names, e.Key)
		}
	}
	t, err := (&expression{names: names}).parse(c.Text)
	if err != nil {
		return
	}
	negative := map[string]bool{}
	t.underNot(false, negative)
	if len(negative) == 0 {
		d.add("filter-without-not", c.Line, "the condition has no \"not\"")
	}
}

func (d *document) filterRules(n *yamltree.Node) {
	rules := n.Get("rules")
	if rules == nil {
		d.add("filter-rules-missing", n.Line, "no rules")
		return
	}
	list := scalarsOf(rules)
	if len(list) == 0 {
		d.add("filter-rules-empty", rules.Line, "no rules in the list")
	}
	seen := map[string]bool{}
	for _, r := range list {
		if strings.EqualFold(r.Text, "any") && len(list) == 1 {
			d.add("filter-for-any-rule", r.Line, "the filter is for any rule")
		}
		if seen[r.Text] {
			d.add("filter-rule-duplicate", r.Line, "rule %q stands twice", clip(r.Text))
		}
		seen[r.Text] = true
	}
}
