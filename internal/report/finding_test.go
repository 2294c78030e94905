package report

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/state"
)

// anyText draws texts with what terminals, spreadsheets and parsers trip over.
func anyText(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
		"", "a", "=1+1", "@x", "-", "\x1b[2J", "\u202e", "\x9b", "\n", "\r\n", "\t", `"`, ",", "'", "\\", "é", "\xff", "%2f", "#?",
	}), 0, 5).Draw(t, label), "")
}

// drawFinding draws a finding as the detector makes them.
func drawFinding(t *rapid.T) state.Finding {
	body := detect.Finding{
		Severity: "High", SeverityID: uint8(rapid.IntRange(0, 6).Draw(t, "severity")),
		Info: detect.Info{UID: "F-1", Title: anyText(t, "title"), Attacks: []detect.Attack{
			{Technique: &detect.Named{UID: "T1033"}}, {Tactic: &detect.Named{Name: "Discovery"}},
		}},
		Evidences: []detect.Evidence{{Data: detect.EvidenceData{
			File: "file:" + anyText(t, "file"), Record: int64(rapid.IntRange(0, 9).Draw(t, "record")),
			Matched: map[string]string{anyText(t, "field"): anyText(t, "value")},
		}}},
		Evident: detect.Provenance{Author: anyText(t, "author"), References: []string{anyText(t, "reference")}},
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return state.Finding{
		UID: "F-1", Time: time.Unix(1, 0), Severity: body.SeverityID, Title: body.Info.Title,
		Rule: rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(t, "rule"), Host: anyText(t, "host"),
		Event: event.ID{Entry: 1}, Body: text,
	}
}

// printFindings runs a writer over random findings.
func printFindings(t *rapid.T, format string) (string, int) {
	var out bytes.Buffer
	w, err := New(format, &out, "v1")
	if err != nil {
		t.Fatal(err)
	}
	n := rapid.IntRange(0, 4).Draw(t, "findings")
	for range n {
		f := drawFinding(t)
		if err := w.Write(&f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), n
}

// TestOutputsAreClean: whatever findings hold, no format prints a control or
// bidirectional character but line ends.
func TestOutputsAreClean(t *testing.T) {
	for _, format := range Formats {
		t.Run(format, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				text, _ := printFindings(t, format)
				if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && printable.Hostile(r) }); i >= 0 {
					t.Fatalf("%q", text[i:])
				}
			})
		})
	}
}

// TestCSVCells: every line has all columns, and no cell is a formula.
func TestCSVCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, n := printFindings(t, "csv")
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(lines) != n+1 || !slices.Equal(lines[0], csvColumns) {
			t.Fatalf("%v: %q", err, text)
		}
		for _, line := range lines {
			for _, c := range line {
				if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
					t.Fatalf("cell %q", c)
				}
			}
		}
	})
}

// sarifLog is what the standard demands of the parts that we write.
type sarifLog struct {
	Schema  string `json:"$schema"`
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name  string
				Rules []sarifRule
			}
		}
		Results []sarifResult
	}
}

// TestSARIF: the log is one JSON document in which every result refers to its
// rule, has a place with a valid URI and a line, and a level of the standard.
func TestSARIF(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, n := printFindings(t, "sarif")
		dec := json.NewDecoder(strings.NewReader(text))
		var log sarifLog
		if err := dec.Decode(&log); err != nil || dec.More() {
			t.Fatalf("%v: %s", err, text)
		}
		if log.Version != "2.1.0" || log.Schema != sarifSchema || len(log.Runs) != 1 {
			t.Fatalf("%+v", log)
		}
		run := log.Runs[0]
		if run.Tool.Driver.Name == "" || run.Tool.Driver.Rules == nil || run.Results == nil || len(run.Results) != n {
			t.Fatalf("%+v", run)
		}
		for _, r := range run.Results {
			checkResult(t, &r, run.Tool.Driver.Rules)
		}
	})
}

func checkResult(t *rapid.T, r *sarifResult, rules []sarifRule) {
	if r.RuleIndex >= len(rules) || rules[r.RuleIndex].ID != r.RuleID {
		t.Fatalf("result of rule %q refers to %d of %+v", r.RuleID, r.RuleIndex, rules)
	}
	at := r.Locations[0].Physical
	if _, err := url.Parse(at.Artifact.URI); err != nil || at.Region.Line < 1 {
		t.Fatalf("place %+v: %v", at, err)
	}
	if !slices.Contains([]string{"none", "note", "warning", "error"}, r.Level) {
		t.Fatalf("level %q", r.Level)
	}
	for _, print := range r.Fingerprints {
		if len(print) != 64 {
			t.Fatalf("fingerprint %q", print)
		}
	}
}

// TestLinesAppear: what a live stream finds is printed before its end.
func TestLinesAppear(t *testing.T) {
	var out bytes.Buffer
	w := &lineWriter{bufio.NewWriter(&out)}
	body, err := json.Marshal(detect.Finding{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(&state.Finding{Title: "x", Body: body}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil || !strings.Contains(out.String(), "x") {
		t.Errorf("%v: %q", err, out.String())
	}
}
