package lake

import (
	"bytes"
	"database/sql"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAlteredMetadata alters every kind of metadata file, and rows of the catalog:
// the next start finds and names each, and makes the metadata anew.
func TestAlteredMetadata(t *testing.T) {
	for _, c := range []struct {
		name  string
		alter func(t *testing.T, dir string)
		where string // of a fault
		text  string
	}{
		{"manifest", func(t *testing.T, dir string) { flipIn(t, newest(t, dir, "*-m*.avro")) }, "-m", "not the Iceberg metadata that was written"},
		{"manifest list", func(t *testing.T, dir string) { flipIn(t, newest(t, dir, "snap-*.avro")) }, "snap-", "not the Iceberg metadata that was written"},
		{"table metadata", func(t *testing.T, dir string) {
			path := newest(t, dir, "*.metadata.json")
			swapIn(t, path, `"evident.through":"3"`, `"evident.through":"2"`)
		}, ".metadata.json", "not the Iceberg metadata that was written"},
		{"metadata and its hash", func(t *testing.T, dir string) {
			path := newest(t, dir, "*.metadata.json")
			swapIn(t, path, `"evident.through":"3"`, `"evident.through":"2"`)
			alterCatalog(t, dir, "DELETE FROM evident_metadata")
		}, "metadata", "watermark of the snapshot is not 3"},
		{"pointer to an older state", func(t *testing.T, dir string) {
			alterCatalog(t, dir, "UPDATE iceberg_tables SET metadata_location = previous_metadata_location")
		}, "metadata", "watermark of the snapshot is not 3"},
		{"table dropped", func(t *testing.T, dir string) {
			alterCatalog(t, dir, "DELETE FROM iceberg_tables")
		}, "metadata", "does not exist"},
		{"rows of a file", func(t *testing.T, dir string) {
			alterCatalog(t, dir, "UPDATE evident_files SET rows = 2 WHERE first_entry = 2")
		}, "metadata", "says another number of rows of"},
		{"time of a file", func(t *testing.T, dir string) {
			alterCatalog(t, dir, "UPDATE evident_files SET time_to = time_to - 1 WHERE first_entry = 2")
		}, "metadata", `says another bound of column "time" of`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			l := filled(t, dir, 3, nil)
			if found, err := l.CheckMetadata(t.Context()); err != nil || len(found) != 0 {
				t.Fatalf("of an unaltered lake: %v, %v", found, err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			c.alter(t, dir)
			l, err := Open(t.Context(), Config{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			found, err := l.CheckMetadata(t.Context())
			if err != nil || len(found) != 1 || !strings.Contains(found[0].Where, c.where) ||
				!strings.Contains(found[0].Text, c.text) {
				t.Errorf("found %+v, %v", found, err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l, err = Open(t.Context(), Config{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if found, err := l.CheckMetadata(t.Context()); err != nil || len(found) != 0 {
				t.Errorf("made anew: %v, %v", found, err)
			}
			if notes, err := l.Rebuilds(t.Context()); err != nil || len(notes) != 1 {
				t.Errorf("noted: %v, %v", notes, err)
			}
		})
	}
}

// TestCondemnedAlive condemns a file that the catalog lists, as who edits it may:
// it stays.
func TestCondemnedAlive(t *testing.T) {
	dir := t.TempDir()
	l := filled(t, dir, 3, nil)
	name := filepath.Base(l.Files()[1].Path)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	alterCatalog(t, dir, "INSERT INTO evident_condemned VALUES ('"+name+"', 1)")
	l, err := Open(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Verify(t.Context(), l.Files()[1]); err != nil {
		t.Error(err)
	}
}

// newest returns the file of a pattern that was written last.
func newest(t *testing.T, dir, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, metadataDir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	last := files[0]
	for _, f := range files {
		a, errA := os.Stat(last)
		b, errB := os.Stat(f)
		if errA == nil && errB == nil && (b.ModTime().After(a.ModTime()) || strings.HasSuffix(f, ".json") && f > last) {
			last = f
		}
	}
	return last
}

func flipIn(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	body, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(len(body) / 2)
	if _, err := f.WriteAt([]byte{body[at] ^ 1}, at); err != nil {
		t.Fatal(err)
	}
}

func swapIn(t *testing.T, path, from, to string) {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(body, []byte(from)) {
		t.Fatalf("%s does not hold %s:\n%s", path, from, body)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(body, []byte(from), []byte(to)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func alterCatalog(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, catalogFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
