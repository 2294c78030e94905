package processing_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
	"github.com/evident-sec/evident/sigma/processing"
)

// TestRenamedRuleMatchesRenamedEvent: a rule whose fields a pipeline renames
// holds for an event with the new names exactly when it held before, also where
// a field has two names and the event has either.
func TestRenamedRuleMatchesRenamedEvent(t *testing.T) {
	one := parsePipeline(t, "transformations: [{type: field_name_mapping, mapping: {A: p.a, B: p.b}}]")
	two := parsePipeline(t, "transformations:\n"+
		"  - {type: field_name_mapping, mapping: {A: [a1, a2], B: [b1, b2]}}")
	rapid.Check(t, func(rt *rapid.T) {
		src := randomRule(rt)
		values := map[string]string{}
		for _, field := range []string{"A", "B"} {
			if rapid.Bool().Draw(rt, "has "+field) {
				values[field] = rapid.SampledFrom([]string{"x", "xy", "y", "", "2"}).Draw(rt, field)
			}
		}
		names := func(a, b string) event.Event {
			var ev event.Event
			for from, to := range map[string]string{"A": a, "B": b} {
				if v, ok := values[from]; ok {
					ev.Native = append(ev.Native, event.Field{
						Name: to, Value: event.Value{Kind: event.String, Text: v},
					})
				}
			}
			return ev
		}
		want := verdict(rt, src, nil, names("A", "B"))
		if got := verdict(rt, src, one, names("p.a", "p.b")); got != want {
			rt.Fatalf("%s\non %v: one name: got %v, want %v", src, values, got, want)
		}
		if strings.Contains(src, "fieldref") {
			return // refused: a field that a value refers to has one name
		}
		a := rapid.SampledFrom([]string{"a1", "a2"}).Draw(rt, "name of A")
		b := rapid.SampledFrom([]string{"b1", "b2"}).Draw(rt, "name of B")
		if got := verdict(rt, src, two, names(a, b)); got != want {
			rt.Fatalf("%s\non %v as %s %s: two names: got %v, want %v", src, values, a, b, got, want)
		}
	})
}

// randomRule writes a rule over the fields A and B.
func randomRule(rt *rapid.T) string {
	out := "title: t\nlogsource: {product: a}\ndetection:\n"
	items := []string{
		"A: x", "A: [x, 2]", "A|contains: y", "A|contains|all: [x, y]", "A|neq: x", "A|neq: [x, y]",
		"A: null", "A: ''", "A|exists: true", "A|exists: false", "A|re: '^x+'", "A|gt: 1", "B: x*",
		"B|endswith: y", "A|fieldref: B", "A|fieldref|neq: B", "A|fieldref|startswith: B",
		"A: [null, x]", "B|cased: X", "B: '*'",
	}
	for _, name := range []string{"one", "two", "three"} {
		item := rapid.SampledFrom(items).Draw(rt, name)
		out += fmt.Sprintf("  %s:\n    %s\n", name, item)
		if other := rapid.SampledFrom(items[12:]).Draw(rt, "second"); rapid.Bool().Draw(rt, "list") {
			out = strings.TrimSuffix(out, "    "+item+"\n") + "    - " + item + "\n    - " + other + "\n"
		}
	}
	return out + "  condition: " + rapid.SampledFrom([]string{
		"one", "one and not two", "1 of them", "all of them", "not one or two and three",
		"one and not (two or three)", "2 of them",
	}).Draw(rt, "condition") + "\n"
}

// verdict loads the rule through the pipeline and says whether it holds, by
// both engines.
func verdict(rt *rapid.T, src string, p *processing.Pipeline, ev event.Event) bool {
	var l sigma.Loader
	if p != nil {
		l.Transforms = processing.Order(p)
	}
	rs := l.Parse("rule.yml", []byte(src))
	if len(rs.Rules) != 1 {
		if p != nil && strings.Contains(src, "fieldref") {
			return false
		}
		rt.Fatalf("%s\nis refused: %v", src, rs.Rejected)
	}
	plan, err := sigma.Compile(rs, nil)
	if err != nil {
		rt.Fatal(err)
	}
	got := len(plan.Matcher().Match(&ev)) == 1
	if naive := len(rs.MatchNaive(&ev, nil)) == 1; naive != got {
		rt.Fatalf("%s\non %v: plan %v, oracle %v", src, ev.Native, got, naive)
	}
	return got
}

func parsePipeline(t *testing.T, src string) *processing.Pipeline {
	t.Helper()
	p, err := processing.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// FuzzParse: no pipeline file makes the reader or its application panic; what
// is read leaves a rule that compiles, or rejects it with a reason.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"transformations: [{type: field_name_mapping, mapping: {A: [b, c]}}]",
		"transformations:\n- type: replace_string\n  regex: '(x)'\n  replacement: '\\1*'\n  skip_special: true\n",
		"vars: {u: [a, b]}\ntransformations:\n- type: value_placeholders\n- type: drop_detection_item\n" +
			"  detection_item_conditions: [{type: match_string, pattern: x}]\n",
		"transformations:\n- type: nest\n  items:\n  - type: set_value\n    value: null\n" +
			"  rule_conditions: {a: {type: logsource, product: a}}\n  rule_cond_expr: not (a)\n",
		"transformations: [{type: add_condition, conditions: {C|contains: 1}, negated: true}]",
	} {
		f.Add([]byte(s))
	}
	const rule = "title: t\nlogsource: {product: a}\ndetection:\n" +
		"  s: {A|contains|windash: ' -x', B|expand: '%u%', C: null, D|fieldref: A}\n  k: [word]\n" +
		"  condition: s or not k\n"
	ev := event.Event{Native: event.Fields{
		{Name: "A", Value: event.Value{Kind: event.String, Text: "a -x"}},
	}}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := processing.Parse(src)
		if err != nil {
			return
		}
		l := sigma.Loader{Transforms: processing.Order(p)}
		rs := l.Parse("rule.yml", []byte(rule))
		if len(rs.Rules)+len(rs.Rejected) != 1 {
			t.Fatalf("%d rules, %d rejections", len(rs.Rules), len(rs.Rejected))
		}
		plan, err := sigma.Compile(rs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(plan.Matcher().Match(&ev)), len(rs.MatchNaive(&ev, nil)); got != want {
			t.Fatalf("plan %d matches, oracle %d", got, want)
		}
	})
}
