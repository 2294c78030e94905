package exposure_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// today is the day that the cases are judged on.
var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// parse reads a register that must be sound.
func parse(t testing.TB, src string) *register.Register {
	t.Helper()
	r, problems := register.Parse("r.yaml", []byte(src))
	if len(problems) > 0 {
		t.Fatalf("register: %v", problems)
	}
	return r
}

// TestCases runs testdata/*.txt. The input is a register; "moves" prints the
// derived graph, "paths" every best path, "alternatives" the ways of one pair,
// "chokes" the cuts, "choose" the controls for a budget, "swings" the inputs
// that matter.
func TestCases(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") {
			return
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			r := parse(t, d.Input)
			m := exposure.Derive(r, today)
			var b strings.Builder
			switch d.Cmd {
			case "moves":
				printMoves(&b, m)
			case "paths":
				aim := string(exposure.MostLikely)
				d.MaybeScanArgs(t, "aim", &aim)
				for _, p := range m.Paths(exposure.Aim(aim), m.HoldingIDs()) {
					printPath(&b, p, "")
				}
			case "alternatives":
				var from, to string
				d.ScanArgs(t, "from", &from)
				d.ScanArgs(t, "to", &to)
				for _, p := range m.Alternatives(from, to, exposure.MostLikely, 5) {
					printPath(&b, p, "")
				}
			case "chokes":
				printChokes(&b, m)
			case "choose":
				var budget int
				d.ScanArgs(t, "budget", &budget)
				c := exposure.Choose(r, m, budget)
				fmt.Fprintf(&b, "%v cost %d lowers %v exact %v\n", c.Controls, c.Cost, c.After < c.Before, c.Exact)
			case "swings":
				fmt.Fprintf(&b, "ranking %v\n", m.Ranking())
				for _, s := range m.Swings(5) {
					fmt.Fprintf(&b, "%s (line %d) %s → %s %s: easier %v, harder %v\n", s.Because,
						s.Place.Line, s.From, s.To, s.Band, s.Easier, s.Harder)
				}
			case "combine":
				printCombinations(&b, m.Combine(bulkRule(t), d.HasArg("everything")))
			case "covered":
				for _, c := range bulkRule(t).CoveredVendors(r) {
					fmt.Fprintf(&b, "%s: %s %v\n", c.Vendor, c.Why, c.Chain)
				}
			case "knowers":
				for _, k := range exposure.Knowers(r) {
					fmt.Fprintf(&b, "%s (tier %d) learns of %s: %s, from %s\n", k.Party, k.Tier, k.About, k.Kind, k.How)
				}
			case "concentrations":
				list, index := exposure.Concentrations(r)
				for _, c := range list {
					fmt.Fprintf(&b, "%s %s: %.2f %v\n", c.Role, c.Behind, c.Share, c.Holdings)
				}
				fmt.Fprintf(&b, "index %v\n", index)
			default:
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			return b.String()
		})
	})
}

func printMoves(b *strings.Builder, m *exposure.Model) {
	for _, v := range m.Moves {
		fmt.Fprintf(b, "%s → %s  %s  %s %gd %s  (%s line %d)", v.From, v.To, v.Rule, v.Band, v.Days,
			v.Sight, v.Because, v.Place.Line)
		if len(v.Needs) > 0 {
			fmt.Fprintf(b, " needs %v", v.Needs)
		}
		if len(v.Damped) > 0 {
			fmt.Fprintf(b, " damped by %v", v.Damped)
		}
		if len(v.Cuts) > 0 {
			fmt.Fprintf(b, " cut by %v for %d", v.Cuts, v.Cost)
		}
		b.WriteByte('\n')
	}
	for _, f := range m.Footholds {
		fmt.Fprintf(b, "foothold %s %s\n", f.ID, f.Band)
	}
}

func printPath(b *strings.Builder, p exposure.Path, indent string) {
	fmt.Fprintf(b, "%s%s to %s: %s, %gd, %s:", indent, p.From, p.To, p.Band, p.Days, p.Seen)
	for _, s := range p.Steps {
		fmt.Fprintf(b, " %s %s", s.Move.Rule, s.Move.To)
	}
	b.WriteByte('\n')
	for _, s := range p.Steps {
		for _, n := range s.Needs {
			printPath(b, n, indent+"  with ")
		}
	}
}

func printChokes(b *strings.Builder, m *exposure.Model) {
	for _, c := range m.Chokes(m.HoldingIDs()) {
		fmt.Fprintf(b, "%s: through %v", c.Holding, c.Through)
		if c.Possible {
			fmt.Fprintf(b, ", cut by %v for %d:", c.Controls, c.Cost)
		} else {
			b.WriteString(", no cut")
		}
		for _, v := range c.Cut {
			fmt.Fprintf(b, " %s→%s", v.From, v.To)
		}
		b.WriteByte('\n')
	}
}

func printCombinations(b *strings.Builder, list []exposure.Combination) {
	for _, c := range list {
		fmt.Fprintf(b, "%s %v by %v: %v, for life %v, at least %d, mosaic %v", c.Collector, c.Holdings, c.Keys,
			c.Dimensions, c.Irrevocable, c.Persons, c.Mosaic())
		if c.Anchored {
			b.WriteString(", anchored")
		}
		for _, f := range c.Flags {
			fmt.Fprintf(b, "; %s %d>%d", f.Category, f.Count, f.Threshold)
		}
		for _, f := range c.NewFlags {
			fmt.Fprintf(b, "; new: %s", f.Category)
		}
		b.WriteByte('\n')
	}
}
