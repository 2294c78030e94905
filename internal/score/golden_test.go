package score

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/internal/reconstruct"
)

// TestGoldenStories runs testdata/golden: the whole story of recordings whose
// chain crosses sources, sentence by sentence. Each file says above every story
// what was read in the records to find it true. -rewrite writes what the engine
// now says; read it again before committing it.
func TestGoldenStories(t *testing.T) {
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		stores := map[string]*store{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var logs, file, line string
			d.ScanArgs(t, "logs", &logs)
			d.ScanArgs(t, "file", &file)
			d.ScanArgs(t, "line", &line)
			dir := filepath.Join(shared, "datasets", logs)
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("no recordings at ../shared/data/otrf/datasets/%s", logs)
			}
			if stores[dir] == nil {
				stores[dir] = loadAll(t, dir)
			}
			n, err := strconv.ParseInt(line, 10, 64)
			if err != nil {
				d.Fatalf(t, "line=%s: %v", line, err)
			}
			return tell(t, stores[dir], Record{File: file, Line: n})
		})
	})
}

func loadAll(t *testing.T, paths ...string) *store {
	t.Helper()
	l, err := newLoader()
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.load(t.Context(), paths)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tell reconstructs from a record and writes the story with the records each
// sentence rests on.
func tell(t *testing.T, s *store, from Record) string {
	t.Helper()
	id, ok := s.at(from)
	if !ok {
		t.Fatalf("no record %d of %s", from.Line, from.File)
	}
	rec, err := reconstruct.New(reconstruct.Deps{Events: s})
	if err != nil {
		t.Fatal(err)
	}
	res, err := rec.Incident(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	names := s.names()
	var b strings.Builder
	fmt.Fprintf(&b, "%s, grade %s, from %s\n", strings.Join(res.Incident.Hosts, ", "),
		res.Incident.Grade, strings.Join(res.Incident.Entries, "; "))
	for i := range res.Steps {
		st := &res.Steps[i]
		fmt.Fprintf(&b, "%d %s %s %s\n", st.N, st.From.Format("15:04:05"), st.Grade, st.Sentence)
		fmt.Fprintf(&b, "  because %s\n ", st.Why)
		for _, e := range st.Events {
			fmt.Fprintf(&b, " %s", names[e.String()])
		}
		b.WriteByte('\n')
	}
	for _, g := range res.Gaps {
		fmt.Fprintf(&b, "? %s: %s\n  %s\n", g.Kind, g.Text, g.Query)
	}
	return b.String()
}

// names gives every event its file's first word and record number.
func (s *store) names() map[string]string {
	m := map[string]string{}
	for src, file := range s.places {
		base := src[strings.LastIndexAny(src, `!/`)+1:]
		word, _, _ := strings.Cut(base, "_")
		word, _, _ = strings.Cut(word, ".")
		if strings.HasPrefix(base, "syslog_") {
			word = strings.Join(strings.SplitN(base, "_", 4)[1:3], "-")
		}
		for n, id := range file {
			m[id.String()] = fmt.Sprintf("%s:%d", word, n)
		}
	}
	return m
}
