package retro_test

import (
	"slices"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/retro"
	"github.com/evident-sec/evident/sigma"
)

// same compares streaming with retro over a lake of these entries.
func same(t *testing.T, plan *sigma.Plan, entries []*event.Entry) *retro.Reader {
	t.Helper()
	norm := mapping(t)
	table := sealed(t, norm, entries, norm.Version(), 20_000)
	want := streamed(norm, plan, entries)
	got, r := looked(t, retro.Config{Lake: table, Plan: plan, Normalizer: norm})
	if !slices.Equal(got, want) {
		t.Errorf("retro found %d events, streaming %d: %v", len(got), len(want), first(got, want))
	}
	t.Logf("%d events, %d candidates, %d with a finding", r.Events(), r.Candidates(), len(want))
	return r
}

// first returns the first difference.
func first(got, want []verdict) []verdict {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return []verdict{got[i], want[i]}
		}
	}
	return nil
}

// TestSharedData: the benchmark samples and the recordings, all SigmaHQ rules
// and the starter rules alone.
func TestSharedData(t *testing.T) {
	for _, path := range []string{"bench/winmix-20k.ndjson.gz", "bench/proccreate.ndjson.gz"} {
		t.Run(path, func(t *testing.T) {
			entries := entriesOf(recordsOf(t, path), event.FormatJSON, 500)
			t.Run("sigmahq", func(t *testing.T) { same(t, sigmaHQ(t), entries) })
			t.Run("starter", func(t *testing.T) { same(t, planOf(t), entries) })
		})
	}
}
