package lake

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/evident-sec/evident/event"
)

func mini(seq uint64, n int) (*event.Entry, []event.Event) {
	at := time.Date(2026, 1, 1, 0, int(seq), 0, 0, time.UTC)
	e := &event.Entry{Seq: seq, Source: "test", Format: event.FormatText, Received: at}
	var evs []event.Event
	for i := range n {
		e.Records = append(e.Records, event.Record{Raw: []byte("line"), Position: int64(i + 1)})
		evs = append(evs, event.Event{
			ID: event.ID{Entry: seq, Leaf: uint32(i)}, Time: at, Received: at,
			Attrs: event.Attributes{
				{Attr: event.AttrHost, Text: "ws-1"}, {Attr: event.AttrSrcPort, Text: "443"},
			},
		})
	}
	return e, evs
}

// filled opens a lake with the given number of files of one entry each.
func filled(t *testing.T, dir string, files int, log *slog.Logger) *Table {
	t.Helper()
	l, err := Open(t.Context(), Config{Dir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return fillTo(t, l, files)
}

// fillTo adds files of one entry each up to the given entry.
func fillTo(t *testing.T, l *Table, last int) *Table {
	t.Helper()
	for seq := l.Watermark() + 1; seq <= uint64(last); seq++ {
		e, evs := mini(seq, 3)
		if err := errors.Join(l.Append(t.Context(), e, evs), l.Seal(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// TestIcebergReads reads the table as a foreign engine does: through Iceberg
// planning with a filter, by field id.
func TestIcebergReads(t *testing.T) {
	l := filled(t, t.TempDir(), 4, nil)
	scan := l.ice.tbl.Scan(
		table.WithRowFilter(iceberg.GreaterThanEqual(iceberg.Reference(ColEntry), int64(3))),
		table.WithSelectedFields(ColEntry, "device.hostname", "src_endpoint.port"))
	tasks, err := scan.PlanFiles(t.Context())
	if err != nil || len(tasks) != 2 {
		t.Fatalf("%d files planned, want 2: %v", len(tasks), err)
	}
	got, err := scan.ToArrowTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer got.Release()
	if got.NumRows() != 6 || got.NumCols() != 3 {
		t.Fatalf("%d rows, %d columns", got.NumRows(), got.NumCols())
	}
	host := got.Column(1).Data().Chunk(0).(*array.String)
	port := got.Column(2).Data().Chunk(0).(*array.Int64)
	if host.Value(0) != "ws-1" || port.Value(0) != 443 {
		t.Fatalf("host %q, port %d", host.Value(0), port.Value(0))
	}
}

// TestCopied opens a copy of a lake: it must read its own files, not those of
// the place it was copied from.
func TestCopied(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old")
	l := filled(t, old, 3, nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new place")
	if err := os.CopyFS(dir, os.DirFS(old)); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	l = filled(t, dir, 4, slog.New(slog.NewTextHandler(&log, nil)))
	if !strings.Contains(log.String(), "moved or copied") {
		t.Errorf("log says %q", log.String())
	}
	files := l.Files()
	if len(files) != 4 || l.Watermark() != 4 || !strings.HasPrefix(files[0].Path, dir) {
		t.Fatalf("%d files to entry %d, first %s", len(files), l.Watermark(), files[0].Path)
	}
	if why := l.ice.disagrees(files); why != "" {
		t.Fatal(why)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	log.Reset()
	filled(t, dir, 4, slog.New(slog.NewTextHandler(&log, nil)))
	if log.Len() != 0 {
		t.Errorf("second open says %q", log.String())
	}
}

// TestBrokenMetadata removes Iceberg metadata: the facts are enough.
func TestBrokenMetadata(t *testing.T) {
	for _, pattern := range []string{"*.metadata.json", "snap-*.avro", "????????-*.avro"} {
		dir := t.TempDir()
		if err := filled(t, dir, 3, nil).Close(); err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(filepath.Join(dir, metadataDir, pattern))
		if err != nil || len(found) == 0 {
			all, _ := filepath.Glob(filepath.Join(dir, metadataDir, "*"))
			t.Fatalf("no %s in %v: %v", pattern, all, err)
		}
		for _, f := range found {
			if err := os.WriteFile(f, []byte("{\"broken"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l := filled(t, dir, 4, nil)
		if l.Watermark() != 4 || l.ice.disagrees(l.Files()) != "" {
			t.Fatalf("%s: watermark %d, %s", pattern, l.Watermark(), l.ice.disagrees(l.Files()))
		}
	}
}

// TestCatalogLost must not take evidence for left-overs.
func TestCatalogLost(t *testing.T) {
	dir := t.TempDir()
	if err := filled(t, dir, 2, nil).Close(); err != nil {
		t.Fatal(err)
	}
	saved, err := os.ReadFile(filepath.Join(dir, catalogFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := filled(t, dir, 4, nil).Close(); err != nil {
		t.Fatal(err)
	}
	for name, db := range map[string][]byte{"older": saved, "missing": nil} {
		for _, f := range []string{catalogFile, catalogFile + "-wal", catalogFile + "-shm"} {
			_ = os.Remove(filepath.Join(dir, f))
		}
		if db != nil {
			if err := os.WriteFile(filepath.Join(dir, catalogFile), db, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Open(t.Context(), Config{Dir: dir}); !errors.Is(err, errCatalogLost) {
			t.Fatalf("%s catalog: %v", name, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "*.parquet"))
	if err != nil || len(left) != 8 {
		t.Fatalf("%d files left, want 8: %v", len(left), err)
	}
}

func TestOpenTwice(t *testing.T) {
	l := filled(t, t.TempDir(), 1, nil)
	if second, err := Open(t.Context(), Config{Dir: l.cfg.Dir}); err == nil {
		_ = second.Close()
		t.Fatal("a lake was opened twice")
	}
}

// TestSealFails stops commits half way: the lake goes on from the watermark and
// nothing is left lying about.
func TestSealFails(t *testing.T) {
	dir := t.TempDir()
	l := filled(t, dir, 2, nil)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	block := filepath.Join(dir, metadataDir)
	for _, fail := range []func() error{
		func() error { return l.Seal(stopped) },
		func() error {
			if err := os.Rename(block, block+"-away"); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.RemoveAll(block); _ = os.Rename(block+"-away", block) }()
			if err := os.WriteFile(block, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return l.Seal(t.Context())
		},
	} {
		for seq := uint64(3); seq <= 5; seq++ {
			e, evs := mini(seq, 2)
			if err := l.Append(t.Context(), e, evs); err != nil {
				t.Fatal(err)
			}
		}
		if err := fail(); err == nil {
			t.Fatal("seal said nothing")
		}
		if l.Pending() != 0 || l.Watermark() != 2 {
			t.Fatalf("%d pending after entry %d", l.Pending(), l.Watermark())
		}
	}
	if err := fillTo(t, l, 4).Close(); err != nil {
		t.Fatal(err)
	}
	l = filled(t, dir, 4, nil)
	left, err := filepath.Glob(filepath.Join(dir, "*", "*.parquet"))
	if err != nil || len(left) != 8 || l.Watermark() != 4 {
		t.Fatalf("entry %d, files %v: %v", l.Watermark(), left, err)
	}
}

// TestExpire seals past the snapshot limit: metadata stays bounded, and no data
// goes with the old snapshots.
func TestExpire(t *testing.T) {
	l := filled(t, t.TempDir(), 10, nil)
	l.ice.expiry = expiry{above: 10, keep: 4}
	e, evs := mini(11, 1)
	if err := errors.Join(l.Append(t.Context(), e, evs), l.Seal(t.Context())); err != nil {
		t.Fatal(err)
	}
	if n := len(l.ice.tbl.Metadata().Snapshots()); n != 4 {
		t.Errorf("%d snapshots kept, want 4", n)
	}
	if why := l.ice.disagrees(l.Files()); why != "" {
		t.Error(why)
	}
	for _, f := range l.Files() {
		if err := l.Verify(t.Context(), f); err != nil {
			t.Error(err)
		}
	}
	lists, err := filepath.Glob(filepath.Join(l.cfg.Dir, metadataDir, "snap-*"))
	if err != nil || len(lists) != 4 {
		t.Errorf("%d manifest lists kept, want 4: %v", len(lists), err)
	}
}

// TestPyarrow has another implementation of Parquet read the files.
func TestPyarrow(t *testing.T) {
	if err := exec.Command("python3", "-c", "import pyarrow").Run(); err != nil {
		t.Skip("needs python3 with pyarrow")
	}
	f := filled(t, t.TempDir(), 1, nil).Files()[0]
	out, err := exec.Command("python3", "-c", `
import sys, pyarrow.parquet as p
c, o = p.read_table(sys.argv[1]), p.read_table(sys.argv[2])
print(c.num_rows, c["device.hostname"][0], c["src_endpoint.port"][0], c["time"].type, o["raw"][2])
`, f.Path, f.Originals).CombinedOutput()
	want := "3 ws-1 443 timestamp[us, tz=UTC] b'line'\n"
	if err != nil || string(out) != want {
		t.Fatalf("pyarrow says %q, want %q: %v", out, want, err)
	}
}
