package lake_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/daykey"
	"github.com/evident-sec/evident/internal/lake"
)

// ringIn opens keys in a folder of their own.
func ringIn(tb testing.TB, dir string) *daykey.Ring {
	tb.Helper()
	ring, err := daykey.Open(daykey.Config{Dir: filepath.Join(dir, "keys")})
	if err != nil {
		tb.Fatal(err)
	}
	return ring
}

// BenchmarkEncryption writes the same recording without and with encryption, in
// turn, and reads 1,000 records of each, one and 100 at a time.
func BenchmarkEncryption(b *testing.B) {
	batches, events := readWinmix(b)
	const passes = 3
	cpu := map[bool]time.Duration{}
	size := map[bool]int64{}
	single, many := map[bool]time.Duration{}, map[bool]time.Duration{}
	rounds := 0
	for b.Loop() {
		rounds++
		for _, encrypted := range []bool{false, true} {
			cfg := lake.Config{Dir: b.TempDir(), SealBytes: 1 << 40, SealEvents: 1 << 30}
			if encrypted {
				cfg.Keys = ringIn(b, b.TempDir())
			}
			l, err := lake.Open(b.Context(), cfg)
			check(b, err)
			start := cpuTime()
			for pass := range passes {
				for i, bt := range batches {
					bt.entry.Seq = uint64(pass*len(batches) + i + 1)
					for j := range bt.evs {
						bt.evs[j].ID.Entry = bt.entry.Seq
					}
					check(b, l.Append(b.Context(), bt.entry, bt.evs))
				}
			}
			check(b, l.Seal(b.Context()))
			cpu[encrypted] += cpuTime() - start
			size[encrypted] = l.Files()[0].OriginalsBytes
			one, hundred := lookups(b, l, uint64(passes*len(batches)))
			single[encrypted] += one
			many[encrypted] += hundred
			check(b, l.Close())
		}
	}
	n := float64(events * passes)
	micros := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(rounds) }
	b.ReportMetric(micros(cpu[false])/n, "plain-us/event")
	b.ReportMetric(micros(cpu[true])/n, "encrypted-us/event")
	b.ReportMetric(float64(size[false])/n, "plain-B/event")
	b.ReportMetric(float64(size[true])/n, "encrypted-B/event")
	b.ReportMetric(micros(single[false])/200, "plain-us/single")
	b.ReportMetric(micros(single[true])/200, "encrypted-us/single")
	b.ReportMetric(micros(many[false])/1000, "plain-us/of-1000")
	b.ReportMetric(micros(many[true])/1000, "encrypted-us/of-1000")
}

// lookups returns the processor time of 200 single records and of 1,000 at once.
func lookups(b *testing.B, l *lake.Table, entries uint64) (single, many time.Duration) {
	paths := []string{l.Files()[0].Originals}
	var ids []event.ID
	for i := range uint64(1000) {
		ids = append(ids, event.ID{Entry: 1 + i*7919%entries, Leaf: uint32(i * 31 % 400)})
	}
	got := 0
	visit := func(event.ID, []byte) { got++ }
	check(b, l.Originals().Fetch(b.Context(), paths, ids[:1], visit)) // the footer is kept from here on
	start := cpuTime()
	for i := range 200 {
		check(b, l.Originals().Fetch(b.Context(), paths, ids[i:i+1], visit))
	}
	single = cpuTime() - start
	start = cpuTime()
	check(b, l.Originals().Fetch(b.Context(), paths, ids, visit))
	if many = cpuTime() - start; got != 1201 {
		b.Fatalf("%d records were found", got)
	}
	return single, many
}
