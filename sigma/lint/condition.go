package lint

import (
	"regexp"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

var conditionChecks = []Check{
	{
		"detection-not-map", Error,
		"The detection is a map of selections and a condition.",
		"write named selections below it",
	},
	{"detection-empty", Error, "There is no selection to match on.", "add a selection"},
	{
		"condition-missing", Error,
		"Without a condition the selections mean nothing.",
		"add condition: selection",
	},
	{"condition-not-text", Error, "A condition is text.", "write the condition as text"},
	{
		"condition-list", Info,
		"Several conditions are joined by \"or\"; the schema has only one.",
		"write one condition with \"or\"",
	},
	{"condition-syntax", Error, "The condition cannot be read.", "correct the condition"},
	{
		"condition-selection-unknown", Error,
		"The condition names a selection that is not there.",
		"correct the name or add the selection",
	},
	{
		"condition-operator-case", Hint,
		"Operators are lower case in the specification.",
		"write and, or, not, of in lower case",
	},
	{"condition-double-not", Info, "Two negations cancel out.", "drop both"},
	{
		"condition-always-true", Error,
		"The condition holds whatever the selections say.",
		"correct the condition",
	},
	{
		"condition-never-true", Error,
		"The condition cannot hold, whatever the selections say.",
		"correct the condition",
	},
	{
		"condition-only-negative", Warning,
		"The condition holds for an event in which no selection does: every other event is a " +
			"finding.",
		"add a selection of what is looked for",
	},
	{
		"condition-of-one", Hint,
		"\"1 of\" or \"all of\" a single selection is that selection.",
		"name the selection",
	},
	{
		"condition-of-without-star", Hint,
		"\"1 of name\" without * fits that one selection only.",
		"add * or drop \"1 of\"",
	},
	{
		"condition-of-too-many", Error,
		"More selections are asked for than there are.",
		"lower the number",
	},
	{
		"condition-them-skips", Hint,
		"\"them\" leaves out selections that begin with an underscore.",
		"name those selections, if they should count",
	},
	{
		"aggregation-legacy", Warning,
		"Aggregations after | are legacy since version 2; they are migrated where possible.",
		"write a correlation rule",
	},
	{
		"timeframe-legacy", Warning,
		"timeframe belongs to a legacy aggregation.",
		"write a correlation rule with timespan",
	},
	{
		"timeframe-without-aggregation", Warning,
		"timeframe has no effect without an aggregation.",
		"drop it, or write a correlation rule",
	},
	{
		"selection-unused", Warning,
		"The condition does not name the selection.",
		"use it in the condition or drop it",
	},
	{
		"selection-without-effect", Warning,
		"The condition names the selection, but it changes no verdict.",
		"correct the condition or drop the selection",
	},
	{
		"selection-empty", Error,
		"The selection has nothing to match.",
		"add a field and a value, or drop it",
	},
	{"selection-duplicate", Warning, "Two selections are the same.", "drop one, or correct it"},
	{
		"selection-name-reserved", Error,
		"The name is a word of conditions: it cannot be used there.",
		"rename the selection",
	},
	{
		"selection-name-style", Hint,
		"Names with other signs than letters, digits, - and _ cannot be used in conditions " +
			"everywhere.",
		"rename the selection",
	},
	{"selection-list-of-one", Hint, "A list of one map is that map.", "write the map without -"},
	{
		"filter-not-negated", Info,
		"A selection named filter is not under \"not\": it must match, too.",
		"write \"not\" before it or rename it",
	},
}

var selectionName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// detection looks at the detection of a rule, or at the selections of a
// filter.
func (d *document) detection(n *yamltree.Node) {
	if n.Kind != yamltree.Map {
		d.add("detection-not-map", n.Line, "%s is not a map", kindNames[d.kind])
		return
	}
	var names []string
	bodies := map[string]string{}
	for _, e := range n.Entries {
		if e.Key == "condition" || e.Key == "timeframe" || d.kind == kindFilter && e.Key == "rules" {
			continue
		}
		names = append(names, e.Key)
		d.selection(e)
		body := digest(e.Val)
		if twin := bodies[body]; twin != "" {
			d.add("selection-duplicate", e.Line, "%q is the same as %q", clip(e.Key), clip(twin))
		} else if body != "" {
			bodies[body] = e.Key
		}
	}
	if len(names) == 0 {
		d.add("detection-empty", n.Line, "no selection")
	}
	d.fieldCase(n)
	d.conditions(n, names)
}

// selection looks at the name and the shape of one selection.
func (d *document) selection(e yamltree.Entry) {
	switch name := strings.ToLower(e.Key); {
	case contains([]string{"and", "or", "not", "of", "them", "all", "any"}, name):
		d.add("selection-name-reserved", e.Line, "selection %q", e.Key)
	case !selectionName.MatchString(e.Key):
		d.add("selection-name-style", e.Line, "selection %q", clip(e.Key))
	}
	n := e.Val
	switch {
	case n.Kind == yamltree.Null, n.Kind == yamltree.Map && len(n.Entries) == 0,
		n.Kind == yamltree.List && len(n.Items) == 0:
		d.add("selection-empty", e.Line, "selection %q is empty", clip(e.Key))
		return
	case n.Kind == yamltree.List && len(n.Items) == 1 && n.Items[0].Kind == yamltree.Map:
		d.add("selection-list-of-one", e.Line, "selection %q is a list of one map", clip(e.Key))
	}
	d.search(n)
}

// search looks at the items of a selection.
func (d *document) search(n *yamltree.Node) {
	switch n.Kind {
	case yamltree.Map:
		for _, e := range n.Entries {
			d.item(e)
		}
	case yamltree.List:
		var words []*yamltree.Node
		for _, item := range n.Items {
			if item.Scalar() {
				words = append(words, item)
				continue
			}
			d.search(item)
		}
		d.keywords(words)
	default:
		d.keywords([]*yamltree.Node{n})
	}
}

// conditions looks at the condition or conditions and what they use.
func (d *document) conditions(n *yamltree.Node, names []string) {
	c := n.Get("condition")
	if c == nil {
		d.add("condition-missing", n.Line, "no condition")
		return
	}
	list := []*yamltree.Node{c}
	if c.Kind == yamltree.List {
		list = c.Items
		d.add("condition-list", c.Line, "%d conditions", len(list))
	}
	used, readable, counted := map[string]bool{}, true, false
	for _, item := range list {
		if item.Kind != yamltree.String {
			d.add("condition-not-text", item.Line, "condition is not text")
			readable = false
			continue
		}
		text, _, legacy := strings.Cut(item.Text, "|")
		if legacy {
			counted = true
			d.add("aggregation-legacy", item.Line, "legacy aggregation")
		}
		readable = d.condition(item.Line, text, names, used) && readable
	}
	d.timeframe(n.Get("timeframe"), counted)
	if !readable {
		return
	}
	for _, e := range n.Entries {
		if contains(names, e.Key) && !used[e.Key] {
			d.add("selection-unused", e.Line, "selection %q is not used", clip(e.Key))
		}
	}
}

func (d *document) timeframe(n *yamltree.Node, counted bool) {
	switch {
	case n == nil:
	case counted:
		d.add("timeframe-legacy", n.Line, "legacy timeframe")
	default:
		d.add("timeframe-without-aggregation", n.Line, "timeframe without aggregation")
	}
}

// condition looks at one condition and notes the selections that it uses. It
// reports whether it could be read.
func (d *document) condition(line int, text string, names []string, used map[string]bool) bool {
	x := &expression{names: names}
	t, err := x.parse(text)
	if err != nil {
		d.add("condition-syntax", line, "condition: %v", err)
		return false
	}
	for _, u := range x.unknown {
		d.addHint("condition-selection-unknown", line, didYouMean(u, names), "no selection fits %q",
			clip(u))
	}
	if len(x.shouted) > 0 {
		d.add("condition-operator-case", line, "operator %q is not lower case", x.shouted[0])
	}
	if x.twice {
		d.add("condition-double-not", line, "\"not not\"")
	}
	t.used(used)
	if len(x.unknown) > 0 {
		return true
	}
	d.quotas(line, x)
	d.truth(line, t)
	return true
}

// quotas looks at every "1 of x*".
func (d *document) quotas(line int, x *expression) {
	for _, q := range x.quotas {
		them := strings.EqualFold(q.pattern, "them")
		switch {
		case q.number != "all" && q.number != "any" && q.number != "1" && tooMany(q):
			d.add("condition-of-too-many", line, "%s of %d selections", q.number, q.fits)
		case !them && !strings.ContainsAny(q.pattern, "*?["):
			d.add("condition-of-without-star", line, "\"%s of %s\" has no *", q.number, clip(q.pattern))
		case q.fits == 1:
			d.add("condition-of-one", line, "\"%s of %s\" is a single selection", q.number, clip(q.pattern))
		}
		for _, name := range x.names {
			if them && strings.HasPrefix(name, "_") {
				d.add("condition-them-skips", line, "\"them\" leaves out %q", clip(name))
				break
			}
		}
	}
}

func tooMany(q quantity) bool {
	n := 0
	for _, c := range q.number {
		n = min(n*10+int(c-'0'), 1<<20)
	}
	return n > q.fits
}

// maxTruth bounds the selections of a truth table: 2 to that number of rows.
const maxTruth = 10

// truth compares the condition's verdicts over all ways the selections can
// hold.
func (d *document) truth(line int, t *term) {
	in := map[string]bool{}
	t.used(in)
	if len(in) > maxTruth {
		return
	}
	negative := map[string]bool{}
	t.underNot(false, negative)
	for name := range in {
		if strings.HasPrefix(strings.ToLower(name), "filter") && !negative[name] && len(in) > 1 &&
			d.kind == kindRule {
			d.add("filter-not-negated", line, "%q is not under \"not\"", clip(name))
			break
		}
	}
	names := sortedKeys(in)
	rows := verdicts(t, names)
	switch {
	case !rows.some:
		d.add("condition-never-true", line, "the condition never holds")
		return
	case rows.all:
		d.add("condition-always-true", line, "the condition always holds")
		return
	case rows.empty && d.kind == kindRule:
		d.add("condition-only-negative", line, "the condition holds when no selection does")
	}
	for i, name := range names {
		if !rows.matters[i] {
			d.add("selection-without-effect", line, "%q changes no verdict", clip(name))
		}
	}
}
