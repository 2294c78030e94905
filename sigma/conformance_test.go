package sigma

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/evident-sec/evident/event"
)

// TestConformance runs testdata/*.txt. In a "match" case the input is the
// detection section of a rule (condition "sel" unless given) and events as
// JSON, one after each "=>"; the output is the verdict for each event, or why
// the rule is refused. "route" cases go through the shipped log source mapping.
// "load" cases are rule files. Both engines must give the verdict.
func TestConformance(t *testing.T) {
	datadriven.Walk(t, "testdata/", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") {
			return
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "match":
				return conform(t, d, "{product: test}", nil)
			case "route":
				var parts []string
				for _, a := range d.CmdArgs {
					parts = append(parts, a.Key+": "+a.Vals[0])
				}
				return conform(t, d, "{"+strings.Join(parts, ", ")+"}", logsources(t))
			case "load":
				return describe((&Loader{}).Parse("rule.yml", []byte(d.Input)))
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	})
}

// conform builds the rule and returns the verdict on each event.
func conform(t *testing.T, d *datadriven.TestData, logsource string, ls *Logsources) string {
	detection, events, _ := strings.Cut(d.Input, "\n=> ")
	rule := "title: t\nlogsource: " + logsource + "\ndetection:\n"
	for _, line := range strings.Split(detection, "\n") {
		rule += "  " + line + "\n"
	}
	if !strings.Contains(rule, "  condition:") {
		rule += "  condition: sel\n"
	}
	l := Loader{Placeholders: map[string][]string{"users": {"alice", "bob*"}}}
	rs := l.Parse("rule.yml", []byte(rule))
	if len(rs.Rejected) > 0 {
		return describe(rs)
	}
	p, err := Compile(rs, ls)
	if err != nil {
		d.Fatalf(t, "compile: %v", err)
	}
	m := p.Matcher()
	var out strings.Builder
	for _, text := range strings.Split(events, "\n=> ") {
		ev := parseEvent(t, text)
		got := len(m.Match(&ev)) == 1
		if naive := len(rs.MatchNaive(&ev, ls)) == 1; naive != got {
			d.Fatalf(t, "%s: plan says %v, oracle says %v", text, got, naive)
		}
		fmt.Fprintln(&out, map[bool]string{true: "match", false: "no"}[got])
	}
	return out.String()
}

// parseEvent reads an event; $product, $category and $service are its own log
// source.
func parseEvent(t testing.TB, text string) event.Event {
	fields, err := decodeObject(json.NewDecoder(strings.NewReader(text)), "")
	if err != nil {
		t.Fatalf("event %s: %v", text, err)
	}
	ev := event.Event{
		Product: fields.Text(ownProduct), Category: fields.Text(ownCategory),
		Service: fields.Text(ownService),
	}
	for _, f := range fields {
		if !strings.HasPrefix(f.Name, "$") {
			ev.Native = append(ev.Native, f)
		}
	}
	return ev
}

// describe writes what a load gave, one line a document.
func describe(rs *RuleSet) string {
	var out strings.Builder
	for _, r := range rs.Rules {
		fmt.Fprintf(&out, "rule line %d: %s (%s) %s", r.Line, r.Title, r.Logsource, r.Level)
		if len(r.Tags) > 0 {
			fmt.Fprintf(&out, " techniques %v tactics %v", r.Techniques(), r.Tactics())
		}
		out.WriteByte('\n')
	}
	for _, r := range rs.Rejected {
		fmt.Fprintf(&out, "refused line %d: %s\n", r.Line, r.Reason)
	}
	return out.String()
}
