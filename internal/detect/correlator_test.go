package detect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/mappings"
)

// stream judges records as one entry after another.
type stream struct {
	bench
	c    *detect.Correlator
	next uint64
}

// open starts anew: kept says that the entries are kept elsewhere.
func (s *stream) open(t *testing.T, kept bool) {
	t.Helper()
	s.compile(t)
	var err error
	if s.c, err = detect.New(s.plan).Session(); kept {
		s.c, err = detect.New(s.plan).Correlator()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.next = 0
}

// judgeEntry judges the lines as the next entry; blank lines only count.
func (s *stream) judgeEntry(t *testing.T, source, lines string) []state.Finding {
	t.Helper()
	s.next++
	e := &event.Entry{
		Seq: s.next, Source: source, Format: event.FormatJSON,
		Received: time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC),
	}
	for i, line := range strings.Split(lines, "\n") {
		if strings.TrimSpace(line) != "" {
			e.Records = append(e.Records, event.Record{Raw: []byte(line), Position: int64(i + 1)})
		}
	}
	var v detect.Verdict
	judge := detect.New(s.plan).Judge()
	for i, ev := range s.norm.Entry(e) {
		if err := judge.Add(&v, &ev, e.Records[i].Position); err != nil {
			t.Fatal(err)
		}
	}
	found, err := s.c.Add(&v)
	if err != nil {
		t.Fatal(err)
	}
	return append(v.Findings, found...)
}

// TestCorrelations runs testdata/correlations.txt: rules and records to the
// findings of rules and correlations.
func TestCorrelations(t *testing.T) {
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		t.Fatal(err)
	}
	var s stream
	datadriven.RunTest(t, "testdata/correlations.txt", func(t *testing.T, d *datadriven.TestData) string {
		var out bytes.Buffer
		switch d.Cmd {
		case "rules":
			s = stream{bench: bench{norm: norm, files: fstest.MapFS{"rules.yml": {Data: []byte(d.Input)}}}}
			s.open(t, d.HasArg("kept"))
		case "file":
			var name string
			d.ScanArgs(t, "name", &name)
			for _, f := range s.judgeEntry(t, name, d.Input) {
				if d.HasArg("ocsf") {
					body := strings.ReplaceAll(string(f.Body), s.plan.Hash(), "PLAN")
					body = strings.ReplaceAll(body, s.plan.Rules()[0].SHA256, "RULE")
					if err := json.Indent(&out, []byte(body), "", "  "); err != nil {
						t.Fatal(err)
					}
					out.WriteByte('\n')
					continue
				}
				fmt.Fprintf(&out, "%s severity %d host %q event %s %q%s\n", f.Time.Format("15:04:05"), f.Severity,
					f.Host, f.Event, f.Title, evidence(t, f.Body))
			}
		}
		return out.String()
	})
}

// evidence shows where the events of a finding stand.
func evidence(t *testing.T, body []byte) string {
	var f detect.Finding
	if err := json.Unmarshal(body, &f); err != nil {
		t.Fatal(err)
	}
	out := ""
	for _, e := range f.Evidences {
		out += fmt.Sprintf("\n  %s %s record %d %s", e.Data.EventUID, e.Data.File, e.Data.Record, e.Data.Rule)
	}
	return out
}
