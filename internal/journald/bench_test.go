package journald_test

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/journald/journaltest"
)

// busy is a sealed journal of a busy host: 20,000 entries of 20 fields, of which
// most repeat, in the format that systemd writes today.
func busy(b *testing.B) ([]byte, []*journald.Key) {
	b.Helper()
	const n = 20_000
	w := journaltest.New(journaltest.Options{
		Compact: true, Keyed: true, Compress: "zstd", Keys: sealing(), Capacity: n,
		Start: begin / (900 * second) * (900 * second), Interval: 900 * second,
	})
	for i := range n {
		e := entry(i)
		e.Realtime, e.Fields = begin+uint64(i)*second, nil
		for f := range 14 {
			e.Fields = append(e.Fields, fmt.Appendf(nil, "_FIELD_%d=value %d of the program", f, i%(f+1)))
		}
		for f := range 4 {
			e.Fields = append(e.Fields, fmt.Appendf(nil, "OFTEN_%d=%d", f, i/(f+2)))
		}
		e.Fields = append(e.Fields, fmt.Appendf(nil, "_PID=%d", 900+i%300), fmt.Appendf(nil,
			"MESSAGE=Accepted publickey for anna from 192.0.2.%d port %d ssh2: ED25519 SHA256:%d", i%250, 1024+i, i))
		w.Add(e)
	}
	return w.Close(), keyFor(w.VerificationKey())
}

func BenchmarkReader(b *testing.B) {
	file, keys := busy(b)
	for _, sealed := range []bool{false, true} {
		b.Run(fmt.Sprintf("verified=%v", sealed), func(b *testing.B) {
			n, before := 0, processorTime(b)
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				r, err := journald.NewReader(bytes.NewReader(file), int64(len(file)))
				if err != nil {
					b.Fatal(err)
				}
				for {
					if _, err := r.Next(); err != nil {
						break
					}
					n++
				}
				if sealed {
					r.Verify(keys)
				}
				if len(r.Problems()) > 0 {
					b.Fatal(r.Problems())
				}
			}
			b.ReportMetric(float64(n)/(processorTime(b)-before).Seconds(), "entries/cpu-s")
		})
	}
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
