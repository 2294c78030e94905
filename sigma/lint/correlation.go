package lint

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

var correlationChecks = []Check{
	{
		"correlation-not-map", Error,
		"A correlation is a map.",
		"write type, rules, group-by, timespan and condition below it",
	},
	{
		"correlation-key-unknown", Error,
		"The key is not in the specification; it would be ignored.",
		"correct the key",
	},
	{"correlation-type-missing", Error, "Nobody knows how to correlate.", "add type"},
	{
		"correlation-type-invalid", Error,
		"The specification has eight types.",
		"use event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, " +
			"value_percentile or value_median",
	},
	{
		"correlation-rules-missing", Error,
		"There is nothing to correlate.",
		"name at least one rule by id or name",
	},
	{
		"correlation-rules-empty", Error,
		"There is nothing to correlate.",
		"name at least one rule by id or name",
	},
	{"correlation-rule-duplicate", Error, "The rule stands twice.", "drop the second one"},
	{
		"correlation-refers-to-itself", Error,
		"A correlation cannot feed itself.",
		"name another rule",
	},
	{
		"correlation-single-temporal", Warning,
		"A temporal correlation of one rule holds whenever that rule does.",
		"name at least two rules",
	},
	{"timespan-missing", Error, "A correlation needs a window of time.", "add timespan, e.g. 5m"},
	{
		"timespan-invalid", Error,
		"A timespan is a number and s, m, h, d, w, M or y.",
		"write e.g. 30s, 5m, 1h, 7d",
	},
	{"timespan-zero", Error, "Nothing happens within no time.", "write a longer timespan"},
	{
		"timespan-long", Warning,
		"The state of a window of more than 31 days outlives most stores and restarts.",
		"shorten the timespan or count in a search",
	},
	{
		"group-by-missing", Warning,
		"Without group-by the events of all hosts and users are counted together.",
		"add group-by",
	},
	{"group-by-not-list", Info, "The schema wants a list.", "write a list, also for one field"},
	{"group-by-duplicate", Error, "The field stands twice.", "drop the second one"},
	{
		"correlation-condition-missing", Error,
		"This type needs a bound.",
		"add condition, e.g. gte: 10",
	},
	{
		"correlation-condition-invalid", Error,
		"The condition is a map of gt, gte, lt, lte, eq or neq (and field).",
		"write e.g. gte: 10",
	},
	{
		"correlation-condition-unneeded", Info,
		"A temporal correlation holds when all its rules do; a condition is not in the " +
			"specification.",
		"drop the condition",
	},
	{"correlation-bound-not-number", Error, "A bound is a number.", "write a number"},
	{
		"correlation-bound-always", Warning,
		"The bound holds for every event.",
		"raise the bound, or use the rule itself",
	},
	{"correlation-bound-never", Error, "No number is within these bounds.", "correct the bounds"},
	{
		"correlation-field-missing", Error,
		"This type looks at the values of a field.",
		"add field below condition",
	},
	{
		"correlation-field-unused", Warning,
		"event_count and temporal types look at no field.",
		"drop field, or use value_count",
	},
	{
		"percentile-invalid", Error,
		"A percentile is a number from 0 to 100.",
		"add percentile below condition",
	},
	{"percentile-unused", Warning, "Only value_percentile has a percentile.", "drop it"},
	{
		"alias-rule-unknown", Error,
		"The alias is for a rule that is not correlated here.",
		"correct the name of the rule",
	},
	{"alias-unused", Warning, "No group-by and no field has the alias.", "use it or drop it"},
	{"generate-not-boolean", Error, "generate is true or false.", "write true or false"},
	{
		"correlation-with-logsource", Info,
		"The log sources are those of the correlated rules; this one is ignored.",
		"drop logsource",
	},
}

var (
	correlationTypes = []string{
		"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg",
		"value_percentile", "value_median",
	}
	correlationKeys = []string{
		"type", "rules", "group-by", "timespan", "condition", "aliases", "generate",
	}
	bounds       = []string{"gt", "gte", "lt", "lte", "eq", "neq"}
	timespanForm = regexp.MustCompile(`^([0-9]+)\s*([smhdwMy])$`)
	unitSeconds  = map[string]float64{
		"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "M": 30 * 86400, "y": 365 * 86400,
	}
)

// longSpan is the timespan from which state is a burden, in seconds.
const longSpan = 31 * 86400

// correlation looks at the correlation section.
func (d *document) correlation(n *yamltree.Node) {
	if n.Kind != yamltree.Map {
		d.add("correlation-not-map", n.Line, "correlation is not a map")
		return
	}
	for _, e := range n.Entries {
		if !contains(correlationKeys, e.Key) {
			d.addHint("correlation-key-unknown", e.Line, didYouMean(e.Key, correlationKeys),
				"unknown key %q", clip(e.Key))
		}
	}
	if ls := d.Get("logsource"); ls != nil {
		d.add("correlation-with-logsource", ls.Line, "a correlation with a logsource")
	}
	for _, in := range []*yamltree.Node{d.Node, n} {
		if g := in.Get("generate"); g != nil && g.Kind != yamltree.Bool {
			d.add("generate-not-boolean", g.Line, "generate: %q", clip(g.Text))
		}
	}
	typ := d.correlationType(n)
	d.correlationRules(n, typ)
	d.timespan(n)
	d.groupBy(n)
	d.bounds(n, typ)
	d.aliases(n)
}

func (d *document) correlationType(n *yamltree.Node) string {
	t := n.Get("type")
	switch {
	case t == nil:
		d.add("correlation-type-missing", n.Line, "no type")
	case !t.Scalar() || !contains(correlationTypes, t.Text):
		d.addHint("correlation-type-invalid", t.Line, didYouMean(t.Text, correlationTypes),
			"unknown type %q", clip(t.Text))
	default:
		return t.Text
	}
	return ""
}

func (d *document) correlationRules(n *yamltree.Node, typ string) {
	rules := n.Get("rules")
	if rules == nil {
		d.add("correlation-rules-missing", n.Line, "no rules")
		return
	}
	list := scalarsOf(rules)
	if len(list) == 0 {
		d.add("correlation-rules-empty", rules.Line, "no rules in the list")
	}
	if rules.Kind == yamltree.String {
		d.add("list-expected", rules.Line, "rules is not a list")
	}
	seen := map[string]bool{}
	for _, r := range list {
		if seen[r.Text] {
			d.add("correlation-rule-duplicate", r.Line, "rule %q stands twice", clip(r.Text))
		}
		seen[r.Text] = true
		if r.Text != "" && (r.Text == d.Str("name") || strings.EqualFold(r.Text, d.Str("id"))) {
			d.add("correlation-refers-to-itself", r.Line, "rule %q is this document", clip(r.Text))
		}
	}
	if len(list) == 1 && strings.HasPrefix(typ, "temporal") {
		d.add("correlation-single-temporal", rules.Line, "%s of a single rule", typ)
	}
}

func (d *document) timespan(n *yamltree.Node) {
	t := n.Get("timespan")
	if t == nil {
		d.add("timespan-missing", n.Line, "no timespan")
		return
	}
	m := timespanForm.FindStringSubmatch(strings.TrimSpace(t.Text))
	if !t.Scalar() || m == nil {
		d.add("timespan-invalid", t.Line, "timespan %q", clip(t.Text))
		return
	}
	number, err := strconv.ParseFloat(m[1], 64)
	switch seconds := number * unitSeconds[m[2]]; {
	case err != nil:
		d.add("timespan-invalid", t.Line, "timespan %q", clip(t.Text))
	case seconds == 0:
		d.add("timespan-zero", t.Line, "timespan %q", clip(t.Text))
	case seconds > longSpan:
		d.add("timespan-long", t.Line, "timespan %q is longer than 31 days", clip(t.Text))
	}
}

func (d *document) groupBy(n *yamltree.Node) {
	g := n.Get("group-by")
	if g == nil || len(scalarsOf(g)) == 0 {
		d.add("group-by-missing", n.Line, "no group-by")
		return
	}
	if g.Scalar() {
		d.add("group-by-not-list", g.Line, "group-by is not a list")
	}
	seen := map[string]bool{}
	for _, f := range scalarsOf(g) {
		if seen[f.Text] {
			d.add("group-by-duplicate", f.Line, "field %q stands twice", clip(f.Text))
		}
		seen[f.Text] = true
	}
}

// aliases looks whether each alias is for a rule that is here, and used.
func (d *document) aliases(n *yamltree.Node) {
	aliases := n.Get("aliases")
	if aliases == nil {
		return
	}
	var rules, used []string
	for _, r := range scalarsOf(n.Get("rules")) {
		rules = append(rules, r.Text)
	}
	for _, n := range []*yamltree.Node{n.Get("group-by"), n.Get("condition").Get("field")} {
		for _, f := range scalarsOf(n) {
			used = append(used, f.Text)
		}
	}
	for _, a := range aliases.Entries {
		if !contains(used, a.Key) {
			d.add("alias-unused", a.Line, "alias %q is not used", clip(a.Key))
		}
		for _, e := range a.Val.Entries {
			if !contains(rules, e.Key) {
				d.addHint("alias-rule-unknown", e.Line, didYouMean(e.Key, rules), "alias %q is for rule %q",
					clip(a.Key), clip(e.Key))
			}
		}
	}
}
