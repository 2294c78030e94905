package source_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/source"
)

// member adds a file to a zip: streamed with sizes behind the data, or with
// sizes in its header; deflated or stored.
func member(t *rapid.T, w *zip.Writer, name string, body []byte, streamed, stored bool) {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	if stored {
		h.Method = zip.Store
	}
	var f io.Writer
	var err error
	if streamed {
		f, err = w.CreateHeader(h)
	} else {
		h.CRC32, h.UncompressedSize64 = crc32.ChecksumIEEE(body), uint64(len(body))
		h.Method, h.CompressedSize64 = zip.Store, uint64(len(body))
		f, err = w.CreateRaw(h)
	}
	if err == nil {
		_, err = f.Write(body)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCutZip cuts archives anywhere: every member that is whole before the cut
// arrives, and there is one problem at most for what is missing.
func TestCutZip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var packed bytes.Buffer
		w := zip.NewWriter(&packed)
		for i := range rapid.IntRange(1, 4).Draw(t, "members") {
			lines := strings.Repeat(fmt.Sprintf(`{"member":%d,"salt":%d}`+"\n", i, i*7919), 1+i*40)
			streamed := rapid.Bool().Draw(t, "streamed")
			stored := !streamed && rapid.Bool().Draw(t, "stored")
			member(t, w, fmt.Sprintf("m%d.json", i), []byte(lines), streamed, stored)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		whole, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var ends []int // where the members' data end
		for _, f := range whole.File {
			at, err := f.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, int(at)+int(f.CompressedSize64))
		}
		cut := rapid.IntRange(40, packed.Len()-1).Draw(t, "cut")
		var s store
		r, err := source.New(source.Config{Append: s.append, Known: func(event.BatchID) bool { return false }})
		if err != nil {
			t.Fatal(err)
		}
		report, err := r.Stream(t.Context(), "a.zip", bytes.NewReader(packed.Bytes()[:cut]))
		if err != nil || len(report.Problems) > 1 {
			t.Fatalf("problems %v, %v", report.Problems, err)
		}
		got := make(map[string]int)
		for _, e := range s.entries {
			for _, rec := range e.Records {
				got[e.Source+" "+string(rec.Raw)]++
			}
		}
		for i, end := range ends {
			want := fmt.Sprintf("a.zip!m%d.json "+`{"member":%d,"salt":%d}`, i, i, i*7919)
			if n := got[want]; n > 1+i*40 || cut >= end && n != 1+i*40 {
				t.Fatalf("cut at %d of %v: member %d has %d records, want %d", cut, ends, i, n, 1+i*40)
			}
		}
	})
}

// TestGrowsByBytes reads a file that grows, cut anywhere, also inside a record:
// every whole record is there once; what was cut stays as a fragment.
func TestGrowsByBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lines []string
		for i := range rapid.IntRange(1, 1200).Draw(t, "lines") {
			lines = append(lines, fmt.Sprintf(`{"n":%d,"pad":"%x"}`, i, i*i))
		}
		whole := strings.Join(lines, "\n") + "\n"
		cuts := rapid.SliceOfN(rapid.IntRange(1, len(whole)), 0, 3).Draw(t, "cuts")
		slices.Sort(cuts)
		var s store
		for _, cut := range append(cuts, len(whole)) {
			known := make(map[event.BatchID]bool)
			for id := range s.known {
				known[id] = true
			}
			r, err := source.New(source.Config{
				Append: s.append, Known: func(id event.BatchID) bool { return known[id] },
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Stream(t.Context(), "log", strings.NewReader(whole[:cut])); err != nil {
				t.Fatal(err)
			}
		}
		count := make(map[string]int)
		for _, record := range s.records() {
			count[record]++
		}
		for _, line := range lines {
			// A cut right before the line's end makes the fragment the line itself.
			if n := count[line]; n == 0 || n > 1+len(cuts) {
				t.Fatalf("%s is there %d times", line, n)
			}
		}
		if extra := len(s.records()) - len(lines); extra > len(cuts) {
			t.Fatalf("%d records more than lines, with %d cuts", extra, len(cuts))
		}
	})
}

// TestHeadersAreBounded reads column headers that never end, in little time.
func TestHeadersAreBounded(t *testing.T) {
	for format, text := range map[event.Format]string{
		event.FormatZeek: "#fields\ta\n" + strings.Repeat("#x\n", 1<<20),
		event.FormatCSV:  `"` + strings.Repeat("a\n", 1<<20),
	} {
		var s store
		began := time.Now()
		report := s.stream(t, strings.NewReader(text), func(c *source.Config) { c.Format = format })
		if len(report.Problems) != 1 || !strings.Contains(report.Problems[0].Text, "header") {
			t.Errorf("%s: problems %v", format, report.Problems)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: took %v", format, took)
		}
	}
}

// TestCancelEndsReading ends a read of known content and of silent input.
func TestCancelEndsReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := source.New(source.Config{
		Append: func(context.Context, *event.Entry) error { return nil },
		Known:  func(event.BatchID) bool { cancel(); return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "known.json")
	write(t, path, strings.Repeat("{\"a\":1}\n", 1<<18))
	if _, err := r.Ingest(ctx, []string{path}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("known content: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	silent, end := io.Pipe()
	defer end.Close()
	done := make(chan error, 1)
	go func() {
		var s store
		_, err := s.reader(t, nil).Ingest(ctx, []string{"-"}, silent)
		done <- err
	}()
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("silent input: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("still waits for silent input")
	}
}

// TestFullTemporaryDisk ends the ingest when an archive cannot be spooled: the
// disk is at fault, not the archive.
func TestFullTemporaryDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no small file system to fill: mount tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	t.Setenv("TMPDIR", dir)
	var s store
	_, err := s.reader(t, nil).Stream(t.Context(), "big.zip",
		io.MultiReader(strings.NewReader("PK\x03\x04"), endless(1<<20)))
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("spool to a full disk: %v", err)
	}
}

// TestReceiverUnpacksNothing sends what looks like archives over syslog.
func TestReceiverUnpacksNothing(t *testing.T) {
	got := make(chan string, 10)
	r, err := source.Receive("127.0.0.1:0", func(_ context.Context, e *event.Entry) error {
		for _, rec := range e.Records {
			got <- string(rec.Raw)
		}
		return nil
	}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	for _, magic := range []string{"PK\x03\x04", "\x1f\x8b", "\x28\xb5\x2f\xfd"} {
		conn, err := net.Dial("tcp", r.Addr())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s rest\n", magic)
		if line := <-got; line != magic+" rest" {
			t.Errorf("sent %q, got %q", magic+" rest", line)
		}
		conn.Close()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReceiveOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.1:0", ":0", "x"} {
		if _, err := source.Receive(address, nil, quiet()); err == nil {
			t.Errorf("listens on %s", address)
		}
	}
}
