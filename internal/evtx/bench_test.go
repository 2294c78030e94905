package evtx

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

// processes is a log of full chunks with process creations as Sysmon logs them.
func processes(tb testing.TB) []byte {
	var f evtxtest.File
	texts := func(n int, pairs ...string) (out []evtxtest.Datum) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, evtxtest.Datum{
				Name:  pairs[i],
				Value: evtxtest.String(fmt.Sprintf(pairs[i+1], n)),
			})
		}
		return out
	}
	guid := evtxtest.Value{Kind: typeGUID, Bytes: make([]byte, 16)}
	for n := range 2000 {
		data := texts(n, "RuleName", "-%d", "UtcTime", "2026-11-22 12:00:00.%03d",
			"Image", `C:\Windows\System32\tool%d.exe`, "FileVersion", "10.0.26100.%d (WinBuild.160101.0800)",
			"Description", "Tool number %d", "Product", "Microsoft® Windows® Operating System %d",
			"Company", "Microsoft Corporation %d", "OriginalFileName", "TOOL%d.EXE",
			"CommandLine", `"C:\Windows\System32\tool%d.exe" --listen 127.0.0.1 --quiet`,
			"CurrentDirectory", `C:\Users\u.ashgrove\AppData\Local\Temp\%d\`, "User", `HARBOR\u.ashgrove%d`,
			"IntegrityLevel", "High %d",
			"Hashes", "SHA1=5E4F2C531C549BB72A658ED9DD16D491EDDBB286,MD5=C324AAAC01F0F75C811E1F80C41B%04d",
			"ParentImage", `C:\Windows\System32\cmd%d.exe`, "ParentCommandLine", `cmd.exe /c start %d`,
			"ParentUser", `HARBOR\u.ashgrove%d`)
		data = append(data,
			evtxtest.Datum{Name: "ProcessGuid", Value: guid},
			evtxtest.Datum{Name: "ProcessId", Value: evtxtest.Number(typeUint32, 4, uint64(n))},
			evtxtest.Datum{Name: "LogonId", Value: evtxtest.Number(typeHex64, 8, 0x3e7)},
			evtxtest.Datum{Name: "TerminalSessionId", Value: evtxtest.Number(typeUint32, 4, 1)},
			evtxtest.Datum{Name: "ParentProcessId", Value: evtxtest.Number(typeUint32, 4, uint64(n/2))})
		err := f.Event(evtxtest.Event{
			Number: uint64(n + 1), Time: noon, ID: 1, Data: data,
			Provider: "Microsoft-Windows-Sysmon", Channel: "Microsoft-Windows-Sysmon/Operational",
			Computer: "ws-017.harbor.example",
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return f.Bytes()
}

// benchLogs are the logs that the benchmarks read.
func benchLogs(b *testing.B, run func(b *testing.B, files [][]byte)) {
	b.Run("processes", func(b *testing.B) { run(b, [][]byte{processes(b)}) })
	b.Run("shared", func(b *testing.B) {
		var files [][]byte
		sharedLogs(b, func(_ string, data []byte) { files = append(files, data) })
		run(b, files)
	})
}

// BenchmarkCut finds records and cuts them out with their fragments.
func BenchmarkCut(b *testing.B) {
	benchLogs(b, func(b *testing.B, files [][]byte) {
		var records, size int
		b.ReportAllocs()
		began := processorTime()
		for b.Loop() {
			records, size = 0, 0
			for _, file := range files {
				size += len(file)
				r, err := NewReader(bytes.NewReader(file))
				if err != nil {
					b.Fatal(err)
				}
				var raw []byte
				for {
					c, err := r.Next()
					if err != nil {
						break
					}
					for _, rec := range c.Records() {
						raw = c.AppendRaw(raw[:0], rec)
						records++
					}
				}
			}
		}
		report(b, began, records, size)
	})
}

// BenchmarkFields decodes records that were cut out.
func BenchmarkFields(b *testing.B) {
	benchLogs(b, func(b *testing.B, files [][]byte) {
		var chunks [][][]byte
		records, size := 0, 0
		for _, file := range files {
			r, err := NewReader(bytes.NewReader(file))
			if err != nil {
				b.Fatal(err)
			}
			for {
				c, err := r.Next()
				if err != nil {
					break
				}
				var raws [][]byte
				for _, rec := range c.Records() {
					raws = append(raws, c.AppendRaw(nil, rec))
					size += rec.Size
				}
				records += len(raws)
				chunks = append(chunks, raws)
			}
		}
		var fields event.Fields
		b.ReportAllocs()
		began := processorTime()
		for b.Loop() {
			d := NewDecoder(nil)
			for _, chunk := range chunks {
				for _, raw := range chunk {
					var err error
					if fields, err = d.Fields(raw, fields[:0]); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		report(b, began, records, size)
	})
}

// report adds records and megabytes a second of processor time.
func report(b *testing.B, cpu time.Duration, records, size int) {
	seconds := (processorTime() - cpu).Seconds() / float64(b.N)
	b.ReportMetric(float64(records)/seconds, "records/s")
	b.ReportMetric(float64(size)/1e6/seconds, "MB/s")
}

// processorTime is what the process has used, garbage collection included.
func processorTime() time.Duration {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use) // fails only for a bad argument
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
