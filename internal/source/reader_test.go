package source_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx"
	"github.com/evident-sec/evident/internal/source"
)

// store collects entries in memory, as the journal would.
type store struct {
	entries []*event.Entry
	known   map[event.BatchID]bool
	refuse  int // refuse the append with this number, from 1; 0 never
}

var errFull = errors.New("disk full")

func (s *store) append(_ context.Context, e *event.Entry) error {
	if s.refuse > 0 && len(s.entries)+1 >= s.refuse {
		return errFull
	}
	e.Seq = uint64(len(s.entries) + 1)
	s.entries = append(s.entries, e)
	if s.known == nil {
		s.known = make(map[event.BatchID]bool)
	}
	s.known[e.Batch] = true
	return nil
}

func (s *store) records() []string {
	var out []string
	for _, e := range s.entries {
		for _, r := range e.Records {
			out = append(out, string(r.Raw))
		}
	}
	return out
}

func (s *store) reader(t testing.TB, change func(*source.Config)) *source.Reader {
	t.Helper()
	known := make(map[event.BatchID]bool) // as it was when the reader started
	for id := range s.known {
		known[id] = true
	}
	cfg := source.Config{
		Append: s.append, Known: func(id event.BatchID) bool { return known[id] },
	}
	if change != nil {
		change(&cfg)
	}
	r, err := source.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *store) stream(t testing.TB, in io.Reader, change func(*source.Config)) source.Report {
	t.Helper()
	report, err := s.reader(t, change).Stream(t.Context(), "test", in)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestFraming runs testdata/framing.txt: input to records.
func TestFraming(t *testing.T) {
	datadriven.RunTest(t, "testdata/framing.txt", func(t *testing.T, d *datadriven.TestData) string {
		var s store
		input := strings.NewReplacer(`\r`, "\r", `\0`, "\x00", `\t`, "\t", `\xff`, "\xff").
			Replace(d.Input)
		if !d.HasArg("cut") { // datadriven takes the last line's end away
			input += "\n"
		}
		report := s.stream(t, strings.NewReader(input), func(c *source.Config) {
			if d.HasArg("format") {
				var f string
				d.ScanArgs(t, "format", &f)
				c.Format = event.Format(f)
			}
		})
		var out strings.Builder
		for _, e := range s.entries {
			fmt.Fprintf(&out, "entry %s", e.Format)
			if e.Schema != "" {
				fmt.Fprintf(&out, " schema %q", e.Schema)
			}
			out.WriteByte('\n')
			for _, r := range e.Records {
				fmt.Fprintf(&out, "%d %q\n", r.Position, r.Raw)
			}
		}
		for _, p := range report.Problems {
			fmt.Fprintf(&out, "problem %s\n", p)
		}
		return out.String()
	})
}

// TestResume cuts an ingest off at any append, lets the file grow, ingests
// again, and wants every record exactly once, in order.
func TestResume(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lines := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 3000), func(n int) string {
			return fmt.Sprintf(`{"n":%d,"pad":"%s"}`, n, strings.Repeat("x", n))
		}), 1, 2000).Draw(rt, "lines")
		var s store
		for seen := 0; seen < len(lines); {
			seen = rapid.IntRange(seen+1, len(lines)).Draw(rt, "seen")
			s.refuse = rapid.IntRange(0, len(s.entries)+3).Draw(rt, "refuse")
			text := strings.Join(lines[:seen], "\n") + "\n"
			_, err := s.reader(t, nil).Stream(t.Context(), "test", strings.NewReader(text))
			if err != nil && !errors.Is(err, errFull) {
				rt.Fatal(err)
			}
		}
		s.refuse = 0
		whole := strings.Join(lines, "\n") + "\n"
		if _, err := s.reader(t, nil).Stream(t.Context(), "test", strings.NewReader(whole)); err != nil {
			rt.Fatal(err)
		}
		got := s.records()
		if strings.Join(got, "\n") != strings.Join(lines, "\n") {
			rt.Fatalf("got %d records, want %d in order", len(got), len(lines))
		}
		again := s.stream(t, strings.NewReader(whole), nil)
		if again.Records != 0 || again.Already != int64(len(lines)) {
			rt.Fatalf("again: %d new, %d already, want 0 and %d", again.Records, again.Already, len(lines))
		}
	})
}

func TestAgainForcesACopy(t *testing.T) {
	var s store
	for range 2 {
		s.stream(t, strings.NewReader(`{"a":1}`), func(c *source.Config) { c.Again = true })
	}
	if got := len(s.records()); got != 2 {
		t.Fatalf("got %d records, want 2", got)
	}
}

// TestPacked reads the same records from every kind of packing.
func TestPacked(t *testing.T) {
	text := "{\"a\":1}\n{\"a\":2}\n"
	gz := func(b []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		w.Write(b)
		w.Close()
		return out.Bytes()
	}
	zs := func(b []byte) []byte {
		w, _ := zstd.NewWriter(nil)
		return w.EncodeAll(b, nil)
	}
	zp := func(b []byte) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		f, _ := w.Create("inner.json")
		f.Write(b)
		w.Close()
		return out.Bytes()
	}
	for name, data := range map[string][]byte{
		"plain": []byte(text), "gz": gz([]byte(text)), "zst": zs([]byte(text)), "zip": zp([]byte(text)),
		"gz in zip": zp(gz([]byte(text))), "zip in zip": zp(zp([]byte(text))),
	} {
		t.Run(name, func(t *testing.T) {
			var s store
			report := s.stream(t, bytes.NewReader(data), nil)
			if len(report.Problems) != 0 || report.Records != 2 {
				t.Fatalf("%d records, problems %v", report.Records, report.Problems)
			}
		})
		t.Run(name+" truncated", func(t *testing.T) {
			for cut := range len(data) {
				var s store
				s.stream(t, bytes.NewReader(data[:cut]), nil) // must neither fail nor panic
			}
		})
	}
}

func TestTruncatedKeepsWhatCame(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for i := range 5000 {
		fmt.Fprintf(w, "{\"n\":%d,\"salt\":\"%x\"}\n", i, i*i*7919)
	}
	w.Close()
	var s store
	report := s.stream(t, bytes.NewReader(packed.Bytes()[:packed.Len()/2]), nil)
	if report.Records < 1000 || len(report.Problems) != 1 {
		t.Fatalf("%d records, problems %v", report.Records, report.Problems)
	}
	if !strings.Contains(report.Problems[0].Text, "truncated") {
		t.Errorf("problem %q does not say truncated", report.Problems[0].Text)
	}
}

// endless is a line that never ends, of a given length.
func endless(n int64) io.Reader { return io.LimitReader(zeros{}, n) }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestLongLineIsSkipped(t *testing.T) {
	var s store
	in := io.MultiReader(strings.NewReader("{\"a\":1}\n{\"b\":\""), endless(200<<20),
		strings.NewReader("\"}\n{\"a\":2}\n"))
	report := s.stream(t, in, nil)
	if report.Records != 2 || report.Skipped != 1 || len(report.Problems) != 1 {
		t.Fatalf("%d records, %d skipped, problems %v", report.Records, report.Skipped, report.Problems)
	}
	if got := s.entries[0].Records[1].Position; got != 3 {
		t.Errorf("record after the long line has position %d, want 3", got)
	}
}

func TestFolderAndMissing(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.json": `{"a":2}`, "a.json": `{"a":1}`, "sub/c.json": `{"a":3}`, "empty.json": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var s store
	report, err := s.reader(t, nil).Ingest(t.Context(), []string{dir, filepath.Join(dir, "none")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.records(), " "); got != `{"a":1} {"a":2} {"a":3}` {
		t.Errorf("records %s", got)
	}
	if len(report.Problems) != 1 {
		t.Errorf("problems %v, want one for the missing path", report.Problems)
	}
}

// TestLiveStream wants a record of a stream that stays open within MaxDelay.
func TestLiveStream(t *testing.T) {
	in, out := io.Pipe()
	got := make(chan *event.Entry, 1)
	r, err := source.New(source.Config{
		Append:   func(_ context.Context, e *event.Entry) error { got <- e; return nil },
		Known:    func(event.BatchID) bool { return false },
		MaxDelay: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { _, err := r.Stream(t.Context(), "live", in); done <- err }()
	fmt.Fprintln(out, `{"a":1}`)
	if e := <-got; len(e.Records) != 1 {
		t.Errorf("got %d records", len(e.Records))
	}
	out.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func FuzzStream(f *testing.F) {
	for _, seed := range []string{
		"{\"a\":1}\n", "[{\"a\":1},{\"b\":2}]", "{\"Records\":[{\"a\":1}]}", "#separator \\x09\n#fields\ta\n1\n",
		"type=EXECVE msg=audit(1.2:3): a0=\"x\"\ntype=CWD msg=audit(1.2:3): cwd=\"/\"\n",
		"Nov  2 01:02:03 host sshd[1]: x\n", "\x1f\x8b", "PK\x03\x04", "\xff\xfe",
	} {
		f.Add([]byte(seed))
	}
	f.Add(eventLog(f, to(1, 2))[:evtx.FileHeaderBytes+2048])
	f.Fuzz(func(t *testing.T, data []byte) {
		var s store
		s.stream(t, bytes.NewReader(data), nil)
		before := len(s.records())
		again := s.stream(t, bytes.NewReader(data), nil)
		if len(s.records()) != before || again.Records != 0 {
			t.Fatalf("second ingest added %d records", again.Records)
		}
	})
}
