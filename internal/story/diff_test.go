package story

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/reconstruct"
)

// TestDiff changes the incident of testdata/harbor.json by hand and prints what
// differs: "regrade N G", "drop-step N", "say N TEXT", "drop-edge I",
// "drop-gap I", "events N ID…".
func TestDiff(t *testing.T) {
	datadriven.RunTest(t, "testdata/diff.txt", func(t *testing.T, d *datadriven.TestData) string {
		a, b := readTold(t, "harbor.json", "").Result, readTold(t, "harbor.json", "").Result
		for _, line := range strings.Split(d.Input, "\n") {
			alter(t, b, strings.Fields(line))
		}
		if d.Cmd == "back" {
			a, b = b, a
		}
		var out strings.Builder
		if err := WriteComparison(&out, Compare(a, b)); err != nil {
			t.Fatal(err)
		}
		return out.String()
	})
}

func alter(t *testing.T, r *reconstruct.Result, order []string) {
	t.Helper()
	if len(order) == 0 {
		return
	}
	var n int
	if _, err := fmt.Sscan(order[1], &n); err != nil {
		t.Fatal(err)
	}
	switch order[0] {
	case "regrade":
		r.Steps[n-1].Grade, r.Graph.Edges[n].Grade, r.Incident.Grade = order[2], order[2], order[2]
	case "drop-step":
		r.Steps = append(r.Steps[:n-1:n-1], r.Steps[n:]...)
		for i := range r.Steps {
			r.Steps[i].N = i + 1
		}
	case "say":
		r.Steps[n-1].Sentence = strings.Join(order[2:], " ")
	case "drop-edge":
		r.Graph.Edges = append(r.Graph.Edges[:n:n], r.Graph.Edges[n+1:]...)
	case "drop-gap":
		r.Gaps = append(r.Gaps[:n:n], r.Gaps[n+1:]...)
	case "events":
		r.Steps[n-1].Events = r.Steps[n-1].Events[:1]
	default:
		t.Fatalf("unknown order %s", order[0])
	}
}

// TestDiffIsHonest: a run does not differ from itself; what is added one way is
// gone the other way; counts of steps, edges and gaps agree with the two runs.
func TestDiffIsHonest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a, b := drawResult(r), drawResult(r)
		if d := Compare(a, a).Differences; len(d) != 0 {
			r.Fatalf("it differs from itself: %+v", d)
		}
		there, back := tally(Compare(a, b)), tally(Compare(b, a))
		sizes := map[string][2]int{
			"step": {len(a.Steps), len(b.Steps)}, "edge": {len(a.Graph.Edges), len(b.Graph.Edges)},
			"gap": {len(a.Gaps), len(b.Gaps)},
		}
		for what, n := range sizes {
			if got := there["added "+what] - there["gone "+what]; got != n[1]-n[0] {
				r.Fatalf("%ss grew by %d, the comparison says %d", what, n[1]-n[0], got)
			}
			// Steps are paired greedily, so that only edges and gaps are the
			// same both ways.
			if on, off := there["added "+what], back["gone "+what]; what != "step" && on != off {
				r.Fatalf("%d %ss added, %d gone on the way back", on, what, off)
			}
		}
	})
}

func tally(c *Comparison) map[string]int {
	out := map[string]int{}
	for _, d := range c.Differences {
		out[string(d.Change)+" "+d.What]++
	}
	return out
}
