package sigma

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/evident-sec/evident/event"
)

// TestMatchAllocatesNothing: events that match nothing cost no allocation.
func TestMatchAllocatesNothing(t *testing.T) {
	m := compile(t, corpus(t)).Matcher()
	var quiet []event.Event
	for _, name := range []string{"winmix-20k", "proccreate"} {
		events := readEvents(t, needShared(t, "bench/"+name+".ndjson.gz"))
		for i := range events[:2000] {
			if len(m.Match(&events[i])) == 0 {
				quiet = append(quiet, events[i])
			}
		}
	}
	allocs := testing.AllocsPerRun(2, func() {
		for i := range quiet {
			m.Match(&quiet[i])
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations over %d events", allocs, len(quiet))
	}
}

// TestMatchReportsFields: a match names the event's own fields and the values
// that made the rule true, not those of its filters.
func TestMatchReportsFields(t *testing.T) {
	const rule = `
title: t
logsource: {product: windows, category: process_creation}
detection:
  sel:
    Image|endswith: '\cmd.exe'
    CommandLine|contains|all: [one, two]
  alt: {User: nobody}
  filter: {ParentImage: x}
  condition: (sel or alt) and not filter
`
	rs := (&Loader{}).Parse("t.yml", []byte(rule))
	ev := parseEvent(t, `{"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\CMD.exe",
		"CommandLine": "two one", "User": "somebody"}`)
	got := fmt.Sprint(compile(t, rs).Matcher().Match(&ev)[0].Fields)
	const want = `[{NewProcessName C:\CMD.exe} {CommandLine two one}]`
	if got != want {
		t.Errorf("fields: got %s, want %s", got, want)
	}
}

// TestMatchersShareAPlan: matchers of one plan work side by side.
func TestMatchersShareAPlan(t *testing.T) {
	rs := (&Loader{}).Parse("t.yml", []byte(strings.Repeat(`---
title: t
logsource: {product: windows, service: security}
detection: {sel: {A|re: '(x|y)+z'}, condition: sel}
`, 50)))
	p := compile(t, rs)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			m := p.Matcher()
			for i := range 200 {
				ev := parseEvent(t, fmt.Sprintf(`{"Channel": "Security", "EventID": %d, "A": "xyz"}`, i))
				if n := len(m.Match(&ev)); n != 50 {
					t.Errorf("got %d matches, want 50", n)
				}
			}
		})
	}
	wg.Wait()
}

// TestEpochWraps: marks of earlier events do not come back when the counter
// starts again.
func TestEpochWraps(t *testing.T) {
	rs := (&Loader{}).Parse("t.yml", []byte(`
title: t
logsource: {product: any}
detection: {sel: {A|contains: x}, condition: sel}
`))
	m := compile(t, rs).Matcher()
	yes, no := parseEvent(t, `{"A": "x"}`), parseEvent(t, `{"A": "y"}`)
	for i := range 6 {
		if i == 2 {
			m.epoch = maxEpoch - 2
		}
		if len(m.Match(&yes)) != 1 || len(m.Match(&no)) != 0 {
			t.Fatalf("round %d: wrong verdict", i)
		}
	}
}

// TestPlanHash: the hash follows the rules and the mapping.
func TestPlanHash(t *testing.T) {
	rule := func(v string) *RuleSet {
		return (&Loader{}).Parse("t.yml", []byte(
			"title: t\nlogsource: {product: a}\ndetection: {s: {A: "+v+"}, condition: s}\n"))
	}
	a, b := compile(t, rule("1")).Hash(), compile(t, rule("1")).Hash()
	c := compile(t, rule("2")).Hash()
	d, err := Compile(rule("1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if a != b || a == c || a == d.Hash() || len(a) != 64 {
		t.Errorf("hashes: %s %s %s %s", a, b, c, d.Hash())
	}
}
