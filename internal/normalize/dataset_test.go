package normalize

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/mappings"
)

// dataRoot is the shared test data beside the repository.
const dataRoot = "../../../shared/data"

func newNormalizer(tb testing.TB) *Normalizer {
	tb.Helper()
	n, err := New(mappings.FS)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// needData skips the test where the shared data is absent.
func needData(tb testing.TB, parts ...string) string {
	tb.Helper()
	path := filepath.Join(append([]string{dataRoot}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("no test data at %s", filepath.Join(append([]string{"../shared/data"}, parts...)...))
	}
	return path
}

// eachFile visits the content of the file, or of the members of the archive.
func eachFile(tb testing.TB, path string, visit func(name string, data []byte)) {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	lower := strings.ToLower(path)
	switch {
	case strings.HasSuffix(lower, ".zip"):
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			tb.Fatal(err)
		}
		for _, f := range z.File {
			if f.FileInfo().IsDir() || strings.Contains(f.Name, "__MACOSX") {
				continue
			}
			r, err := f.Open()
			if err != nil {
				tb.Fatal(err)
			}
			visit(f.Name, readAll(tb, r))
		}
	case strings.HasSuffix(lower, ".tar.gz"):
		g, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			tb.Fatal(err)
		}
		for t := tar.NewReader(g); ; {
			h, err := t.Next()
			if err != nil {
				return
			}
			visit(h.Name, readAll(tb, t))
		}
	case strings.HasSuffix(lower, ".gz"):
		g, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			tb.Fatal(err)
		}
		visit(filepath.Base(path), readAll(tb, g))
	default:
		visit(filepath.Base(path), data)
	}
}

// readAll reads what is there: two of the archives end without trailer.
func readAll(tb testing.TB, r io.Reader) []byte {
	tb.Helper()
	b, err := io.ReadAll(r)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		tb.Fatal(err)
	}
	return b
}

// frame cuts a file into records the way the source package does.
func frame(tb testing.TB, name string, data []byte) (event.Format, string, [][]byte) {
	tb.Helper()
	head := string(data[:min(len(data), 64)])
	switch {
	case strings.HasPrefix(head, "#separator"):
		header, records := []string{}, [][]byte{}
		for line := range bytes.Lines(data) {
			if line = bytes.TrimRight(line, "\n"); len(line) > 0 && line[0] == '#' {
				header = append(header, string(line))
			} else if len(line) > 0 {
				records = append(records, line)
			}
		}
		return event.FormatZeek, strings.Join(header, "\n"), records
	case strings.HasPrefix(head, "type="):
		return event.FormatAuditd, "", auditGroups(data)
	case strings.HasSuffix(name, ".csv"):
		header, rest, _ := bytes.Cut(data, []byte("\n"))
		return event.FormatCSV, string(header), splitLines(rest)
	case strings.HasPrefix(head, `{"Records":`) || strings.HasPrefix(head, "{\n"):
		return event.FormatJSON, "", values(tb, data)
	}
	return event.FormatJSON, "", splitLines(data)
}

func splitLines(data []byte) [][]byte {
	var out [][]byte
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		if line := bytes.TrimSpace(s.Bytes()); len(line) > 0 {
			out = append(out, bytes.Clone(line))
		}
	}
	return out
}

func auditGroups(data []byte) [][]byte {
	var out [][]byte
	last := ""
	for _, line := range splitLines(data) {
		_, stamp, _ := strings.Cut(string(line), "audit(")
		stamp, _, _ = strings.Cut(stamp, ")")
		if stamp == last && len(out) > 0 {
			out[len(out)-1] = append(append(out[len(out)-1], '\n'), line...)
			continue
		}
		last = stamp
		out = append(out, line)
	}
	return out
}

// values reads documents one after another and unpacks CloudTrail's Records.
func values(tb testing.TB, data []byte) [][]byte {
	tb.Helper()
	var out [][]byte
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return out
		}
		var trail struct{ Records []json.RawMessage }
		if json.Unmarshal(raw, &trail) == nil && trail.Records != nil {
			for _, r := range trail.Records {
				out = append(out, r)
			}
			continue
		}
		out = append(out, raw)
	}
}

// received is a fixed arrival time for tests.
var received = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// entries groups records into entries of at most 500.
func entries(format event.Format, schema, source string, records [][]byte) []*event.Entry {
	var out []*event.Entry
	for i := 0; i < len(records); i += event.MaxEntryRecords {
		e := &event.Entry{
			Seq: uint64(len(out) + 1), Source: source, Format: format, Schema: schema, Received: received,
		}
		for j, raw := range records[i:min(i+event.MaxEntryRecords, len(records))] {
			e.Records = append(e.Records, event.Record{Raw: raw, Position: int64(i + j + 1)})
		}
		out = append(out, e)
	}
	return out
}

// eachEvent normalises every record of the file.
func eachEvent(tb testing.TB, n *Normalizer, path string, visit func(*event.Event)) {
	tb.Helper()
	eachFile(tb, path, func(name string, data []byte) {
		format, schema, records := frame(tb, name, data)
		for _, e := range entries(format, schema, name, records) {
			evs := n.Entry(e)
			for i := range evs {
				visit(&evs[i])
			}
		}
	})
}

// glob lists the data files below a folder by suffix.
func glob(tb testing.TB, root string, suffixes ...string) []string {
	tb.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		for _, suffix := range suffixes {
			if err == nil && !d.IsDir() && strings.HasSuffix(strings.ToLower(path), suffix) {
				out = append(out, path)
			}
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
