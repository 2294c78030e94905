package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/pipeline"
)

// TestSwap changes the rules while entries arrive, back and forth: every entry
// is judged by the rules that Swap said, windows go on, and what is found is
// what one goroutine finds that changes at the same entries.
func TestSwap(t *testing.T) {
	p := newParts(t)
	// The title is no part of what a correlation asks; its timespan is.
	others := []*detect.Detector{
		p.detector,
		detectorOf(t, strings.ReplaceAll(document, "title: Logs cleared", "title: Many logs cleared")),
		detectorOf(t, strings.Replace(document, "timespan: 4s", "timespan: 2s", 1)),
	}
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n := rapid.IntRange(2, 12).Draw(t, "entries")
		journal, want := entries(n, random)
		w := newWorld(journal, random)
		pipe := p.pipeline(t, w, nil)
		by := map[uint64]*detect.Detector{0: p.detector}
		swap := func() {
			d := rapid.SampledFrom(others).Draw(t, "rules")
			from, err := pipe.Swap(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			by[from] = d
		}
		if rapid.Bool().Draw(t, "before the start") {
			swap()
		}
		done := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { done <- pipe.Run(ctx) }()
		for range rapid.IntRange(1, 4).Draw(t, "swaps") {
			time.Sleep(time.Duration(rapid.IntRange(0, 300).Draw(t, "wait")) * time.Microsecond)
			swap()
		}
		err := pipe.Seal(ctx, uint64(n))
		cancel()
		if err := errors.Join(err, <-done); err != nil {
			t.Fatal(err)
		}
		starts := slices.Sorted(maps.Keys(by))
		w.check(t, n, want, p.found(t, journal, func(seq uint64) *detect.Detector {
			i, found := slices.BinarySearch(starts, seq)
			if !found {
				i--
			}
			return by[starts[i]]
		}))
	})
}

// TestUnknownWindows opens a state with other rules: what only the old ones had
// is dropped and said so, unless the rules are known to be partial.
func TestUnknownWindows(t *testing.T) {
	p := newParts(t)
	journal, _ := entries(8, rand.New(rand.NewPCG(1, 2)))
	changed := detectorOf(t, strings.Replace(document, "timespan: 3s", "timespan: 30s", 1))
	for _, partial := range []bool{false, true} {
		w := newWorld(journal[:4], rand.New(rand.NewPCG(1, 3)))
		if err := run(t.Context(), p.pipeline(t, w, nil), 4); err != nil {
			t.Fatal(err)
		}
		old := correlations(w)
		w.entries = journal
		var log bytes.Buffer
		next := p.pipeline(t, w, func(c *pipeline.Config) {
			c.Detect, c.Partial, c.Log = changed, partial, slog.New(slog.NewTextHandler(&log, nil))
		})
		if err := run(t.Context(), next, 8); err != nil {
			t.Fatal(err)
		}
		gone := slices.DeleteFunc(old, func(key string) bool { return slices.Contains(correlations(w), key) })
		said := strings.Count(log.String(), "its windows are dropped")
		if partial && len(gone)+said != 0 || !partial && (len(gone) == 0 || said != len(gone)) {
			t.Errorf("partial %v: windows of %q are gone, log says\n%s", partial, gone, log.String())
		}
		if s := next.Correlations(); s.Groups == 0 || s.Alerts == 0 {
			t.Errorf("correlations %+v", s)
		}
	}
}

// correlations lists those that have windows in the store.
func correlations(w *world) []string {
	keys := map[string]bool{}
	for _, r := range w.windows {
		keys[r.Correlation] = true
	}
	return slices.Sorted(maps.Keys(keys))
}
