package journal_test

import (
	"sync"
	"testing"

	"github.com/evident-sec/evident/internal/journal/journaltest"
)

// BenchmarkAppend appends entries of 500 records of 2.3 kB, each synced, from
// one or four writers.
func BenchmarkAppend(b *testing.B) {
	const records, size = 500, 2300
	for _, writers := range []int{1, 4} {
		b.Run(map[int]string{1: "one", 4: "four"}[writers], func(b *testing.B) {
			s := mustOpen(b, b.TempDir())
			e := journaltest.Entry(1, records, size)
			b.SetBytes(records * size)
			b.ResetTimer()
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					own := *e
					for i := w; i < b.N; i += writers {
						if _, err := s.Append(b.Context(), &own); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkRead reads such entries in order.
func BenchmarkRead(b *testing.B) {
	const records, size, held = 500, 2300, 50
	s := mustOpen(b, b.TempDir())
	for i := range uint64(held) {
		if _, err := s.Append(b.Context(), journaltest.Entry(i, records, size)); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(records * size)
	for n := 0; b.Loop(); n++ {
		if _, err := s.Get(b.Context(), uint64(n%held)+1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "events/s")
}
