package lake

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// BenchmarkBatches seals many small batches and reports, over the last of
// them, what a seal and its commit take, and what planning takes: ours, and
// that of a foreign engine through Iceberg. EVIDENT_BATCHES says how many
// batches there are (1,000); "merged" compacts meanwhile, as serve does.
func BenchmarkBatches(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("EVIDENT_BATCHES"))
	if err != nil {
		n = 1000
	}
	for name, compact := range map[string]bool{"as sealed": false, "merged": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				batches(b, n, compact)
			}
		})
	}
}

func batches(b *testing.B, n int, compact bool) {
	l, err := Open(b.Context(), Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var seals, merges []float64
	for seq := 1; seq <= n; seq++ {
		e, evs := mini(uint64(seq), 3)
		if err := l.Append(b.Context(), e, evs); err != nil {
			b.Fatal(err)
		}
		seals = append(seals, millis(b, func() error { return l.Seal(b.Context()) }))
		if compact && seq%16 == 0 {
			merges = append(merges, millis(b, func() error {
				_, err := l.Compact(b.Context(), CompactOptions{Now: e.Received})
				return errors.Join(err, l.Dispose(b.Context(), time.Second))
			}))
		}
	}
	b.ReportMetric(median(seals[:10]), "first-seal-ms")
	b.ReportMetric(median(seals[max(0, n-50):]), "last-seal-ms")
	b.ReportMetric(slices.Max(seals[max(0, n-200):]), "worst-of-last-200-ms")
	if compact {
		b.ReportMetric(median(merges), "merge-ms")
	}
	b.ReportMetric(float64(len(l.Files())), "files")
	b.ReportMetric(millis(b, func() error {
		_, err := l.Snapshot(b.Context(), time.Unix(0, 0), time.Now())
		return err
	}), "plan-ms")
	b.ReportMetric(millis(b, func() error {
		scan := l.ice.tbl.Scan(table.WithRowFilter(
			iceberg.GreaterThanEqual(iceberg.Reference(ColEntry), int64(n-2))))
		tasks, err := scan.PlanFiles(b.Context())
		if err == nil && len(tasks) == 0 {
			err = errors.New("nothing planned")
		}
		return err
	}), "iceberg-plan-ms")
	s, err := l.Status(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(s.MetadataBytes)/1e6, "metadata-MB")
	b.ReportMetric(float64(s.Manifests), "manifests")
}

func millis(b *testing.B, f func() error) float64 {
	began := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return float64(time.Since(began).Microseconds()) / 1000
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
