package ruletest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/ruletest"
)

func at(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }

func TestTally(t *testing.T) {
	var tally ruletest.Tally
	tally.Add("quiet", "Quiet", "low", ruletest.StateNew)
	tally.Add("broad", "Broad", "high", ruletest.StateChanged)
	tally.Add("noisy", "Noisy", "high", ruletest.StateSame)
	tally.Add("echo", "Echo", "high", ruletest.StateNew)
	for i := range 6 {
		tally.Hit(ruletest.Hit{Key: "broad", Time: at(16+i/3, 1), Host: fmt.Sprint("h", i), Event: fmt.Sprint("1-", i)})
	}
	for range 150 {
		tally.Hit(ruletest.Hit{Key: "noisy", Time: at(17, 2), Host: "h1"})
	}
	tally.Hit(ruletest.Hit{Key: "echo", Time: at(17, 2), Host: "h1", Known: true})
	tally.Hit(ruletest.Hit{Key: "unknown", Time: at(17, 2)})
	tally.Before("broad")
	r := tally.Report(at(16, 0), at(18, 23), 1000, 10)
	var got []string
	for _, h := range r.Rules {
		got = append(got, fmt.Sprintf("%s %d hits %d before %v %d hosts %d examples: %s",
			h.Title, h.Hits, h.Before, h.Days, h.Hosts, len(h.Examples), h.Hint))
	}
	want := []string{
		"Noisy 150 hits 150 before map[2026-11-17:150] 1 hosts 3 examples: fires up to 150 times a day: nobody looks at that many",
		"Broad 6 hits 1 before map[2026-11-16:3 2026-11-17:3] 6 hosts 3 examples: fires on 6 of 10 hosts: what most hosts do is rarely an attack",
		"Echo 1 hits 0 before map[2026-11-17:1] 1 hosts 1 examples: finds nothing that the rules of today do not find",
		"Quiet 0 hits 0 before map[] 0 hosts 0 examples: ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if !slices.Equal(r.Days, []string{"2026-11-16", "2026-11-17", "2026-11-18"}) {
		t.Errorf("days %v", r.Days)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// TestTallyAddsUp: over random hits, a rule's days and the report's rules hold
// every hit once.
func TestTallyAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tally ruletest.Tally
		keys := []string{"a", "b", "c"}
		for _, k := range keys {
			tally.Add(k, k, "", ruletest.StateNew)
		}
		want := map[string]int{}
		hosts := map[string]map[string]bool{"a": {}, "b": {}, "c": {}}
		for range rapid.IntRange(0, 50).Draw(t, "hits") {
			h := ruletest.Hit{
				Key: rapid.SampledFrom(keys).Draw(t, "key"), Host: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "host"),
				Time: at(rapid.IntRange(1, 30).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour")),
			}
			want[h.Key]++
			hosts[h.Key][h.Host] = true
			tally.Hit(h)
		}
		r := tally.Report(at(1, 0), at(30, 0), 50, 3)
		if len(r.Days) != 30 || len(r.Rules) != len(keys) {
			t.Fatalf("%d days, %d rules", len(r.Days), len(r.Rules))
		}
		for _, h := range r.Rules {
			sum := 0
			for _, n := range h.Days {
				sum += n
			}
			if h.Hits != want[h.Key] || sum != h.Hits || h.Hosts != len(hosts[h.Key]) {
				t.Fatalf("%+v, want %d hits on %v", h, want[h.Key], hosts[h.Key])
			}
		}
	})
}
