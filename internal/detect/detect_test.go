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
	"github.com/evident-sec/evident/sigma"
)

// bench judges records with the rules it was given last.
type bench struct {
	norm  *normalize.Normalizer
	files fstest.MapFS
	plan  *sigma.Plan
}

func (b *bench) compile(t *testing.T) {
	t.Helper()
	set, err := sigma.LoadFS(b.files, ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Rejected) > 0 {
		t.Fatalf("rejected: %v", set.Rejected)
	}
	data, err := mappings.FS.ReadFile("sigma-logsources.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := sigma.ParseLogsources(data)
	if err != nil {
		t.Fatal(err)
	}
	if b.plan, err = sigma.Compile(set, sources); err != nil {
		t.Fatal(err)
	}
}

// judge normalises the lines as entry 12 and returns what is found in them.
func (b *bench) judge(t *testing.T, lines string) []state.Finding {
	t.Helper()
	e := &event.Entry{
		Seq: 12, Source: "file:case/win.ndjson", Format: event.FormatJSON,
		Received: time.Date(2026, 11, 18, 3, 0, 0, 0, time.UTC),
	}
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		e.Records = append(e.Records, event.Record{Raw: []byte(line), Position: int64(i + 1)})
	}
	judge := detect.New(b.plan).Judge()
	var out []state.Finding
	for i, ev := range b.norm.Entry(e) {
		found, err := judge.Findings(&ev, e.Records[i].Position)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, found...)
	}
	return out
}

// TestFindings runs testdata/findings.txt: rules and records to findings.
func TestFindings(t *testing.T) {
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{norm: norm, files: make(fstest.MapFS)}
	datadriven.RunTest(t, "testdata/findings.txt", func(t *testing.T, d *datadriven.TestData) string {
		var out bytes.Buffer
		switch d.Cmd {
		case "rule":
			var name string
			d.ScanArgs(t, "file", &name)
			b.files[name] = &fstest.MapFile{Data: []byte(d.Input)}
			b.compile(t)
		case "ocsf":
			for _, f := range b.judge(t, d.Input) {
				body := strings.ReplaceAll(string(f.Body), b.plan.Hash(), "PLAN")
				for _, r := range b.plan.Rules() {
					body = strings.ReplaceAll(body, r.SHA256, "RULE")
				}
				if err := json.Indent(&out, []byte(body), "", "  "); err != nil {
					t.Fatal(err)
				}
				out.WriteByte('\n')
			}
		case "findings":
			for _, f := range b.judge(t, d.Input) {
				fmt.Fprintf(&out, "%s %s severity %d rule %q host %q event %s %q\n", f.UID,
					f.Time.Format(time.RFC3339), f.Severity, f.Rule, f.Host, f.Event, f.Title)
			}
		case "severity":
			for level := range strings.Lines(d.Input) {
				id := detect.SeverityID(strings.TrimSpace(level))
				fmt.Fprintf(&out, "%s is %d %s\n", strings.TrimSpace(level), id, detect.SeverityName(id))
			}
		case "tactic":
			for tag := range strings.Lines(d.Input) {
				name := detect.TacticName(strings.TrimSpace(tag))
				fmt.Fprintf(&out, "%s is %s, number %d\n", strings.TrimSpace(tag), name, detect.TacticOrder(name))
			}
		}
		return out.String()
	})
}

// TestUIDs wants the same identifier for the same rule and event whatever else
// changes, and another one for another rule or event.
func TestUIDs(t *testing.T) {
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		t.Fatal(err)
	}
	const text = "title: %s\nid: %s\nlogsource: {product: windows}\ndetection: {s: {EventID: 1102}, condition: s}\n"
	const line = `{"Channel":"Security","EventID":1102,"Hostname":"a"}`
	seen := make(map[string]string)
	for _, id := range []string{"7f1b6c4e-52a8-4f0e-9d1c-0c6f3a1e9b01", "7f1b6c4e-52a8-4f0e-9d1c-0c6f3a1e9b02"} {
		var first []state.Finding
		for _, title := range []string{"One", "Renamed"} {
			b := &bench{norm: norm, files: fstest.MapFS{"r.yml": {Data: fmt.Appendf(nil, text, title, id)}}}
			b.compile(t)
			found := b.judge(t, line+"\n"+line)
			if len(found) != 2 || found[0].UID == found[1].UID {
				t.Fatalf("found %v, want two with their own identifiers", found)
			}
			if first == nil {
				first = found
			}
			for i := range found {
				if found[i].UID != first[i].UID {
					t.Errorf("%s became %s when the rule's title changed", first[i].UID, found[i].UID)
				}
				key := id + found[i].Event.String()
				if old, ok := seen[found[i].UID]; ok && old != key {
					t.Errorf("%s is for %s and %s", found[i].UID, old, key)
				}
				seen[found[i].UID] = key
			}
		}
	}
}

func TestTacticsOf(t *testing.T) {
	got, err := detect.TacticsOf([]byte(`{"finding_info":{"attacks":[{"technique":{"uid":"T1"}},{"tactic":{"name":"Impact"}}]}}`))
	if err != nil || len(got) != 1 || got[0] != "Impact" {
		t.Errorf("tactics %v, %v", got, err)
	}
	if _, err := detect.TacticsOf([]byte("{")); err == nil {
		t.Error("read tactics of broken JSON")
	}
}
