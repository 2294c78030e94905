package checks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/register"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func pack(t testing.TB) *checks.Pack {
	t.Helper()
	p, err := checks.LoadPack(packs.FS)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func run(t testing.TB, src string) []checks.Finding {
	t.Helper()
	r, problems := register.Parse("r.yaml", []byte(src))
	if len(problems) > 0 {
		t.Fatalf("register: %v\n%s", problems, src)
	}
	return checks.Run(pack(t), r, exposure.Derive(r, today), today)
}

// TestChecks runs testdata/*.txt. A case names one check; its input is a
// register with good and bad entities; the output is what the check finds.
func TestChecks(t *testing.T) {
	tried := map[string]bool{}
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var b strings.Builder
			found := false
			for _, f := range run(t, d.Input) {
				if f.Check.ID != d.Cmd {
					continue
				}
				found = true
				fmt.Fprintf(&b, "%s %s line %d: %s %s", f.Severity, f.State, f.Place.Line, f.Entity, f.Text)
				if !f.Until.IsZero() {
					fmt.Fprintf(&b, " (until %s)", f.Until.Format(time.DateOnly))
				}
				b.WriteByte('\n')
			}
			if found {
				tried[d.Cmd] = true
			}
			return b.String()
		})
	})
	for _, c := range pack(t).Checks {
		if !c.Attested && !tried[c.ID] {
			t.Errorf("check %s has no case that it finds", c.ID)
		}
	}
}

// TestNothingIsPassed: what is attested is never reported as passed, and a
// check that nobody attested is reported.
func TestNothingIsPassed(t *testing.T) {
	attested := 0
	for _, c := range pack(t).Checks {
		if c.Attested {
			attested++
		}
	}
	found := run(t, "units: [{id: u}]\n")
	if len(found) != attested {
		t.Errorf("%d findings for an empty register, want one for each of the %d attestations", len(found), attested)
	}
	states := []checks.State{checks.Open, checks.Waived, checks.Attested, checks.Lapsed, checks.Missing}
	for _, f := range found {
		if f.State != checks.Missing || !slices.Contains(states, f.State) {
			t.Errorf("%s is %s", f.Check.ID, f.State)
		}
	}
}
