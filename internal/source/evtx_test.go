package source_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx"
	"github.com/evident-sec/evident/internal/evtx/evtxtest"
	"github.com/evident-sec/evident/internal/source"
)

// fataler is what tests and properties have in common.
type fataler interface{ Fatal(args ...any) }

// eventLog writes chunks with records of the given numbers.
func eventLog(t fataler, chunks ...[]int) []byte {
	var f evtxtest.File
	for _, numbers := range chunks {
		f.Chunk()
		for _, n := range numbers {
			err := f.Event(evtxtest.Event{
				Number: uint64(n), Time: time.Date(2026, 11, 22, 0, 0, n, 0, time.UTC),
				Provider: "P", ID: 1, Channel: "Security", Computer: "ws-017",
				Data: []evtxtest.Datum{{Name: "Text", Value: evtxtest.String(strings.Repeat("x", n%500))}},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return f.Bytes()
}

// to returns the numbers from one to another.
func to(first, last int) (out []int) {
	for n := first; n <= last; n++ {
		out = append(out, n)
	}
	return out
}

// numbers returns the record numbers that the store has, in order of arrival.
func (s *store) numbers(t fataler) (out []int) {
	for _, e := range s.entries {
		if e.Format != event.FormatEVTX {
			t.Fatal("an entry of format ", e.Format)
		}
		for _, r := range e.Records {
			record, err := evtx.RecordBytes(r.Raw)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, int(binary.LittleEndian.Uint64(record[8:])))
		}
	}
	return out
}

// TestEventLogPacked reads the same log from every kind of packing, cut and
// whole.
func TestEventLogPacked(t *testing.T) {
	log := eventLog(t, to(1, 30), to(31, 60), to(61, 70))
	var gz, zp bytes.Buffer
	g := gzip.NewWriter(&gz)
	g.Write(log)
	g.Close()
	z := zip.NewWriter(&zp)
	member, _ := z.Create("Logs/Security.evtx")
	member.Write(log)
	z.Close()
	enc, _ := zstd.NewWriter(nil)
	for name, data := range map[string][]byte{
		"plain": log, "gz": gz.Bytes(), "zip": zp.Bytes(), "zst": enc.EncodeAll(log, nil),
	} {
		t.Run(name, func(t *testing.T) {
			var s store
			report := s.stream(t, bytes.NewReader(data), nil)
			if len(report.Problems) != 0 || fmt.Sprint(s.numbers(t)) != fmt.Sprint(to(1, 70)) {
				t.Errorf("records %v, problems %v", s.numbers(t), report.Problems)
			}
			at := int64(0)
			for _, e := range s.entries {
				for _, r := range e.Records {
					if at++; r.Position != at {
						t.Errorf("position %d, want %d", r.Position, at)
					}
				}
			}
			for cut := 1; cut < len(data); cut += 1 + len(data)/40 {
				var s store
				s.stream(t, bytes.NewReader(data[:cut]), nil) // must neither fail nor panic
			}
		})
	}
}

// TestEventLogGrowsInACircle copies a log again and again while it grows and
// overwrites its oldest chunks, with a store that refuses at times. Every
// record is there once.
func TestEventLogGrowsInACircle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const room = 4 // chunks of the log
		var chunks [][]int
		next, at := 1, 0
		var s store
		for range rapid.IntRange(1, 6).Draw(rt, "copies") {
			for range rapid.IntRange(1, 8).Draw(rt, "writes") {
				n := rapid.IntRange(1, 25).Draw(rt, "records")
				written := to(next, next+n-1)
				next += n
				switch {
				case len(chunks) > 0 && len(chunks[at])+n < 40:
					chunks[at] = append(chunks[at], written...)
				case len(chunks) < room:
					chunks = append(chunks, written)
					at = len(chunks) - 1
				default:
					at = (at + 1) % room
					chunks[at] = written
				}
			}
			log := eventLog(rt, chunks...)
			s.refuse = rapid.SampledFrom([]int{0, len(s.entries) + 1, len(s.entries) + 2}).Draw(rt, "refuse")
			_, err := s.reader(t, nil).Stream(t.Context(), "log", bytes.NewReader(log))
			if err != nil && !errors.Is(err, errFull) {
				rt.Fatal(err)
			}
			s.refuse = 0
			if _, err := s.reader(t, nil).Stream(t.Context(), "log", bytes.NewReader(log)); err != nil {
				rt.Fatal(err)
			}
			again, err := s.reader(t, nil).Stream(t.Context(), "log", bytes.NewReader(log))
			if err != nil || again.Records != 0 {
				rt.Fatal("a second time: ", again.Records, " records more, ", err)
			}
			missing := map[int]bool{}
			for _, c := range chunks {
				for _, n := range c {
					missing[n] = true
				}
			}
			for _, n := range s.numbers(rt) {
				delete(missing, n)
			}
			if len(missing) > 0 {
				rt.Fatal("missing records: ", missing)
			}
		}
		seen := map[int]bool{}
		for _, n := range s.numbers(rt) {
			if seen[n] {
				rt.Fatal("record ", n, " is there twice")
			}
			seen[n] = true
		}
	})
}

// TestEventLogChunkTwice keeps both copies of a chunk that a file has twice,
// and takes neither a second time.
func TestEventLogChunkTwice(t *testing.T) {
	log := eventLog(t, to(1, 30), to(31, 40))
	log = append(log, log[evtx.FileHeaderBytes:][:evtx.ChunkBytes]...)
	log[42]++
	evtxtest.Seal(log)
	for range 3 {
		var s store
		report := s.stream(t, bytes.NewReader(log), nil)
		if report.Records != 70 || report.Skipped != 0 || len(report.Problems) != 1 ||
			!strings.Contains(report.Problems[0].Text, "record numbers 1 to 30 are there more than once") {
			t.Fatalf("%d records, %d skipped, problems %v", report.Records, report.Skipped, report.Problems)
		}
		if again := s.stream(t, bytes.NewReader(log), nil); again.Records != 0 || again.Already != 70 {
			t.Fatalf("again: %d records, %d already", again.Records, again.Already)
		}
	}
}

// TestEventLogSeals reports what a log's own checksums and numbers say: what
// was read anyway is not counted as skipped.
func TestEventLogSeals(t *testing.T) {
	log := eventLog(t, to(1, 30), to(41, 60))
	log[evtx.FileHeaderBytes+evtx.ChunkBytes+600] ^= 1
	clear(log[evtx.FileHeaderBytes+512:][:200])
	var s store
	report := s.stream(t, bytes.NewReader(log), nil)
	var out []string
	for _, p := range report.Problems {
		out = append(out, p.String())
	}
	got := strings.Join(out, "\n")
	for _, want := range []string{
		"test: chunk at byte 4096: the checksum of its records does not match",
		"test: chunk at byte 4096, byte 512: ",
		"test: chunk at byte 69632: the checksum of its records does not match",
		"test: record numbers 31 to 40 are missing",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it says\n%s\nnot %q", got, want)
		}
	}
	if report.Records != 49 || report.Skipped != 1 {
		t.Errorf("%d records, %d skipped; want 49 and 1", report.Records, report.Skipped)
	}
}

// TestEventLogBadInput gives files that are not logs where one is asked for,
// and logs with nothing in them.
func TestEventLogBadInput(t *testing.T) {
	header := eventLog(t)
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"text":           {[]byte("{\"a\":1}\n"), "is not a Windows event log"},
		"magic only":     {header[:8], "ends inside its header"},
		"header only":    {header, ""},
		"damaged header": {append([]byte(evtx.Magic), make([]byte, 4088)...), "damaged header"},
	} {
		var s store
		report := s.stream(t, bytes.NewReader(c.data), func(cfg *source.Config) {
			cfg.Format = event.FormatEVTX
		})
		want := int64(min(1, len(c.says)))
		if report.Records != 0 || report.Skipped != want || len(report.Problems) != int(want) {
			t.Errorf("%s: %+v, want %q", name, report, c.says)
		}
		for _, p := range report.Problems {
			if !strings.Contains(p.Text, c.says) {
				t.Errorf("%s: %s, want %q", name, p, c.says)
			}
		}
	}
}
