package detectcmd

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/sigma"
)

// TestGlobEqualsPath: on texts without a slash, globs are those of path.Match.
func TestGlobEqualsPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?]{0,8}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[abAB]{0,8}`).Draw(t, "text")
		want, err := path.Match(pattern, strings.ToLower(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := globMatch(pattern, text); got != want {
			t.Fatalf("%q on %q: got %v", pattern, text, got)
		}
	})
}

// TestCorrelationKeepsItsRules: a rule that is left out but feeds a wanted
// correlation stays, silent.
func TestCorrelationKeepsItsRules(t *testing.T) {
	rs := (&sigma.Loader{}).Parse("r.yml", []byte(`
title: Base
name: base
id: r1
level: low
logsource: {product: acme}
detection: {s: {A: 1}, condition: s}
---
title: Many
id: c1
level: high
correlation: {type: event_count, rules: [base], timespan: 5m, condition: {gte: 2}}
---
title: Other
id: r2
level: low
logsource: {product: acme}
detection: {s: {A: 1}, condition: s}
`))
	if len(rs.Rejected) > 0 {
		t.Fatalf("%+v", rs.Rejected)
	}
	c, err := (&selectFlags{MinLevel: "high"}).choose()
	if err != nil {
		t.Fatal(err)
	}
	got := c.apply(rs)
	if len(got.Rules) != 1 || got.Rules[0].ID != "r1" || !got.Rules[0].Silent || len(got.Correlations) != 1 {
		t.Errorf("kept %d rules, %d correlations", len(got.Rules), len(got.Correlations))
	}
}
