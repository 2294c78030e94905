package ledger_test

import (
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/ledger"
)

// BenchmarkManifestOf hashes entries of 500 records of 2.3 kB.
func BenchmarkManifestOf(b *testing.B) {
	const records, size = 500, 2300
	e := &event.Entry{Seq: 1, Records: make([]event.Record, records)}
	for i := range e.Records {
		e.Records[i].Raw = make([]byte, size)
	}
	b.SetBytes(records * size)
	for b.Loop() {
		ledger.ManifestOf(e)
	}
	b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkAppend appends manifests until all are under a checkpoint.
func BenchmarkAppend(b *testing.B) {
	l := open(b, b.TempDir())
	b.ResetTimer()
	fill(b, l, uint64(b.N))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkVerify checks a log of 10,000 entries, BenchmarkProve proves them.
func BenchmarkVerify(b *testing.B) {
	const n = 10_000
	l := open(b, b.TempDir())
	fill(b, l, n)
	b.Run("log", func(b *testing.B) {
		for b.Loop() {
			if err := l.Verify(b.Context(), nil); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "entries/s")
	})
	b.Run("prove", func(b *testing.B) {
		for i := uint64(0); b.Loop(); i++ {
			if _, _, _, _, err := l.Prove(b.Context(), i*7919%n+1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
