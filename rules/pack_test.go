package rules_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/rules"
	"github.com/evident-sec/evident/sigma"
)

// pack is the rule pack with all that is needed to run it on records.
type pack struct {
	set        *sigma.RuleSet
	logsources *sigma.Logsources
	plan       *sigma.Plan
	normalizer *normalize.Normalizer
}

func load(t testing.TB) *pack {
	t.Helper()
	set, err := sigma.LoadFS(rules.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range set.Rejected {
		t.Errorf("%s:%d: %s", r.File, r.Line, r.Reason)
	}
	text, err := fs.ReadFile(mappings.FS, "sigma-logsources.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := &pack{set: set}
	if p.logsources, err = sigma.ParseLogsources(text); err != nil {
		t.Fatal(err)
	}
	if p.plan, err = sigma.Compile(set, p.logsources); err != nil {
		t.Fatal(err)
	}
	if p.normalizer, err = normalize.New(mappings.FS); err != nil {
		t.Fatal(err)
	}
	return p
}

// name is how tests call a rule: its file without the ending.
func name(r *sigma.Rule) string { return strings.TrimSuffix(r.File, ".yml") }

// arrival is when the records of testdata came in.
var arrival = time.Date(2026, 3, 2, 9, 20, 0, 0, time.UTC)

// one normalises a single record.
func (p *pack) one(format event.Format, schema, raw string) event.Event {
	e := &event.Entry{
		Seq: 1, Source: "test", Format: format, Schema: schema, Received: arrival,
		Records: []event.Record{{Raw: []byte(raw), Position: 1}},
	}
	return p.normalizer.Entry(e)[0]
}

// TestRecords runs testdata/*.txt. The command is the record's format; hit=R
// and miss=R say which rule the record is an example or a counterexample of.
// The output is every rule that holds, by both engines. "schema" sets the
// header of the records that follow. Every rule has both kinds of record.
func TestRecords(t *testing.T) {
	p := load(t)
	hit, miss := map[string]bool{}, map[string]bool{}
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if filepath.Base(filepath.Dir(path)) == "sigmahq" {
			return // see TestForeignRules
		}
		schema := ""
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "schema" {
				schema = d.Input
				return "ok"
			}
			ev := p.one(event.Format(d.Cmd), schema, d.Input)
			if ev.Problem != "" {
				d.Fatalf(t, "record is not readable: %s", ev.Problem)
			}
			found := p.found(t, &ev)
			for _, arg := range d.CmdArgs {
				for _, rule := range arg.Vals {
					if slices.Contains(found, rule) != (arg.Key == "hit") {
						t.Errorf("%s: want %s of %s, rules that hold: %v", d.Pos, arg.Key, rule, found)
					}
					map[string]map[string]bool{"hit": hit, "miss": miss}[arg.Key][rule] = true
				}
			}
			return strings.Join(append(found, ""), "\n")
		})
	})
	for _, r := range p.set.Rules {
		if !hit[name(r)] || !miss[name(r)] {
			t.Errorf("%s: record that hits %v, record that misses %v", r.File, hit[name(r)], miss[name(r)])
		}
	}
}

// found returns the names of the rules that hold by plan and oracle.
func (p *pack) found(t *testing.T, ev *event.Event) []string {
	t.Helper()
	var plan, naive []string
	for _, m := range p.plan.Matcher().Match(ev) {
		plan = append(plan, name(m.Rule))
	}
	for _, r := range p.set.MatchNaive(ev, p.logsources) {
		naive = append(naive, name(r))
	}
	slices.Sort(plan)
	slices.Sort(naive)
	if !slices.Equal(plan, naive) {
		t.Errorf("plan finds %v, oracle %v", plan, naive)
	}
	return plan
}

var (
	uuid      = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	technique = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)
	day       = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

func TestFieldsAreComplete(t *testing.T) {
	ids := map[string]string{}
	for _, r := range load(t).set.Rules {
		if twin := ids[r.ID]; twin != "" {
			t.Errorf("%s: id is that of %s", r.File, twin)
		}
		ids[r.ID] = r.File
		for what, good := range map[string]bool{
			"id is a random UUID":      uuid.MatchString(r.ID),
			"title of 10 to 90 bytes":  len(r.Title) >= 10 && len(r.Title) <= 90,
			"description":              len(r.Description) > 40,
			"author":                   r.Author == "Evident",
			"licence":                  r.License == "Apache-2.0",
			"date":                     day.MatchString(r.Date),
			"level":                    r.Level != "",
			"status":                   r.Status == "test",
			"tactic":                   len(r.Tactics()) > 0,
			"technique":                len(r.Techniques()) > 0,
			"false positives":          len(r.FalsePositives) > 0,
			"log source":               r.Logsource != sigma.Logsource{},
			"no warnings":              len(r.Warnings) == 0,
			"a reference a technique":  len(r.References) >= len(r.Techniques()),
			"name begins with product": prefix.MatchString(r.File),
		} {
			if !good {
				t.Errorf("%s: not so: %s", r.File, what)
			}
		}
		for _, id := range r.Techniques() {
			if !technique.MatchString(id) {
				t.Errorf("%s: technique %s", r.File, id)
			}
		}
	}
	if len(ids) < 30 {
		t.Errorf("%d rules, want at least 30", len(ids))
	}
}

var prefix = regexp.MustCompile(`^(win|lin|zeek|idp|mdm|evident)_[a-z0-9_]+\.yml$`)

// Rules name no host, account, file or site of the simulation or of the
// recorded data sets, nor anything that is nobody's business.
func TestRulesAreGeneral(t *testing.T) {
	words := regexp.MustCompile(`(?i)(harbor|steward|tidesync|tsvchlp|vetting|crew|quayside|coastal` +
		`|parley|\bha-|mordor|shire|religio|\bunion\b|\bhealth\b|politic)`)
	files, err := filepath.Glob("*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if word := words.Find(text); word != nil {
			t.Errorf("%s names %q", file, word)
		}
	}
}

// A rule outside the mapping runs on every event, which costs time and may
// hit records that it was not written for: such a rule must name its records
// by fields that they alone have.
func TestUnroutedRules(t *testing.T) {
	var unrouted []string
	for _, r := range load(t).set.Rules {
		if !r.Routed {
			unrouted = append(unrouted, fmt.Sprintf("%s (%s)", r.File, r.Logsource))
		}
	}
	if unrouted != nil {
		t.Errorf("not in mappings/sigma-logsources.yaml: %v", unrouted)
	}
}
