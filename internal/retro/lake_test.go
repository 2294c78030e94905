package retro_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/retro"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/rules"
	"github.com/evident-sec/evident/sigma"
)

// shared is the folder of public test data beside the repository.
const shared = "../../../shared/data"

func mapping(tb testing.TB) *normalize.Normalizer {
	tb.Helper()
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		tb.Fatal(err)
	}
	return norm
}

func logsources(tb testing.TB) *sigma.Logsources {
	tb.Helper()
	data, err := mappings.FS.ReadFile("sigma-logsources.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	ls, err := sigma.ParseLogsources(data)
	if err != nil {
		tb.Fatal(err)
	}
	return ls
}

// planOf compiles the starter rules and those at the paths.
func planOf(tb testing.TB, paths ...string) *sigma.Plan {
	tb.Helper()
	l := sigma.Loader{Base: rules.FS}
	set, err := l.Load(paths...)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := sigma.Compile(set, logsources(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// sigmaHQ compiles all rules of the test data.
func sigmaHQ(tb testing.TB) *sigma.Plan {
	tb.Helper()
	root := filepath.Join(shared, "sigma")
	if _, err := os.Stat(root); err != nil {
		tb.Skip("no test data at ../shared/data/sigma")
	}
	return planOf(tb, filepath.Join(root, "rules"), filepath.Join(root, "rules-emerging-threats"),
		filepath.Join(root, "rules-threat-hunting"))
}

// recordsOf reads the lines of the files below a path of the test data; files
// that end in .gz are unpacked.
func recordsOf(tb testing.TB, path string) [][]byte {
	tb.Helper()
	var out [][]byte
	err := filepath.WalkDir(filepath.Join(shared, path), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(name, "json") {
			return err
		}
		data, err := os.ReadFile(name)
		if err == nil && strings.HasSuffix(name, ".gz") {
			data, err = unpacked(data)
		}
		for line := range bytes.Lines(data) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				out = append(out, line)
			}
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skipf("no test data at ../shared/data/%s", path)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func unpacked(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return io.ReadAll(z)
}

// entriesOf cuts records into entries.
func entriesOf(records [][]byte, format event.Format, each int) []*event.Entry {
	var out []*event.Entry
	for at := 0; at < len(records); at += each {
		e := &event.Entry{
			Seq: uint64(len(out) + 1), Source: "test", Format: format,
			Received: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
		}
		for i, raw := range records[at:min(at+each, len(records))] {
			e.Records = append(e.Records, event.Record{Position: int64(at + i + 1), Raw: raw})
		}
		out = append(out, e)
	}
	return out
}

// sealed writes the entries to a lake, a file for every so many events.
func sealed(tb testing.TB, norm *normalize.Normalizer, entries []*event.Entry, version string, file int,
) *lake.Table {
	tb.Helper()
	table, err := lake.Open(tb.Context(), lake.Config{Dir: tb.TempDir(), Mapping: version, SealEvents: file})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = table.Close() })
	for _, e := range entries {
		if err := table.Append(tb.Context(), e, norm.Entry(e)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := table.Seal(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return table
}

// verdict is what was found in one event.
type verdict struct {
	id    event.ID
	found string
}

// judged appends the rules that hold for an event, with what matched.
func judged(out []verdict, m *sigma.Matcher, ev *event.Event) []verdict {
	matches := m.Match(ev)
	if len(matches) == 0 {
		return out
	}
	var b strings.Builder
	for i := range matches {
		fmt.Fprintln(&b, matches[i].Rule.File, matches[i].Rule.Title, matches[i].Fields)
	}
	return append(out, verdict{ev.ID, b.String()})
}

// streamed judges every record as it comes.
func streamed(norm *normalize.Normalizer, plan *sigma.Plan, entries []*event.Entry) []verdict {
	var out []verdict
	m, s := plan.Matcher(), norm.Scanner()
	for _, e := range entries {
		s.Open(e)
		for ev := s.Next(); ev != nil; ev = s.Next() {
			out = judged(out, m, ev)
		}
	}
	return out
}

// looked judges the candidates among the sealed events.
func looked(tb testing.TB, cfg retro.Config) ([]verdict, *retro.Reader) {
	tb.Helper()
	snapshot, err := cfg.Lake.Snapshot(tb.Context(), cfg.From, cfg.To)
	if err != nil {
		tb.Fatal(err)
	}
	var out []verdict
	m, s, r := cfg.Plan.Matcher(), cfg.Normalizer.Scanner(), retro.New(cfg)
	err = r.Each(tb.Context(), snapshot.Files, func(e *event.Entry, records []uint32) error {
		s.Open(e)
		for _, i := range records {
			s.Seek(int(i))
			out = judged(out, m, s.Next())
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out, r
}
