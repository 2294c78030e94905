package sigma

import (
	"testing"

	"github.com/evident-sec/evident/event"
	"pgregory.net/rapid"
)

// TestIntakeEqualsRouting: over random events, an Intake counts for every log
// source the events on which an always true rule of it matches.
func TestIntakeEqualsRouting(t *testing.T) {
	ls := logsources(t)
	var rs RuleSet
	for _, s := range append(ls.Sources(), Logsource{Product: "acme"},
		Logsource{Product: "windows", Category: "dns_query"}) {
		rs.Rules = append(rs.Rules, &Rule{Logsource: s, detection: all(nil)})
	}
	rapid.Check(t, func(t *rapid.T) {
		want := map[*Rule]int64{}
		parts := [2]*Intake{ls.Intake(), ls.Intake()}
		for range rapid.IntRange(0, 8).Draw(t, "events") {
			ev := drawEvent(newGen(t))
			if rapid.Bool().Draw(t, "sysmon") {
				ev.Native = append(ev.Native, event.Field{Name: "EventID", Value: event.Value{
					Kind: event.Number, Text: rapid.SampledFrom([]string{"1", "3", "22"}).Draw(t, "id"),
				}})
			}
			parts[rapid.IntRange(0, 1).Draw(t, "part")].Add(&ev)
			for _, r := range rs.MatchNaive(&ev, ls) {
				want[r]++
			}
		}
		parts[0].Merge(parts[1])
		for _, r := range rs.Rules {
			got, routed := parts[0].Events(r.Logsource)
			if got != want[r] || routed == (r.Logsource.Product == "acme") {
				t.Fatalf("%s: got %d events, routed %v, want %d", r.Logsource, got, routed, want[r])
			}
		}
	})
}
