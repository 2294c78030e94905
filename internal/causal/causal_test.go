package causal

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// TestData runs testdata: "edges" lists what single events say, "spine" what
// was reconstructed from a seed.
func TestData(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			events := parseEvents(t, d.Input)
			var b strings.Builder
			switch d.Cmd {
			case "edges":
				for i := range events {
					for _, e := range edge.Of(&events[i]) {
						fmt.Fprintf(&b, "%s %s %s -%s-> %s by %s\n", e.ID, e.Strength, e.Src, e.Verb, e.Dst, e.Key)
					}
				}
			case "spine":
				var seed string
				d.ScanArgs(t, "seed", &seed)
				g := build(events)
				b.WriteString(describe(g, g.Spine(seedOf(t, seed), Limits{})))
			default:
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			return b.String()
		})
	})
}
