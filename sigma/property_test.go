package sigma

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/textmatch"
)

// The generators draw from few fields, letters and literals, so that rules and
// events meet often.
var (
	someFields = []string{"A", "B", "C", "EventID", "Channel"}
	someTexts  = []string{
		"", "a", "b", "K", "\u212A", "ſ", "S", "ab", "aB", `\`, `C:\x`, `.exe`, `\cmd.exe`, "-", "/", " -a",
		"–", "é", "É", "\n", "1", "10", "-3", "2.5", "10.0.0.1", "::ffff:10.0.0.1", "2026-01-02 03:04:05",
		"Security", "x", "*", "?", "YWI=", "\xff", "Straße",
	}
	someRegexes = []string{
		"a+b", "^a", "b$", "a.b", "(ab|cd)x?", `\ba`, `[ab]{2,3}`, "(?i)k", "[^a]", "a|b", `\\`, "^$",
		`x.{3,}`, `(?m)^a$`, `é`, `\d+\.\d+`,
	}
	someModifiers = []string{
		"", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|contains|all",
		"|all", "|neq", "|windash", "|contains|windash", "|base64|contains", "|base64offset|contains",
		"|endswith|cased", "|contains|neq", "|wide|base64offset|contains",
	}
)

// drawText draws a text of a few parts.
func drawText(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(someTexts), 1, 4).Draw(t, label), "")
}

// yamlText writes a text as a double-quoted YAML scalar.
func yamlText(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\U%08X`, r)
	}
	return `"` + b.String() + `"`
}

// drawItem draws one line of a selection.
func drawItem(t *rapid.T) string {
	field := rapid.SampledFrom(someFields).Draw(t, "field")
	switch rapid.IntRange(0, 9).Draw(t, "item") {
	case 0:
		return field + ": null"
	case 1:
		return field + "|exists: " + rapid.SampledFrom([]string{"true", "false"}).Draw(t, "exists")
	case 2:
		re := rapid.SampledFrom(someRegexes).Draw(t, "regex")
		return field + "|re" + rapid.SampledFrom([]string{"", "|i", "|s"}).Draw(t, "flag") + ": '" + re + "'"
	case 3:
		op := rapid.SampledFrom([]string{"lt", "lte", "gt", "gte", "hour", "day|gte"}).Draw(t, "op")
		return fmt.Sprintf("%s|%s: %d", field, op, rapid.IntRange(-4, 12).Draw(t, "n"))
	case 4:
		return field + "|cidr: " + rapid.SampledFrom([]string{"10.0.0.0/8", "'::/0'"}).Draw(t, "cidr")
	case 5:
		mode := rapid.SampledFrom([]string{"", "|contains", "|endswith", "|neq", "|cased"}).Draw(t, "mode")
		return field + "|fieldref" + mode + ": " + rapid.SampledFrom(someFields).Draw(t, "other")
	}
	var values []string
	for i := range rapid.IntRange(1, 3).Draw(t, "values") {
		values = append(values, yamlText(textmatch.ValidText(drawText(t, fmt.Sprint("value", i)))))
	}
	mod := rapid.SampledFrom(someModifiers).Draw(t, "modifiers")
	if rapid.IntRange(0, 12).Draw(t, "keyword") == 0 {
		if !strings.Contains(mod, "base64") && mod != "" {
			return "'" + mod + "': [" + strings.Join(values, ", ") + "]"
		}
	}
	return field + mod + ": [" + strings.Join(values, ", ") + "]"
}

var someConditions = []string{
	"s0", "not s0", "s0 and s1", "s0 or s1", "s0 and not s1", "1 of s*", "all of s*", "2 of s*",
	"not 1 of s*", "s0 and not (s1 or s2)", "(s0 or s1) and s2", "not (s0 and s1) and s2",
}

// drawRule draws a rule document.
func drawRule(t *rapid.T, n int) string {
	source := rapid.SampledFrom([]string{
		"{product: windows, service: security}", "{product: windows}", "{product: acme}",
		"{product: windows, category: process_creation}",
	}).Draw(t, "source")
	doc := fmt.Sprintf("---\ntitle: r%d\nid: r%d\nlogsource: %s\ndetection:\n", n, n, source)
	for i := range 3 {
		doc += fmt.Sprintf("  s%d:\n", i)
		seen := map[string]bool{}
		for range rapid.IntRange(1, 3).Draw(t, "items") {
			item := drawItem(t)
			if key, _, _ := strings.Cut(item, ": "); !seen[key] {
				seen[key] = true
				doc += "    " + item + "\n"
			}
		}
	}
	return doc + "  condition: " + rapid.SampledFrom(someConditions).Draw(t, "condition") + "\n"
}

// drawValue draws a native value.
func drawValue(t *rapid.T, depth int) event.Value {
	kind := rapid.SampledFrom([]event.Kind{
		event.String, event.String, event.String, event.Number, event.Null, event.Bool, event.List,
	}).Draw(t, "kind")
	v := event.Value{Kind: kind}
	switch kind {
	case event.String:
		v.Text = drawText(t, "text")
	case event.Number:
		v.Text = rapid.SampledFrom([]string{"1", "10", "-3", "2.5", "4688"}).Draw(t, "number")
	case event.Bool:
		v.Text = "true"
	case event.List:
		for range rapid.IntRange(0, 3-depth).Draw(t, "members") {
			v.Items = append(v.Items, drawValue(t, depth+1))
		}
	}
	return v
}

// drawEvent draws an event, routed or not.
func drawEvent(t *rapid.T) event.Event {
	var ev event.Event
	switch rapid.IntRange(0, 3).Draw(t, "channel") {
	case 0:
		ev.Native = append(ev.Native,
			event.Field{Name: "Channel", Value: event.Value{Kind: event.String, Text: "SECURITY"}},
			event.Field{Name: "EventID", Value: event.Value{Kind: event.Number, Text: "4688"}})
	case 1:
		ev.Product, ev.Service = "Windows", "security"
	}
	for range rapid.IntRange(0, 6).Draw(t, "fields") {
		name := rapid.SampledFrom(append([]string{"A ", "NewProcessName"}, someFields...)).Draw(t, "name")
		ev.Native = append(ev.Native, event.Field{Name: name, Value: drawValue(t, 0)})
	}
	return ev
}

// TestPlanEqualsNaive: for random rules and events, the plan and the oracle
// agree; one matcher sees several events, so stale state would show.
func TestPlanEqualsNaive(t *testing.T) {
	ls := logsources(t)
	rapid.Check(t, func(t *rapid.T) {
		src := ""
		for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
			src += drawRule(t, i)
		}
		rs := (&Loader{}).Parse("random.yml", []byte(src))
		for _, r := range rs.Rejected {
			if !strings.Contains(r.Reason, "base64") {
				t.Fatalf("rejected: %+v\n%s", r, src)
			}
		}
		p, err := Compile(rs, ls)
		if err != nil {
			t.Fatal(err)
		}
		m := p.Matcher()
		for range 5 {
			ev := drawEvent(t)
			got, want := ids(rulesOf(m.Match(&ev))), ids(rs.MatchNaive(&ev, ls))
			if got != want {
				t.Fatalf("plan %q, oracle %q\nevent %+v\n%s", got, want, ev, src)
			}
		}
	})
}

// TestPatternEqualsNaive: the glob matcher agrees with the table of reachable
// positions.
func TestPatternEqualsNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[ab\\*?é]{0,8}`).Draw(t, "pattern")
		text := rapid.StringMatching("[abAB\\\\*?é\n]{0,12}").Draw(t, "text")
		p := parsePattern(value)
		got := p.mapText(textmatch.Fold).match([]byte(textmatch.Fold(text)))
		if want := naiveGlob(p, []rune(text), false); got != want {
			t.Fatalf("%q on %q: got %v, want %v", value, text, got, want)
		}
	})
}

// TestRegexEqualsStandard: the lazy automaton agrees with the regexp package.
func TestRegexEqualsStandard(t *testing.T) {
	automata := map[string]*textmatch.LazyDFA{}
	rapid.Check(t, func(t *rapid.T) {
		expr := rapid.SampledFrom(someRegexes).Draw(t, "regex")
		if rapid.Bool().Draw(t, "random") {
			expr = rapid.StringMatching(`(\\b|\^)?([ab]|\[ab\]\+|\(a\|b\)\*|\.|\\w\{2,3\}|\\B|\$)*`).Draw(t, "expr")
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			t.Skip(expr)
		}
		if automata[expr] == nil {
			automata[expr] = textmatch.NewLazyDFA(re)
		}
		text := rapid.StringMatching("[abxK é\n]{0,12}").Draw(t, "text")
		if got, want := automata[expr].Match(text), re.MatchString(text); got != want {
			t.Fatalf("%q on %q: got %v, want %v", expr, text, got, want)
		}
		w := regexWitness(&predicate{kind: predRegex, re: re})
		if w.shape != shapeNone && re.MatchString(text) && !containsAny(textmatch.Fold(text), w.literals) {
			t.Fatalf("%q matches %q without any of %q", expr, text, w.literals)
		}
	})
}

func containsAny(text string, literals []string) bool {
	for _, l := range literals {
		if strings.Contains(text, l) {
			return true
		}
	}
	return false
}

// TestAutomatonFindsAll: the automaton reports exactly the literals that occur.
func TestAutomatonFindsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		literals := rapid.SliceOfN(rapid.StringMatching("[abc]{1,4}"), 1, 12).Draw(t, "literals")
		text := rapid.StringMatching("[abcd]{0,20}").Draw(t, "text")
		var ids []int32
		for i := range literals {
			ids = append(ids, int32(i))
		}
		found := map[int32]bool{}
		textmatch.NewAutomaton(literals, ids).Find([]byte(text), func(id int32) { found[id] = true })
		begins := map[int32]bool{}
		textmatch.NewTrie(literals, ids).Prefixes([]byte(text), func(id int32) { begins[id] = true })
		for i, l := range literals {
			if found[int32(i)] != strings.Contains(text, l) {
				t.Fatalf("automaton: %q in %q: got %v", l, text, found[int32(i)])
			}
			if begins[int32(i)] != strings.HasPrefix(text, l) {
				t.Fatalf("trie: %q begins %q: got %v", l, text, begins[int32(i)])
			}
		}
	})
}
