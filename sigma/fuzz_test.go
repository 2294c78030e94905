package sigma

import (
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/textmatch"
)

// FuzzParse: no rule file makes the loader panic; each document loads or is
// refused with a reason; what loads compiles, and both engines agree on it.
func FuzzParse(f *testing.F) {
	f.Add([]byte("title: t\nlogsource: {product: a}\ndetection: {s: {A|contains: x}, condition: s}\n"))
	f.Add([]byte("title: t\nlogsource: {category: b}\ndetection:\n  s:\n    - A|re: 'a+'\n      B: null\n" +
		"    - word\n  condition: not 1 of s*\n"))
	f.Add([]byte("a: &a [*a]\n---\n? [x]\n: y\n"))
	f.Add([]byte("title: t\ncorrelation: {type: temporal}\n"))
	ev := event.Event{Native: event.Fields{
		{Name: "A", Value: event.Value{Kind: event.String, Text: "axb word"}},
		{Name: "B", Value: event.Value{Kind: event.Number, Text: "12"}},
	}}
	f.Fuzz(func(t *testing.T, src []byte) {
		rs := (&Loader{}).Parse("f.yml", src)
		if len(rs.Rules)+len(rs.Rejected) == 0 {
			t.Fatal("neither rules nor rejections")
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
		c := conditionParser{names: map[string]*expr{"a": leaf, "b": leaf}, order: []string{"a", "b"}}
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
	})
}
