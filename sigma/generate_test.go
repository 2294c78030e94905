package sigma

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/textmatch"
)

// The generators draw from few fields, letters and literals, so that rules and
// events meet often.
var (
	someFields = []string{"A", "B", "C", "D e", "EventID", "Channel"}
	someTexts  = []string{
		"", "a", "b", "K", "\u212A", "ſ", "S", "ab", "aB", `\`, `\\`, `C:\x`, `.exe`, `\cmd.exe`,
		"-", "/", " -a", "--a", "–", "—b", "é", "É", "\n", "\r\n", "1", "10", "-3", "2.5", "1e3",
		"9007199254740993", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%e", "2026-01-02 03:04:05",
		"2026-12-31T23:59Z", "Security", "x", "*", "?", `\*`, "YWI=",
		"\xff", "Straße", "ẞ", "İ", "\u13a0", "\uab70", "%u%", "null",
	}
	someRegexes = []string{
		"a+b", "^a", "b$", "a.b", "(ab|cd)x?", `\ba`, `[ab]{2,3}`, "(?i)k", "[^a]", "a|b",
		`\\`, "^$", `x.{3,}`, `(?m)^a$`, `é`, `\d+\.\d+`, `(a|b)*[^\n]x`, `[[:alpha:]]{3}`, `ſ`, ``,
	}
	someNumbers = []string{
		"-4", "0", "1", "5.5", "10", "12", "1e3", "9007199254740993", "9007199254740992.5", "-0",
	}
	someNetworks = []string{
		"10.0.0.0/8", "'::/0'", "10.0.0.1", "'::ffff:10.0.0.0/104'", "'fe80::/10'",
	}
)

// gen draws from a few texts, other ones in each check.
type gen struct {
	*rapid.T
	texts []string
}

func newGen(t *rapid.T) gen {
	return gen{t, rapid.SliceOfN(rapid.SampledFrom(someTexts), 4, 8).Draw(t, "texts")}
}

// drawText draws a text of a few parts.
func drawText(t gen, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(t.texts), 1, 3).Draw(t.T, label), "")
}

// yamlText writes a text as a double-quoted YAML scalar.
func yamlText(s string) string {
	var b strings.Builder
	for _, r := range textmatch.ValidText(s) {
		fmt.Fprintf(&b, `\U%08X`, r)
	}
	return `"` + b.String() + `"`
}

// chance draws a yes once in n times.
func chance(t gen, n int, label string) bool {
	return rapid.IntRange(1, n).Draw(t.T, label) == n
}

// one draws one of the words.
func one(t gen, label string, words ...string) string {
	return rapid.SampledFrom(words).Draw(t.T, label)
}

// drawChain draws the modifiers of a text in a legal order. all, neq and cased
// may stand anywhere.
func drawChain(t gen, keyword bool) string {
	var chain []string
	add := func(n int, words ...string) {
		if chance(t, n, "with "+words[0]) {
			chain = append(chain, one(t, "modifier", words...))
		}
	}
	add(9, "expand")
	add(5, "windash")
	add(12, "wide", "utf16le", "utf16be", "utf16")
	add(8, "base64", "base64offset", "base64offset")
	if keyword {
		add(3, "contains")
	} else {
		add(2, "contains", "contains", "startswith", "endswith")
	}
	for _, m := range []string{"all", "neq", "cased"} {
		if chance(t, 6, "with "+m) {
			chain = slices.Insert(chain, rapid.IntRange(0, len(chain)).Draw(t.T, "place"), m)
		}
	}
	return strings.Join(append([]string{""}, chain...), "|")
}

// drawLink draws all, neq or nothing.
func drawLink(t gen) string { return one(t, "link", "", "", "", "|all", "|neq") }

// drawItem draws one line of a selection.
func drawItem(t gen) string {
	field := rapid.SampledFrom(someFields).Draw(t.T, "field")
	switch rapid.IntRange(0, 14).Draw(t.T, "item") {
	case 0:
		return field + one(t, "neq", "", "|neq") + ": null"
	case 1:
		return field + "|exists: " + one(t, "exists", "true", "false")
	case 2:
		flag := one(t, "flag", "", "|i", "|s", "|m|i", "|startswith", "|i|endswith")
		return field + "|re" + flag + drawLink(t) + ": " + drawList(t, "regex", someRegexes, yamlText)
	case 3:
		return field + "|" + one(t, "op", "lt", "lte", "gt", "gte") + drawLink(t) + ": " +
			drawList(t, "number", someNumbers, plain)
	case 4:
		part := one(t, "part", "minute", "hour", "day", "week", "month|gte", "lt|year")
		return field + "|" + part + drawLink(t) + ": " +
			drawList(t, "number", []string{"0", "1", "2", "3", "4", "12", "23", "53", "2026"}, plain)
	case 5:
		return field + "|cidr" + drawLink(t) + ": " + drawList(t, "network", someNetworks, plain)
	case 6:
		mode := one(t, "mode", "", "|contains", "|startswith", "|endswith", "|neq", "|cased",
			"|contains|neq")
		return field + "|fieldref" + mode + ": " + drawList(t, "other", someFields, plain)
	case 7:
		return field + one(t, "link", "", "|all") + ": [null, " + drawTexts(t) + "]"
	}
	if chance(t, 10, "keyword") {
		return "'" + drawChain(t, true) + "': [" + drawTexts(t) + "]"
	}
	return field + drawChain(t, false) + ": [" + drawTexts(t) + "]"
}

func plain(s string) string { return s }

// drawList draws a YAML list of one to three of the words.
func drawList(t gen, label string, words []string, write func(string) string) string {
	var out []string
	for range rapid.IntRange(1, 3).Draw(t.T, label+"s") {
		out = append(out, write(rapid.SampledFrom(words).Draw(t.T, label)))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// drawTexts draws one to three values.
func drawTexts(t gen) string {
	var out []string
	for i := range rapid.IntRange(1, 3).Draw(t.T, "values") {
		out = append(out, yamlText(drawText(t, fmt.Sprint("value", i))))
	}
	return strings.Join(out, ", ")
}

// drawSelection draws a map, a list of maps, keywords, or maps and keywords.
func drawSelection(t gen) string {
	switch rapid.IntRange(0, 7).Draw(t.T, "selection") {
	case 0:
		return "[" + drawTexts(t) + "]"
	case 1:
		return "[" + drawMap(t) + ", " + drawTexts(t) + "]"
	case 2, 3:
		return "[" + drawMap(t) + ", " + drawMap(t) + "]"
	}
	return drawMap(t)
}

// drawMap draws one to three items with different keys.
func drawMap(t gen) string {
	var items []string
	seen := map[string]bool{}
	for range rapid.IntRange(1, 3).Draw(t.T, "items") {
		item := drawItem(t)
		if key, _, _ := strings.Cut(item, ": "); !seen[key] {
			seen[key] = true
			items = append(items, item)
		}
	}
	return "{" + strings.Join(items, ", ") + "}"
}

// drawCondition draws a condition over s0, s1, s2, t0 and _u.
func drawCondition(t gen, depth int) string {
	if depth > 3 || chance(t, 3, "leaf") {
		return one(t, "operand", "s0", "s1", "s2", "t0", "_u", "1 of s*", "all of s*",
			"2 of s*", "any of *0", "1 of them", "all of them", "3 of them", "1 of _*", "all of *",
			"1 of s*1")
	}
	left := drawCondition(t, depth+1)
	switch rapid.IntRange(0, 4).Draw(t.T, "connective") {
	case 0:
		return "not " + left
	case 1:
		return "(" + left + ")"
	case 2:
		return "not (" + left + " or " + drawCondition(t, depth+1) + ")"
	case 3:
		return left + " and " + drawCondition(t, depth+1)
	}
	return left + " or " + drawCondition(t, depth+1)
}

// drawRule draws a rule document, every other one with a single selection.
func drawRule(t gen, n int) string {
	source := one(t, "source", "{product: windows, service: security}", "{product: windows}",
		"{product: acme}", "{product: windows, category: process_creation}")
	doc := fmt.Sprintf("---\ntitle: r%d\nid: r%d\nlogsource: %s\ndetection:\n", n, n, source)
	if chance(t, 2, "single") {
		return doc + "  s0: {" + drawItem(t) + "}\n  condition: " +
			one(t, "condition", "s0", "not s0") + "\n"
	}
	for _, name := range []string{"s0", "s1", "s2", "t0", "_u"} {
		doc += "  " + name + ": " + drawSelection(t) + "\n"
	}
	return doc + "  condition: " + drawCondition(t, 0) + "\n"
}

// drawFilter draws a filter document for some of the rules.
func drawFilter(t gen, n int) string {
	return fmt.Sprintf("---\ntitle: f%d\nlogsource: %s\nfilter:\n"+
		"  rules: %s\n  s0: %s\n  t1: %s\n  condition: %s\n",
		n, one(t, "source", "{product: windows}", "{product: acme}"),
		one(t, "rules", "[r0]", "[r1, r0]", "any"), drawSelection(t), drawSelection(t),
		one(t, "condition", "not s0", "not 1 of them", "s0 or not t1", "not s0 and not t1"))
}

// drawValue draws a native value.
func drawValue(t gen, depth int) event.Value {
	kind := rapid.SampledFrom([]event.Kind{
		event.String, event.String, event.String, event.Number, event.Null, event.Bool, event.List,
	}).Draw(t.T, "kind")
	v := event.Value{Kind: kind}
	switch kind {
	case event.String:
		v.Text = drawText(t, "text")
	case event.Number:
		v.Text = rapid.SampledFrom(append([]string{"4688"}, someNumbers...)).Draw(t.T, "number")
	case event.Bool:
		v.Text = "true"
	case event.List:
		for range rapid.IntRange(0, 3-depth).Draw(t.T, "members") {
			v.Items = append(v.Items, drawValue(t, depth+1))
		}
	}
	return v
}

// drawEvent draws an event, routed or not.
func drawEvent(t gen) event.Event {
	var ev event.Event
	switch rapid.IntRange(0, 3).Draw(t.T, "channel") {
	case 0:
		ev.Native = append(ev.Native,
			event.Field{Name: "Channel", Value: event.Value{Kind: event.String, Text: "SECURITY"}},
			event.Field{Name: "EventID", Value: event.Value{Kind: event.Number, Text: "4688"}})
	case 1:
		ev.Product, ev.Service = "Windows", "security"
	}
	names := append([]string{"A ", "De", "NewProcessName", "event_id", "EventData.A"},
		someFields...)
	for range rapid.IntRange(0, 6).Draw(t.T, "fields") {
		name := rapid.SampledFrom(names).Draw(t.T, "name")
		ev.Native = append(ev.Native, event.Field{Name: name, Value: drawValue(t, 0)})
	}
	return ev
}
