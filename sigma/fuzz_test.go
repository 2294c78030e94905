package sigma

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

// FuzzParse: no rule file makes the loader panic; each document loads or is
// refused with a reason; what loads compiles, and both engines agree on it.
func FuzzParse(f *testing.F) {
	f.Add([]byte("title: t\nlogsource: {product: a}\ndetection: {s: {A|contains: x}, condition: s}\n"))
	f.Add([]byte("title: t\nlogsource: {category: b}\ndetection:\n  s:\n    - A|re: 'a+'\n      B: null\n" +
		"    - word\n  condition: not 1 of s*\n"))
	f.Add([]byte("a: &a [*a]\n---\n? [x]\n: y\n"))
	f.Add([]byte("title: t\ncorrelation: {type: temporal}\n"))
	f.Add([]byte("title: t\nname: a\nlogsource: {product: a}\ndetection: {s: {A|expand: '%b%'}, condition: not s}\n---\n" +
		"title: c\ncorrelation: {type: event_count, rules: [a], group-by: A, timespan: 1m, condition: {gt: 1}}\n---\n" +
		"title: f\nlogsource: {}\nfilter: {rules: any, s: {B: 1}, condition: not s}\n"))
	f.Add([]byte("action: global\ntitle: t\nlogsource: {product: a}\n---\n" +
		"detection: {s: {A: 1}, timeframe: 5m, condition: s | count(B) by C > 2}\n---\naction: repeat\nid: x\n"))
	ev := event.Event{Native: event.Fields{
		{Name: "A", Value: event.Value{Kind: event.String, Text: "axb word"}},
		{Name: "B", Value: event.Value{Kind: event.Number, Text: "12"}},
	}}
	f.Fuzz(func(t *testing.T, src []byte) {
		rs := (&Loader{}).Parse("f.yml", src)
		if len(rs.Rules)+len(rs.Correlations)+len(rs.Filters)+len(rs.Rejected) == 0 {
			t.Fatal("neither documents nor rejections")
		}
		for _, r := range rs.Rejected {
			if r.Reason == "" || r.Line < 1 {
				t.Fatalf("rejection without reason or line: %+v", r)
			}
		}
		p, err := Compile(rs, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, want := rulesOf(p.Matcher().Match(&ev)), rs.MatchNaive(&ev, nil)
		if len(got) != len(want) {
			t.Fatalf("plan %d matches, oracle %d", len(got), len(want))
		}
	})
}

// FuzzCondition: no condition makes the parser panic.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		"a and b", "1 of them", "not (a or b*)", "all of a*", "((a", "2 of [", "a | count() > 1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		leaf := &expr{pred: &predicate{field: "A", kind: predExists}}
		c := conditionParser{
			names: map[string]*expr{"a": leaf, "b": leaf}, order: []string{"a", "b"},
			spend: (&ruleParser{}).spend,
		}
		x, err := c.parse(text)
		if (x == nil) == (err == nil) {
			t.Fatalf("%q: got %v and %v", text, x, err)
		}
	})
}

// FuzzPattern: the glob matcher agrees with the oracle on any value and text.
func FuzzPattern(f *testing.F) {
	f.Add(`*a?b\*`, "xxaab*")
	f.Add(`\\*`, `\x`)
	f.Add("K*ſ", "\u212Aks")
	f.Fuzz(func(t *testing.T, value, text string) {
		if len(value) > 200 || len(text) > 1000 || strings.Count(value, "*") > 50 {
			return
		}
		p := parsePattern(textmatch.ValidText(value))
		got := p.mapText(textmatch.Fold).match(textmatch.AppendFold(nil, text))
		if want := naiveGlob(p, []rune(text), false); got != want {
			t.Fatalf("%q on %q: got %v, want %v", value, text, got, want)
		}
		r := reading{compiled: map[string]*regexp.Regexp{}}
		if read := r.string(nil, signs(textmatch.ValidText(value))).MatchString(text); got != read {
			t.Fatalf("%q on %q: got %v, a reading %v", value, text, got, read)
		}
	})
}

// FuzzVerdict: on any detection section and event that can be read, the plan,
// the oracle and a reading of the document agree.
func FuzzVerdict(f *testing.F) {
	f.Add("  s: {A|contains: x, B: null}\n  condition: not s", `{"A": "xyz", "B": [1, null]}`)
	f.Add("  s: ['a*b', 1]\n  t: {A|re|i: '^x'}\n  condition: 1 of s* or (t and not s)",
		`{"A": "X\n"}`)
	f.Add("  s: {A|windash|base64offset|contains: ' -e '}\n  condition: [s, all of them]",
		`{"A": "IC1lIA=="}`)
	f.Add("  s: {A|fieldref|endswith: B, C|cidr: '::/0'}\n  condition: 1 of _* or s",
		`{"A": "ab", "B": "B"}`)
	f.Fuzz(func(t *testing.T, detection, text string) {
		if len(detection) > 2000 || len(text) > 4000 || strings.Count(detection, "*") > 30 {
			return
		}
		src := []byte(inDetection(detection))
		rs := testLoader().Parse("f.yml", src)
		fields, err := normalize.Decode(event.FormatJSON, "", []byte(text))
		if err != nil || len(rs.Rules) != 1 || len(rs.Correlations)+len(rs.Rejected) > 0 ||
			rs.Rules[0].Unresolved != nil {
			return
		}
		p, err := Compile(rs, nil)
		if err != nil {
			t.Fatal(err)
		}
		docs, err := yamltree.Parse(src)
		if err != nil || len(docs) != 1 {
			t.Fatalf("parsed once, but not again: %v", err)
		}
		ev := event.Event{Native: fields}
		plan, oracle := len(p.Matcher().Match(&ev)) == 1, len(rs.MatchNaive(&ev, nil)) == 1
		if read := readRule(docs[0]).holds(&ev, nil); plan != oracle || oracle != read {
			t.Fatalf("plan %v, oracle %v, reading %v\n%s\n%s", plan, oracle, read, src, text)
		}
	})
}

// FuzzLogsources: no mapping makes its parser panic or routing disagree with
// the oracle's.
func FuzzLogsources(f *testing.F) {
	f.Add("version: 1\nsources:\n  - logsource: {product: a}\n    events:\n" +
		"      - when: {A: ['*', 1]}\n        fields: {B: [C, A]}\n")
	f.Add("version: 1\naliases: {A: [B, C]}\nprefixes: ['x.']\n" +
		"sources: [{logsource: {category: b}}]\n")
	of := func(source, detection string) string {
		return strings.Replace(inDetection(detection), "product: a", source, 1)
	}
	rs := (&Loader{}).Parse("t.yml", []byte(strings.Join([]string{
		inDetection("  s: {B: null}\n  condition: s\n"),
		of("product: a, category: b", "  s: {A: 1}\n  condition: s\n"),
		of("category: b", "  s: {C|fieldref: A}\n  condition: not s\n"),
	}, "---\n")))
	events := []event.Event{
		{Product: "a", Category: "B", Native: event.Fields{
			{Name: "A", Value: event.Value{Kind: event.Number, Text: "1"}},
		}},
		{Native: event.Fields{{Name: "x.B", Value: event.Value{Kind: event.String, Text: "v"}}}},
		{Product: "a", Native: event.Fields{{Name: "A", Value: event.Value{Kind: event.List}}}},
	}
	f.Fuzz(func(t *testing.T, src string) {
		ls, err := ParseLogsources([]byte(src))
		if err != nil {
			return
		}
		p, err := Compile(rs, ls)
		if err != nil {
			t.Fatal(err)
		}
		m := p.Matcher()
		for i := range events {
			got, want := rulesOf(m.Match(&events[i])), rs.MatchNaive(&events[i], ls)
			if !slices.Equal(got, want) {
				t.Fatalf("event %d: plan %d rules, oracle %d\n%s", i, len(got), len(want), src)
			}
		}
	})
}
