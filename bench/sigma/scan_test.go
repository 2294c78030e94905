package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
)

// shared is the folder of public test data beside the repository.
const shared = "../../../shared/data"

// plan compiles all SigmaHQ rules.
func plan(tb testing.TB) *sigma.Plan {
	tb.Helper()
	root := filepath.Join(shared, "sigma")
	if _, err := os.Stat(root); err != nil {
		tb.Skip("no test data at ../shared/data/sigma")
	}
	set, sources, err := loadRules(root)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := sigma.Compile(set, sources)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// readEntries cuts a benchmark file into entries.
func readEntries(tb testing.TB, name string) (out []*event.Entry, records int) {
	tb.Helper()
	f, err := os.Open(filepath.Join(shared, "bench", name))
	if err != nil {
		tb.Skip("no test data at ../shared/data/bench")
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	return entries(lines, "json"), len(lines)
}

// BenchmarkScan: JSON bytes to verdicts of all SigmaHQ rules; each pass is
// a new scan that remembers nothing. The best one counts: other programs only
// add time.
func BenchmarkScan(b *testing.B) {
	for _, name := range []string{"winmix-20k.ndjson.gz", "proccreate.ndjson.gz"} {
		b.Run(name, func(b *testing.B) {
			entries, records := readEntries(b, name)
			p := plan(b)
			norm, err := normalize.New(mappings.FS)
			if err != nil {
				b.Fatal(err)
			}
			m, s := p.Matcher(), norm.Scanner()
			matches := 0
			for _, e := range entries {
				s.Open(e)
				for ev := s.Next(); ev != nil; ev = s.Next() {
					matches += len(m.Match(ev))
				}
			}
			b.ReportAllocs()
			best := math.Inf(1)
			for b.Loop() {
				before := processor()
				m, s := p.Matcher(), norm.Scanner()
				for _, e := range entries {
					s.Open(e)
					for ev := s.Next(); ev != nil; ev = s.Next() {
						m.Match(ev)
					}
				}
				best = min(best, processor()-before)
			}
			b.ReportMetric(float64(records)/best, "events/cpu-s")
			b.ReportMetric(float64(matches), "matches")
		})
	}
}

// TestScanAllocatesNothing: from JSON bytes to the verdict, an event that
// matches nothing costs no allocation.
func TestScanAllocatesNothing(t *testing.T) {
	m := plan(t).Matcher()
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		t.Fatal(err)
	}
	s := norm.Scanner()
	for _, name := range []string{"winmix-20k.ndjson.gz", "proccreate.ndjson.gz"} {
		entries, _ := readEntries(t, name)
		quiet := &event.Entry{Format: event.FormatJSON, Source: name, Received: entries[0].Received}
		for _, e := range entries[:min(len(entries), 8)] {
			s.Open(e)
			for i := range e.Records {
				if len(m.Match(s.Next())) == 0 {
					quiet.Records = append(quiet.Records, e.Records[i])
				}
			}
		}
		allocs := testing.AllocsPerRun(2, func() {
			s.Open(quiet)
			for ev := s.Next(); ev != nil; ev = s.Next() {
				m.Match(ev)
			}
		})
		if allocs > 0 {
			t.Errorf("%s: %v allocations over %d events", name, allocs, len(quiet.Records))
		}
	}
}
