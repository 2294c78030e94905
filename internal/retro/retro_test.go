package retro_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

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

// TestOtherMapping: of files that another version of the mapping made, or an
// unknown one, every record is judged.
func TestOtherMapping(t *testing.T) {
	norm, plan := mapping(t), planOf(t)
	entries := entriesOf(samples(), event.FormatJSON, 2)
	want := streamed(norm, plan, entries)
	if len(want) == 0 {
		t.Fatal("the samples have no finding")
	}
	for version, candidates := range map[string]int64{"": 6, "older": 6, norm.Version(): 2} {
		table := sealed(t, norm, entries, version, 100)
		got, r := looked(t, retro.Config{Lake: table, Plan: plan, Normalizer: norm})
		if !slices.Equal(got, want) || r.Candidates() != candidates || r.Events() != 6 {
			t.Errorf("mapping %q: %d candidates of %d: %v, want %v", version, r.Candidates(), r.Events(), got, want)
		}
	}
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

// samples are six events, two of which the starter rules find.
func samples() [][]byte {
	var out [][]byte
	for i, path := range []string{
		`HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\WDigest\\UseLogonCredential`,
		`HKLM\\SOFTWARE\\Test`, `HKLM\\SOFTWARE\\Test`,
		`HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\WDigest\\UseLogonCredential`,
		`HKLM\\SOFTWARE\\Other`, `HKLM\\SOFTWARE\\Test`,
	} {
		out = append(out, fmt.Appendf(nil, `{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":13,`+
			`"TimeCreated":"2026-11-2%dT00:00:00Z","EventType":"SetValue","Image":"C:\\Windows\\System32\\reg.exe",`+
			`"TargetObject":"%s","Details":"DWORD (0x00000001)"}`, i, path))
	}
	return out
}

// TestSpan: only events of the span are looked at, and files outside of it are
// not opened.
func TestSpan(t *testing.T) {
	norm, plan := mapping(t), planOf(t)
	table := sealed(t, norm, entriesOf(samples(), event.FormatJSON, 2), norm.Version(), 2)
	for _, c := range []struct{ from, to, events, candidates int }{
		{0, 5, 5, 2}, {1, 3, 2, 0}, {3, 4, 1, 1}, {4, 6, 2, 0},
	} {
		cfg := retro.Config{Lake: table, Plan: plan, Normalizer: norm, From: day(c.from), To: day(c.to)}
		_, r := looked(t, cfg)
		if r.Events() != int64(c.events) || r.Candidates() != int64(c.candidates) {
			t.Errorf("days %d to %d: %d events, %d candidates", c.from, c.to, r.Events(), r.Candidates())
		}
	}
}

func day(n int) time.Time { return time.Date(2026, 11, 20+n, 0, 0, 0, 0, time.UTC) }
