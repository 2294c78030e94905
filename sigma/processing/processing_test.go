package processing_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
	"github.com/evident-sec/evident/sigma/processing"
)

// TestPipelines runs testdata/*.txt. The input of "apply" is pipelines, each
// before a line "-- pipeline --", then rules, then events as JSON after "=>".
// The output is the detection items of every rule after the pipelines, what was
// refused, and the titles of the rules that hold for each event, on which both
// engines must agree. The input of "parse" is a pipeline, the output its error
// or warnings.
func TestPipelines(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") {
			return
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "apply":
				return apply(t, d)
			case "parse":
				p, err := processing.Parse([]byte(d.Input))
				if err != nil {
					return err.Error() + "\n"
				}
				return strings.Join(append(p.Warnings, "ok"), "\n") + "\n"
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	})
}

func apply(t *testing.T, d *datadriven.TestData) string {
	parts := strings.Split(d.Input, "-- pipeline --\n")
	docs, events, _ := strings.Cut(parts[len(parts)-1], "\n=> ")
	var pipelines []*processing.Pipeline
	for _, src := range parts[:len(parts)-1] {
		p, err := processing.Parse([]byte(src))
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		pipelines = append(pipelines, p)
	}
	l := sigma.Loader{Transforms: processing.Order(pipelines...)}
	rs := l.Parse("rule.yml", []byte(docs))
	out := tell(rs)
	if events == "" {
		return out
	}
	plan, err := sigma.Compile(rs, nil)
	if err != nil {
		d.Fatalf(t, "compile: %v", err)
	}
	m := plan.Matcher()
	for _, text := range strings.Split(events, "\n=> ") {
		ev := parseEvent(t, text)
		var got []*sigma.Rule
		for _, match := range m.Match(&ev) {
			got = append(got, match.Rule)
		}
		if want := titles(rs.MatchNaive(&ev, nil)); titles(got) != want {
			d.Fatalf(t, "%s: plan says %s, oracle says %s", text, titles(got), want)
		}
		out += "=> " + titles(got) + "\n"
	}
	return out
}

// tell writes the rules with their detection items, correlations with the
// names of their fields, and rejections.
func tell(rs *sigma.RuleSet) string {
	var out strings.Builder
	for _, r := range rs.Rules {
		fmt.Fprintf(&out, "rule %s (%s)\n", r.Title, r.Logsource)
		for _, i := range r.Items() {
			fmt.Fprintf(&out, "  %s:", strings.Join(i.Fields(), " "))
			for _, v := range i.Values() {
				text := v.Text
				if v.Kind == sigma.NullValue {
					text = "null"
				}
				fmt.Fprintf(&out, " [%s]", text)
			}
			out.WriteByte('\n')
		}
		for _, w := range r.Warnings {
			fmt.Fprintf(&out, "  warning %s\n", w)
		}
	}
	for _, c := range rs.Correlations {
		fmt.Fprintf(&out, "correlation %s by %v of %v %v\n", c.Title, c.GroupBy, c.Fields, c.Aliases)
		for _, w := range c.Warnings {
			fmt.Fprintf(&out, "  warning %s\n", w)
		}
	}
	for _, r := range rs.Rejected {
		fmt.Fprintf(&out, "refused line %d: %s\n", r.Line, r.Reason)
	}
	return out.String()
}

// TestDocumentation: the examples of docs/sigma-language.md load and refer to
// each other as the page says.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/sigma-language.md")
	if err != nil {
		t.Fatal(err)
	}
	var docs []string
	var pipelines []*processing.Pipeline
	for _, part := range strings.Split(string(page), "```yaml\n")[1:] {
		src, _, _ := strings.Cut(part, "```")
		if !strings.Contains(src, "transformations:") {
			docs = append(docs, src)
			continue
		}
		p, err := processing.Parse([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		pipelines = append(pipelines, p)
	}
	l := sigma.Loader{Transforms: processing.Order(pipelines...)}
	rs := l.Parse("page.yml", []byte(strings.Join(docs, "---\n")))
	if len(rs.Rejected) > 0 || len(rs.Correlations) != 1 || len(rs.Filters) != 1 || len(pipelines) != 1 {
		t.Fatalf("loaded:\n%s", tell(rs))
	}
	if f := rs.Filters[0]; len(f.Applied) != 1 || len(f.Warnings) > 0 || !rs.Rules[0].Silent {
		t.Errorf("filter applies to %d rules, warnings %v", len(f.Applied), f.Warnings)
	}
}

func titles(rules []*sigma.Rule) string {
	var out []string
	for _, r := range rules {
		out = append(out, r.Title)
	}
	if out == nil {
		return "none"
	}
	return strings.Join(out, ", ")
}

// parseEvent reads a flat JSON object of texts, numbers and nulls.
func parseEvent(t *testing.T, text string) event.Event {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		t.Fatalf("event %s: %v", text, err)
	}
	var ev event.Event
	for name, v := range fields {
		value := event.Value{}
		switch v := v.(type) {
		case string:
			value = event.Value{Kind: event.String, Text: v}
		case json.Number:
			value = event.Value{Kind: event.Number, Text: v.String()}
		}
		ev.Native = append(ev.Native, event.Field{Name: name, Value: value})
	}
	return ev
}
