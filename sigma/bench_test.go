package sigma

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// cpuSeconds returns the processor time of this process: on a shared machine
// it says more than the clock.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func benchmarkMatch(b *testing.B, name string) {
	events := readEvents(b, needShared(b, "bench/"+name+".ndjson.gz"))
	m := compile(b, corpus(b)).Matcher()
	matches := 0
	for i := range events {
		matches += len(m.Match(&events[i]))
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuSeconds()
	for b.Loop() {
		for i := range events {
			m.Match(&events[i])
		}
	}
	b.ReportMetric(float64(len(events))*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(len(events))*float64(b.N)/(cpuSeconds()-before), "events/cpu-s")
	b.ReportMetric(float64(matches), "matches")
}

// BenchmarkMatchWinmix: 20,000 mixed Windows events against all SigmaHQ rules.
func BenchmarkMatchWinmix(b *testing.B) { benchmarkMatch(b, "winmix-20k") }

// BenchmarkMatchProcCreate: 2,367 process starts against all SigmaHQ rules.
func BenchmarkMatchProcCreate(b *testing.B) { benchmarkMatch(b, "proccreate") }

// BenchmarkLoad: reading and parsing all SigmaHQ rules.
func BenchmarkLoad(b *testing.B) {
	root := needShared(b, "sigma")
	for b.Loop() {
		for _, f := range ruleFolders {
			if _, err := Load(filepath.Join(root, f)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
