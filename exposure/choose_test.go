package exposure_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/exposure"
)

// drawRegister writes a small register with planned controls.
func drawRegister(t *rapid.T, controls int) string {
	var b strings.Builder
	b.WriteString("roles:\n")
	for i := range 2 {
		fmt.Fprintf(&b, "  - {id: r%d, foothold: %s}\n", i, rapid.SampledFrom([]string{"likely", "possible"}).Draw(t, "foothold"))
	}
	systems := rapid.IntRange(2, 5).Draw(t, "systems")
	b.WriteString("systems:\n")
	for i := range systems {
		fmt.Fprintf(&b, "  - {id: s%d}\n", i)
	}
	b.WriteString("holdings:\n")
	for i := range rapid.IntRange(1, 3).Draw(t, "holdings") {
		key := ""
		if rapid.Bool().Draw(t, "encrypted") {
			key = fmt.Sprintf(", key_on: s%d", rapid.IntRange(0, systems-1).Draw(t, "key"))
		}
		fmt.Fprintf(&b, "  - {id: h%d, system: s%d, categories: [dna], records: %d%s}\n", i,
			rapid.IntRange(0, systems-1).Draw(t, "on"), rapid.IntRange(1, 1_000_000).Draw(t, "records"), key)
	}
	b.WriteString("access:\n")
	n := rapid.IntRange(3, 10).Draw(t, "access")
	for i := range n {
		who := fmt.Sprintf("s%d", rapid.IntRange(0, systems-1).Draw(t, "who"))
		if rapid.Bool().Draw(t, "role") {
			who = fmt.Sprintf("r%d", rapid.IntRange(0, 1).Draw(t, "which"))
		}
		fmt.Fprintf(&b, "  - {id: a%d, who: %s, on: s%d, verbs: administer, auth: %s}\n", i, who,
			rapid.IntRange(0, systems-1).Draw(t, "to"),
			rapid.SampledFrom([]string{"password", "mfa", "phishing-resistant"}).Draw(t, "auth"))
	}
	b.WriteString("controls:\n")
	for i := range controls {
		fmt.Fprintf(&b, "  - {id: c%d, on: [a%d], effect: %s, cost: %d}\n", i,
			rapid.IntRange(0, n-1).Draw(t, "on"),
			rapid.SampledFrom([]string{"weak", "medium", "strong", "blocks"}).Draw(t, "effect"),
			rapid.IntRange(1, 5).Draw(t, "cost"))
	}
	return b.String()
}

// TestChooseIsBest: no set of controls within the budget does better than the
// chosen one.
func TestChooseIsBest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(rt, "controls")
		src := drawRegister(rt, n)
		budget := rapid.IntRange(0, 15).Draw(rt, "budget")
		r := parse(t, src)
		got := exposure.Choose(r, exposure.Derive(r, today), budget)
		best := math.Inf(1)
		for set := range 1 << n {
			spent, with := 0, src
			for i, c := range r.Controls {
				if set>>i&1 == 1 {
					spent += c.Cost
					with = strings.Replace(with, "{id: "+c.ID+",", "{id: "+c.ID+", state: in-place,", 1)
				}
			}
			if spent <= budget {
				changed := parse(t, with)
				m := exposure.Derive(changed, today)
				best = min(best, exposure.Choose(changed, m, -1).Before)
			}
		}
		if !got.Exact || math.Abs(got.After-best) > 1e-9 {
			rt.Fatalf("chose %v: %v, the best is %v\n%s", got.Controls, got.After, best, src)
		}
	})
}
