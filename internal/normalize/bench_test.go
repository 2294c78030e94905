package normalize

import (
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

func benchEntries(b *testing.B, name string) ([]*event.Entry, int64, int) {
	b.Helper()
	path := needData(b, "bench", name)
	var out []*event.Entry
	size, count := int64(0), 0
	eachFile(b, path, func(name string, data []byte) {
		records := splitLines(data)
		size, count = int64(len(data)), len(records)
		out = entries(event.FormatJSON, "", name, records)
	})
	return out, size, count
}

// cpuTime is the processor time that the process has used: on a machine with
// other work it says more than the wall clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func rate(b *testing.B, count int, start time.Duration) {
	n := float64(count) * float64(b.N)
	b.ReportMetric(n/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(n/(cpuTime()-start).Seconds(), "events/cpu-s")
}

func BenchmarkDecode(b *testing.B) {
	es, size, count := benchEntries(b, "winmix-20k.ndjson.gz")
	n := newNormalizer(b)
	b.SetBytes(size)
	b.ReportAllocs()
	start := cpuTime()
	for b.Loop() {
		for _, e := range es {
			r := n.decoder.reader(&memory{}, e.Format, e.Schema)
			for i := range e.Records {
				if _, err := r.read(e.Records[i].Raw); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	rate(b, count, start)
}

func BenchmarkEntry(b *testing.B) {
	for _, name := range []string{"winmix-20k.ndjson.gz", "proccreate.ndjson.gz"} {
		b.Run(name, func(b *testing.B) {
			es, size, count := benchEntries(b, name)
			n := newNormalizer(b)
			b.SetBytes(size)
			b.ReportAllocs()
			start := cpuTime()
			for b.Loop() {
				for _, e := range es {
					n.Entry(e)
				}
			}
			rate(b, count, start)
		})
	}
}

// BenchmarkScan: decoding and log source only, into memory used again.
func BenchmarkScan(b *testing.B) {
	for _, name := range []string{"winmix-20k.ndjson.gz", "proccreate.ndjson.gz"} {
		b.Run(name, func(b *testing.B) {
			es, size, count := benchEntries(b, name)
			s := newNormalizer(b).Scanner()
			b.SetBytes(size)
			b.ReportAllocs()
			start := cpuTime()
			for b.Loop() {
				for _, e := range es {
					s.Open(e)
					for s.Next() != nil {
					}
				}
			}
			rate(b, count, start)
		})
	}
}
