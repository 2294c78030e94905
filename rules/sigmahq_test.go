package rules_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
)

// TestForeignRules runs testdata/sigmahq: rules in the field names that SigmaHQ
// uses, on raw records as they come. "rule" sets the rule for the records that
// follow; the output is the verdict, on which both engines must agree.
func TestForeignRules(t *testing.T) {
	p := load(t)
	datadriven.Walk(t, "testdata/sigmahq", func(t *testing.T, path string) {
		foreign := *p
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "rule" {
				foreign.set = (&sigma.Loader{}).Parse("rule.yml", []byte("title: t\n"+d.Input))
				var err error
				if foreign.plan, err = sigma.Compile(foreign.set, p.logsources); err != nil {
					d.Fatalf(t, "compile: %v", err)
				}
				if len(foreign.set.Rules) != 1 || !foreign.set.Rules[0].Routed {
					d.Fatalf(t, "rule is refused or not routed: %v", foreign.set.Rejected)
				}
				return "ok"
			}
			raw := d.Input
			if d.HasArg("unquote") {
				var err error
				if raw, err = strconv.Unquote(raw); err != nil {
					d.Fatalf(t, "unquote: %v", err)
				}
			}
			ev := p.one(event.Format(d.Cmd), "", raw)
			if ev.Problem != "" {
				d.Fatalf(t, "record is not readable: %s", ev.Problem)
			}
			if len(foreign.found(t, &ev)) == 1 {
				return "match"
			}
			return "no"
		})
	})
}

var (
	setSource   = regexp.MustCompile(`logsource: \{product: (\w+), service: (\w+)\}`)
	setCategory = regexp.MustCompile(`\bcategory: (\w+)[,}\n]`)
)

// Every log source that a mapping gives to events by name is one that rules can
// be routed to.
func TestMappedSourcesAreKnown(t *testing.T) {
	p := load(t)
	known := p.logsources.Sources()
	files, err := fs.Glob(mappings.FS, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file == "sigma-logsources.yaml" {
			continue
		}
		text, err := fs.ReadFile(mappings.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range setSource.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(known, sigma.Logsource{Product: m[1], Service: m[2]}) {
				t.Errorf("%s: %s/%s is not in sigma-logsources.yaml", file, m[1], m[2])
			}
		}
		for _, m := range setCategory.FindAllStringSubmatch(string(text), -1) {
			if !slices.ContainsFunc(known, func(l sigma.Logsource) bool { return l.Category == m[1] }) {
				t.Errorf("%s: category %s is not in sigma-logsources.yaml", file, m[1])
			}
		}
	}
}
