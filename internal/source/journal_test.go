package source_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/journald/journaltest"
	"github.com/evident-sec/evident/internal/source"
)

// TestRecordsFit keeps the two bounds on a record the same.
func TestRecordsFit(t *testing.T) {
	if journald.MaxEntryBytes != event.MaxRecordBytes {
		t.Error("an entry of a journal may be longer than a record")
	}
}

// journalOf writes a journal with entries of the given sequence numbers.
func journalOf(numbers ...int) []byte {
	w := journaltest.New(journaltest.Options{Keyed: true, Capacity: len(numbers)})
	for _, n := range numbers {
		w.Add(journaltest.Entry{
			Seqnum: uint64(n), Realtime: 1_795_000_000_000_000 + uint64(n), Monotonic: uint64(n),
			Fields: [][]byte{fmt.Appendf(nil, "MESSAGE=%d", n), []byte("SYSLOG_IDENTIFIER=app")},
		})
	}
	return w.Close()
}

// messages returns the messages of the records that the store has.
func (s *store) messages(t *testing.T) (out []int) {
	t.Helper()
	for _, e := range s.entries {
		if e.Format != event.FormatJournal {
			t.Fatal("an entry of format ", e.Format)
		}
		for _, r := range e.Records {
			err := journald.Fields(r.Raw, func(name, value []byte) bool {
				if string(name) == "MESSAGE" {
					n := 0
					fmt.Sscan(string(value), &n)
					out = append(out, n)
				}
				return true
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// TestJournalPacked reads the same journal packed and plain, whole and cut, and
// again when it has grown.
func TestJournalPacked(t *testing.T) {
	file := journalOf(to(1, 700)...)
	var gz bytes.Buffer
	g := gzip.NewWriter(&gz)
	g.Write(file)
	g.Close()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"plain": file, "gz": gz.Bytes(), "zst": enc.EncodeAll(file, nil)} {
		t.Run(name, func(t *testing.T) {
			var s store
			report := s.stream(t, bytes.NewReader(data), nil)
			if len(report.Problems) != 0 || !slices.Equal(s.messages(t), to(1, 700)) {
				t.Fatalf("%d records, problems %v", len(s.messages(t)), report.Problems)
			}
			s.stream(t, bytes.NewReader(journalOf(to(1, 900)...)), nil)
			if !slices.Equal(s.messages(t), to(1, 900)) {
				t.Errorf("%d records after it has grown", len(s.messages(t)))
			}
			for cut := 1; cut < len(data); cut += 1 + len(data)/20 {
				var s store
				report := s.stream(t, bytes.NewReader(data[:cut]), nil)
				got := s.messages(t)
				if len(report.Problems) == 0 || !slices.Equal(got, to(1, len(got))) {
					t.Fatalf("cut at %d: %d records, problems %v", cut, len(got), report.Problems)
				}
			}
		})
	}
}

// TestJournalGaps reads the journals of a machine and of one of its users
// together: only what neither has is missing.
func TestJournalGaps(t *testing.T) {
	dir := t.TempDir()
	for name, file := range map[string][]byte{
		"system.journal":    journalOf(1, 2, 3, 6, 9, 10),
		"user-1000.journal": journalOf(4, 7, 8),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var s store
	var seals []source.Seal
	r := s.reader(t, func(c *source.Config) {
		c.Sealed = func(_ context.Context, seal source.Seal) error {
			seals = append(seals, seal)
			return nil
		}
	})
	report, err := r.Ingest(t.Context(), []string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := report.Problems; len(p) != 1 || !strings.Contains(p[0].Text, "sequence numbers 5 are in none") {
		t.Errorf("problems %v", p)
	}
	if len(seals) != 3 || seals[0].Journal.Records != 6 || len(seals[0].Journal.SHA256) != 64 ||
		fmt.Sprint(seals[2].Journal.Missing) != "[5]" {
		t.Errorf("seals %+v", seals)
	}
}

// TestExportFraming cuts entries out of what journalctl -o export prints.
func TestExportFraming(t *testing.T) {
	binaryField := func(value string) string {
		return "MESSAGE\n" + string(binary.LittleEndian.AppendUint64(nil, uint64(len(value)))) + value + "\n"
	}
	head := "__REALTIME_TIMESTAMP=1\n"
	long := strings.Repeat("x", event.MaxRecordBytes)
	for _, c := range []struct {
		name, in string
		want     []string
		problem  string
	}{
		{"two", head + "A=1\n\n" + head + "A=2\n\n", []string{head + "A=1", head + "A=2"}, ""},
		{"no empty line at the end", head + "A=1\n", []string{head + "A=1"}, ""},
		{"no line feed at the end", head + "A=1", []string{head + "A=1"}, ""},
		{"empty lines", "\n\n" + head + "A=1\n\n\n\n", []string{head + "A=1"}, ""},
		{
			"binary with an empty line", head + binaryField("one\n\ntwo=2") + "B=1\n\n" + head + "\n",
			[]string{head + binaryField("one\n\ntwo=2") + "B=1", strings.TrimSuffix(head, "\n")},
			"",
		},
		{"binary of nothing", head + binaryField("") + "\n", []string{head + strings.TrimSuffix(binaryField(""), "\n")}, ""},
		{"cut inside binary", head + binaryField("one two")[:18], nil, "truncated"},
		{
			"too long", head + "A=" + long + "\n\n" + head + "A=2\n\n",
			[]string{head + "A=2"},
			"more than the 8388608 that one record may have",
		},
		{
			"too long in binary", head + binaryField(long) + "\n" + head + "A=2\n\n",
			[]string{head + "A=2"},
			"more than the 8388608 that one record may have",
		},
		{
			"a length beyond all", head + "MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\x7fx", nil, "cannot be told apart",
		},
		{"a line that is no field", head + "lower case\n\n" + head + "\n", []string{
			head + "lower case", strings.TrimSuffix(head, "\n"),
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s store
			report := s.stream(t, strings.NewReader(c.in), nil)
			if c.problem == "" && len(report.Problems) > 0 || c.problem != "" && (len(report.Problems) != 1 ||
				!strings.Contains(report.Problems[0].String(), c.problem)) {
				t.Errorf("problems %.300v", report.Problems)
			}
			if got := s.records(); c.want != nil && !slices.Equal(got, c.want) {
				t.Errorf("records %.300q, want %.300q", got, c.want)
			}
		})
	}
}

// TestExportOfSystemd reads what journalctl printed, binary fields and all, and
// the journal it printed it from: the same entries.
func TestExportOfSystemd(t *testing.T) {
	for _, name := range journaltest.Names() {
		export, err := journaltest.Export(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := journaltest.Journal(name)
		if err != nil {
			t.Fatal(err)
		}
		var a, b store
		ra := a.stream(t, bytes.NewReader(export), nil)
		rb := b.stream(t, bytes.NewReader(file), nil)
		if len(ra.Problems)+len(rb.Problems) > 0 || ra.Records != rb.Records || ra.Records == 0 {
			t.Errorf("%s: %+v and %+v", name, ra, rb)
		}
		for i, r := range a.records() {
			_, want, _ := strings.Cut(b.records()[i], "\n_BOOT_ID=")
			if _, got, _ := strings.Cut(r, "\n_BOOT_ID="); got != want {
				t.Errorf("%s: entry %d is\n%q\n%q", name, i+1, got, want)
			}
		}
	}
}
