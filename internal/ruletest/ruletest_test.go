package ruletest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"golang.org/x/tools/txtar"

	"github.com/evident-sec/evident/internal/ruletest"
	"github.com/evident-sec/evident/sigma"
)

// wordJudge stands in for the detection engine: a file's text lists the keys of
// the rules that fire on it, an event's member "fires" does. It counts how
// often each file was read.
type wordJudge struct{ read map[string]int }

func (j *wordJudge) File(_ context.Context, path string) (ruletest.Fires, error) {
	j.read[path]++
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.New("cannot be read")
	}
	fires := ruletest.Fires{}
	for _, w := range strings.Fields(string(text)) {
		fires[w]++
	}
	return fires, nil
}

func (j *wordJudge) Events(_ context.Context, events [][]byte, _ string) (ruletest.Fires, error) {
	fires := ruletest.Fires{}
	for _, e := range events {
		var v struct{ Fires string }
		if err := json.Unmarshal(e, &v); err != nil {
			return nil, fmt.Errorf("event %s: %w", e, err)
		}
		for _, w := range strings.Fields(v.Fires) {
			fires[w]++
		}
	}
	return fires, nil
}

// TestRun runs testdata/*.txt: the input is a txtar archive with rules and
// expectations; the output is the problems and results, or the JUnit report.
func TestRun(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if filepath.Ext(path) != ".txt" {
			return // the fuzzer's corpus
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			dir := t.TempDir()
			for _, f := range txtar.Parse([]byte(d.Input)).Files {
				name := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			set := loadRules(t, filepath.Join(dir, "rules"))
			var out bytes.Buffer
			suites, problems := ruletest.Discover(ruletest.Sources{Paths: []string{dir}})
			for _, p := range problems {
				fmt.Fprintln(&out, p)
			}
			judge := &wordJudge{map[string]int{}}
			runner := ruletest.Runner{Rules: set, Judge: judge, Strict: d.HasArg("strict")}
			var results []ruletest.Result
			for _, s := range suites {
				res, err := runner.Run(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				results = append(results, res...)
			}
			for i := range results {
				results[i].Elapsed = 0
			}
			for file, n := range judge.read {
				if n > 1 {
					t.Errorf("%s was judged %d times", file, n)
				}
			}
			report(t, &out, results, d.Cmd == "junit")
			return strings.ReplaceAll(out.String(), dir+"/", "")
		})
	})
}

func report(t *testing.T, out io.Writer, results []ruletest.Result, junit bool) {
	t.Helper()
	if !junit {
		for _, r := range results {
			fmt.Fprintf(out, "%s %s %q %q: %s\n", r.Status, r.Place, r.Rule, r.Name, r.Text)
		}
		return
	}
	if err := ruletest.WriteJUnit(out, results); err != nil {
		t.Fatal(err)
	}
}

// loadRules loads the rule files of a folder; tests beside them are no rules.
func loadRules(t *testing.T, dir string) *sigma.RuleSet {
	t.Helper()
	set, err := sigma.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Rejected) > 0 {
		t.Fatalf("rejected: %v", set.Rejected)
	}
	return set
}

// TestJUnitIsXML: names and texts from rules and logs cannot break the report.
func TestJUnitIsXML(t *testing.T) {
	var out bytes.Buffer
	hostile := "a\x1b[2J\x00\xff]]>\"'<&\u202e"
	err := ruletest.WriteJUnit(&out, []ruletest.Result{{
		Suite: hostile, Place: hostile, Rule: hostile, Name: hostile, Title: hostile, Text: hostile,
		Status: ruletest.Failed,
	}})
	if err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(&out)
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("tests:\n- event: {a: 1, b: [x, null, .inf]}\n  match: true\n"))
	f.Add([]byte("defaults: {unexpected_detections: fail}\nexpectations:\n- {rule: x, at_least: 1}\n"))
	f.Add([]byte("rule_metadata:\n- id: x\nregression_tests_info:\n- {path: a.evtx, match_count: 2}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		suites := make([]*ruletest.Suite, 0, 3)
		for _, parse := range []func() (*ruletest.Suite, error){
			func() (*ruletest.Suite, error) { return ruletest.ParseTests("r.test.yml", src) },
			func() (*ruletest.Suite, error) { return ruletest.ParseExpectations("e.yml", src, nil) },
			func() (*ruletest.Suite, error) { return ruletest.ParseRegression("info.yml", src) },
		} {
			s, err := parse()
			if (s == nil) == (err == nil) {
				t.Fatalf("got %v and %v", s, err)
			}
			if err != nil && !strings.Contains(err.Error(), ".yml:") {
				t.Fatalf("error without a place: %v", err)
			}
			if s != nil {
				suites = append(suites, s)
			}
		}
		for _, s := range suites {
			for _, c := range s.Cases {
				for _, e := range c.Input.Events {
					if !json.Valid(e) {
						t.Fatalf("event is no JSON: %q", e)
					}
				}
			}
		}
	})
}
