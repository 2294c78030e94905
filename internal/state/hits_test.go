package state_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/state"
)

// TestRuleHits counts random findings by rule and bucket and wants what plain
// maps give.
func TestRuleHits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := open(t, t.TempDir())
		defer s.Close()
		var all []state.Finding
		for i := range rapid.IntRange(0, 40).Draw(r, "findings") {
			all = append(all, state.Finding{
				UID: fmt.Sprint(i), Rule: rapid.SampledFrom([]string{"", "a", "b"}).Draw(r, "rule"),
				Time:  at(rapid.IntRange(0, 100).Draw(r, "time")),
				Event: event.ID{Entry: uint64(i + 1)}, Body: []byte("{}"),
			})
		}
		if err := s.Apply(t.Context(), state.Change{Through: 50, Findings: all}); err != nil {
			r.Fatal(err)
		}
		from := at(rapid.IntRange(0, 60).Draw(r, "from"))
		to := from.Add(time.Duration(rapid.IntRange(0, 60).Draw(r, "seconds")) * time.Second)
		width := time.Duration(rapid.IntRange(1, 20).Draw(r, "width")) * time.Second
		got, err := s.RuleHits(t.Context(), from, to, width)
		if err != nil {
			r.Fatal(err)
		}
		want := make(map[string]state.RuleHits)
		for _, f := range all {
			if f.Time.Before(from) || !f.Time.Before(to) {
				continue
			}
			h := want[f.Rule]
			if h.Buckets == nil {
				h.Buckets = make(map[int]int)
			}
			h.Buckets[int(f.Time.Sub(from)/width)]++
			h.Total++
			if f.Time.After(h.Last) {
				h.Last = f.Time
			}
			want[f.Rule] = h
		}
		if !reflect.DeepEqual(got, want) {
			r.Fatalf("got %v, want %v", got, want)
		}
	})
}
