package exposure_test

import (
	"testing"

	"github.com/evident-sec/evident/exposure"
)

// TestGaps: what lies on a way to a holding and is not seen, not cut or not
// looked for is named; what is covered, or on no way, is not.
func TestGaps(t *testing.T) {
	r := parse(t, `
roles: [{id: staff, foothold: likely}]
systems:
  - {id: silent}
  - {id: hub, logs: [windows/security]}
  - {id: aside}
holdings: [{id: files, system: hub, categories: [face], records: 1000}]
access:
  - {id: a1, who: staff, on: silent, verbs: administer}
  - {id: a2, who: silent, on: hub, verbs: administer}
controls:
  - {id: helps, on: [a1], effect: strong, cost: 2}
  - {id: idle, on: [aside], effect: strong, cost: 2}
vendors: [{id: maker}]
technologies:
  - {id: watcher, vendor: maker, would_see: [hub], covers: [T1005.001], result: wait}
  - {id: other, vendor: maker, covers: [T1000]}
`)
	m := exposure.Derive(r, today)
	has := func(list []exposure.Gap, kind, about string) bool {
		for _, g := range list {
			if g.Kind == kind && g.About == about {
				if g.Paths == 0 || len(g.Evidence) == 0 || len(g.Holdings) == 0 {
					t.Errorf("gap without evidence: %+v", g)
				}
				return true
			}
		}
		return false
	}
	// The way is "administers" (T1078.002) twice, then "reads-all" (T1005).
	seen := exposure.Seen{Techniques: map[string]int{"T1078": 3}}
	list := exposure.Gaps(r, m, seen)
	for _, want := range []struct {
		kind, about string
		there       bool
	}{
		{"control", "helps", true},
		{"control", "idle", false},
		{"log", "silent", true},
		{"log", "hub", false},
		{"log", "aside", false},
		{"rule", "T1005", true},
		{"rule", "T1078.002", false},
	} {
		if got := has(list, want.kind, want.about); got != want.there {
			t.Errorf("%s %s: %v, want %v", want.kind, want.about, got, want.there)
		}
	}
	for _, g := range list {
		known := len(g.Candidates) == 1 && g.Candidates[0].ID == "watcher" && g.Candidates[0].Result == "wait"
		if want := g.About == "T1005"; known != want || !want && len(g.Candidates) > 0 {
			t.Errorf("%s %s: candidates %+v", g.Kind, g.About, g.Candidates)
		}
	}
	seen.Received = true
	if !has(exposure.Gaps(r, m, seen), "log", "hub") {
		t.Error("a declared log source that does not arrive is no gap")
	}
	seen.Sources = []string{"windows/security"}
	if has(exposure.Gaps(r, m, seen), "log", "hub") {
		t.Error("a log source that arrives is a gap")
	}
}
