package journald_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/journald/journaltest"
)

// FuzzReader reads any bytes as a journal: it ends, gives no more than its bounds
// allow, and each entry it gives is one in the export format.
func FuzzReader(f *testing.F) {
	for _, o := range variants() {
		if o.Compress != "" || !o.Continuous {
			file, _ := written(o, 6)
			f.Add(file)
		}
	}
	keys := keyFor("7477656c-7665206279746573/1-989680")
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := journald.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if !errors.Is(err, journald.ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		total := 0
		for {
			raw, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			total += len(raw)
			if err := journald.Fields(raw, func(_, _ []byte) bool { return true }); err != nil {
				t.Fatalf("gave %q: %v", raw, err)
			}
		}
		if total > 64<<20+64*len(data) {
			t.Fatalf("%d bytes out of %d", total, len(data))
		}
		r.Verify(keys)
		v := r.Verdict()
		_ = v.String()
	})
}

// FuzzFields reads any bytes as an entry: the values together are not longer than
// the entry.
func FuzzFields(f *testing.F) {
	for _, name := range journaltest.Names() {
		export, err := journaltest.Export(name)
		if err != nil {
			f.Fatal(err)
		}
		for entry := range bytes.SplitSeq(export, []byte("\n\n")) {
			f.Add(entry)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		total := 0
		err := journald.Fields(raw, func(name, value []byte) bool {
			total += len(name) + len(value)
			return true
		})
		if err != nil && !errors.Is(err, journald.ErrExport) || total > len(raw) {
			t.Fatalf("%d bytes, %v", total, err)
		}
	})
}
