package ledger_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/proof"
)

// BenchmarkSealRate seals 10,000 events/s of 600 bytes for ten seconds, in
// entries of 500, under two witnesses over HTTP. It reports the share of one
// core that hashing, ledger, checkpoints and both witnesses take, how long
// entries wait for a cosigned checkpoint, and the ledger's bytes an event.
// Run with -benchtime 1x.
func BenchmarkSealRate(b *testing.B) {
	const records, size, perSecond, seconds = 500, 600, 20, 10
	e := &event.Entry{Records: make([]event.Record, records)}
	for i := range e.Records {
		e.Records[i].Raw = make([]byte, size)
		e.Records[i].Raw[0] = byte(i)
	}
	for b.Loop() {
		dir := b.TempDir()
		l := openCosigned(b, dir)
		waits := &waiting{arrived: map[uint64]time.Time{}}
		done := make(chan struct{})
		go waits.watch(l, done, perSecond*seconds)
		before, began := cpuTime(b), time.Now()
		for n := range uint64(perSecond * seconds) {
			time.Sleep(time.Until(began.Add(time.Duration(n) * time.Second / perSecond)))
			waits.add(n + 1)
			e.Seq = n + 1
			if err := l.Append(b.Context(), ledger.ManifestOf(e)); err != nil {
				b.Fatal(err)
			}
		}
		<-done
		share := float64(cpuTime(b)-before) / float64(time.Since(began))
		b.ReportMetric(100*share, "%core")
		b.ReportMetric(waits.percentile(50).Seconds(), "s-median")
		b.ReportMetric(waits.percentile(99).Seconds(), "s-p99")
	}
}

// BenchmarkSealBytes measures what the ledger keeps of 10,000 entries of 500
// events.
func BenchmarkSealBytes(b *testing.B) {
	const entries, records = 10_000, 500
	for b.Loop() {
		dir := b.TempDir()
		l := open(b, dir)
		fill(b, l, entries)
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
		kept, all := folderBytes(b, dir)
		b.ReportMetric(float64(kept)/(entries*records), "B/event")
		b.ReportMetric(float64(all)/(entries*records), "B/event-with-partial")
	}
}

// folderBytes sums the files; kept leaves out partial tiles and bundles, which
// are removed once the full ones are there.
func folderBytes(b *testing.B, dir string) (kept, all int64) {
	b.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		all += info.Size()
		if filepath.Ext(filepath.Dir(path)) != ".p" {
			kept += info.Size()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return kept, all
}

func openCosigned(b *testing.B, dir string) *ledger.Log {
	b.Helper()
	first := open(b, dir)
	key := first.VerifierKey()
	if err := first.Close(); err != nil {
		b.Fatal(err)
	}
	text := "log " + key + "\n"
	for _, name := range []string{"a", "b"} {
		text += newOffice(b, name, key).line()
	}
	p, err := proof.ParsePolicy([]byte(text + "group both all a b\nquorum both\n"))
	if err != nil {
		b.Fatal(err)
	}
	l, err := ledger.Open(b.Context(), ledger.Config{Dir: dir, Witnesses: p})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	return l
}

// waiting measures how long entries wait for a quorum.
type waiting struct {
	mu      sync.Mutex
	arrived map[uint64]time.Time
	waited  []time.Duration
}

func (w *waiting) add(seq uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrived[seq] = time.Now()
}

// watch ends when size entries are cosigned.
func (w *waiting) watch(l *ledger.Log, done chan struct{}, size int64) {
	defer close(done)
	for seen := int64(0); seen < size; time.Sleep(10 * time.Millisecond) {
		status, _ := l.Witnessing()
		now := time.Now()
		w.mu.Lock()
		for ; seen < status.Size; seen++ {
			w.waited = append(w.waited, now.Sub(w.arrived[uint64(seen+1)]))
		}
		w.mu.Unlock()
	}
}

func (w *waiting) percentile(p int) time.Duration {
	slices.Sort(w.waited)
	return w.waited[min(len(w.waited)*p/100, len(w.waited)-1)]
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
