package evtx

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// sharedLogs calls visit with every event log of the shared test data.
func sharedLogs(tb testing.TB, visit func(path string, data []byte)) {
	tb.Helper()
	files := 0
	for _, folder := range []string{"evtx", "sigma-regression"} {
		root := filepath.Join("..", "..", "..", "shared", "data", folder)
		if _, err := os.Stat(root); err != nil {
			tb.Skipf("no test data at ../shared/data/%s", folder)
		}
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".evtx") {
				return err
			}
			data, err := os.ReadFile(path)
			if err == nil {
				files++
				visit(path, data)
			}
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	if files < 261 {
		tb.Errorf("%d event logs in the shared data, want 261", files)
	}
}

// TestSharedLogs reads every event log of the shared data: every record that
// the chunk headers count is there, decodes, and decodes alone as it does in
// its chunk; no checksum is wrong and no number missing.
func TestSharedLogs(t *testing.T) {
	total := 0
	sharedLogs(t, func(path string, data []byte) {
		records, r := readAll(t, data)
		if p := r.Problems(); len(p) > 0 {
			t.Errorf("%s: %v", path, p)
		}
		if want := counted(data); len(records) != want {
			t.Errorf("%s: %d records, its chunk headers count %d", path, len(records), want)
		}
		d := NewDecoder(nil)
		for _, rec := range records {
			fields, err := d.Fields(rec.raw, nil)
			if err != nil || rec.err != nil || len(fields) < 5 {
				t.Errorf("%s: record %d: %v, %v, %d fields", path, rec.Number, err, rec.err, len(fields))
			}
			if !reflect.DeepEqual(fields, rec.fields) {
				t.Errorf("%s: record %d: alone\n%v\nin its chunk\n%v", path, rec.Number, fields, rec.fields)
			}
		}
		total += len(records)
	})
	if total < 3477 {
		t.Errorf("%d records in all, want 3477", total)
	}
}

// counted is the number of records by the chunk headers alone: last number
// less first number and one.
func counted(file []byte) (n int) {
	for i := 0; FileHeaderBytes+(i+1)*ChunkBytes <= len(file); i++ {
		if c := chunkAt(file, i); string(c[:8]) == chunkMagic {
			n += int(u64(c, 16) - u64(c, 8) + 1)
		}
	}
	return n
}
