package ruletest_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/ruletest"
	"github.com/evident-sec/evident/sigma"
)

// TestFilterValueIsLiteral: a filter made of a value suppresses events with
// exactly that value, whatever is in it.
func TestFilterValueIsLiteral(t *testing.T) {
	const rule = "title: Rule\nid: r1\nlogsource: {product: acme}\ndetection: {s: {B: x}, condition: s}\n"
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching("[ab*?\\\\'\"%:#{}\\[\\]|é\u202e\x1b\n \t-]{0,12}").Draw(t, "value")
		rs := (&sigma.Loader{}).Parse("r.yml", []byte(rule))
		f := ruletest.Filter{Rule: rs.Rules[0], Fields: []string{"A"}, Values: []string{value}}
		text, _ := f.Text()
		rs = (&sigma.Loader{}).Parse("r.yml", []byte(rule+"---\n"+text))
		if len(rs.Rejected) > 0 || len(rs.Filters) != 1 || len(rs.Filters[0].Applied) != 1 {
			t.Fatalf("rejected %+v\n%s", rs.Rejected, text)
		}
		plan, err := sigma.Compile(rs, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := plan.Matcher()
		for other, want := range map[string]int{value: 0, value + "z": 1, "z" + value: 1} {
			ev := event.Event{Native: event.Fields{
				{Name: "A", Value: event.Value{Kind: event.String, Text: other}},
				{Name: "B", Value: event.Value{Kind: event.String, Text: "x"}},
			}}
			if got := len(m.Match(&ev)); got != want {
				t.Fatalf("%d matches for %q, want %d\n%s", got, other, want, text)
			}
		}
	})
}
