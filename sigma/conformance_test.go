package sigma

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/normalize"
)

// fewestCases is how many conformance cases there are at least.
const fewestCases = 400

// TestConformance runs testdata/*.txt. In a "match" case the input is the
// detection section of a rule (condition "sel" unless given) and events as
// JSON, one after each "=>"; the output is the verdict for each event, or why
// the rule is refused. "route" cases go through the shipped log source mapping.
// "load" cases are rule files. Both engines and an independent reading of the
// document must give the verdict, on the event as the product decodes it and as
// the standard library does.
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
				src := d.Input
				if d.HasArg("crlf") {
					src = strings.ReplaceAll(src, "\n", "\r\n")
				}
				return describe((&Loader{}).Parse("rule.yml", []byte(src)))
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	})
}

// testLoader knows one placeholder.
func testLoader() *Loader {
	return &Loader{Placeholders: map[string][]string{"users": {"alice", "bob*"}}}
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
	rs := testLoader().Parse("rule.yml", []byte(rule))
	out := verdicts(t, d, rs, events, ls)
	if ls == nil && len(rs.Rejected) == 0 && rs.Rules[0].Unresolved == nil {
		if read := readVerdicts(t, rule, events); read != out {
			d.Fatalf(t, "engine says\n%sa reading of the document says\n%s", out, read)
		}
	}
	return out
}

// verdicts evaluates the rule on each event, decoded in two ways, with both
// engines.
func verdicts(t *testing.T, d *datadriven.TestData, rs *RuleSet, events string,
	ls *Logsources,
) string {
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
		if ls == nil {
			ev := decodeEvent(t, text)
			if decoded := len(m.Match(&ev)) == 1; decoded != got {
				d.Fatalf(t, "%s: got %v, as the product decodes it %v", text, got, decoded)
			}
		}
		fmt.Fprintln(&out, map[bool]string{true: "match", false: "no"}[got])
	}
	return out.String()
}

// decodeEvent reads an event as the product does.
func decodeEvent(t testing.TB, text string) event.Event {
	fields, err := normalize.Decode(event.FormatJSON, "", []byte(text))
	if err != nil {
		t.Fatalf("event %s: %v", text, err)
	}
	return event.Event{Native: fields}
}

// parseEvent reads an event with the standard library; $product, $category and
// $service are its own log source.
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

// clauses are the chapters of the specification 2.1.0 that cases cite, by
// document; of the modifiers appendix, the modifiers it describes.
var clauses = map[string]string{
	"Rules spec": "Title, Identification, Status, Level, Schema, Yaml File, LogSource, " +
		"Detection, Search-Identifier, General, String Wildcard, Escaping, Lists, Maps, Field Usage, " +
		"Special Field Values, Field Existence, Value Modifiers, Placeholders, " +
		"Keywords search, Condition",
	"Modifiers appendix": "all, startswith, endswith, contains, exists, cased, neq, windash, " +
		"re, i, m, s, base64, base64offset, utf16le, utf16be, utf16, wide, lt, lte, gt, gte, " +
		"minute, hour, day, week, month, year, Time Modifiers, cidr, expand, fieldref",
	"Taxonomy appendix": "Category Folder, Linux Folder, Network Folder, Windows Folder, Other",
	"Correlation spec":  "Expression of Relationships",
}

// TestCasesCite: there are as many cases as promised, no two of a file are the
// same, each names the clause of the specification that it shows, and every
// clause is shown.
func TestCasesCite(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	cited := map[string]int{}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, c := range casesOf(string(src)) {
			cases++
			clause, what, _ := strings.Cut(c.comment, ":")
			cited[clause]++
			document, chapter, _ := strings.Cut(clause, ", ")
			known := slices.Contains(strings.Split(clauses[document], ", "), chapter)
			if !known || chapter == "" || strings.TrimSpace(what) == "" {
				t.Errorf("%s:%d: case does not begin with a clause: %q", file, c.line, c.comment)
			}
			if first := seen[c.input]; first > 0 {
				t.Errorf("%s:%d: the same case as in line %d", file, c.line, first)
			}
			seen[c.input] = c.line
		}
	}
	for document, chapters := range clauses {
		for _, chapter := range strings.Split(chapters, ", ") {
			if cited[document+", "+chapter] == 0 {
				t.Errorf("no case shows %s, %s", document, chapter)
			}
		}
	}
	if cases < fewestCases {
		t.Errorf("%d cases, want at least %d", cases, fewestCases)
	}
	t.Logf("%d cases in %d files", cases, len(files))
}

// writtenCase is a case as it stands in a file.
type writtenCase struct {
	line           int
	comment, input string
}

// casesOf cuts the text of a file.
func casesOf(src string) []writtenCase {
	var out []writtenCase
	lines := strings.Split(src, "\n")
	for i := range lines {
		if lines[i] != "----" {
			continue
		}
		from := i
		for from > 0 && lines[from-1] != "" {
			from--
		}
		c := writtenCase{line: from + 1}
		for ; strings.HasPrefix(lines[from], "#"); from++ {
			c.comment += strings.TrimPrefix(lines[from], "#")
		}
		c.comment = strings.TrimSpace(c.comment)
		c.input = strings.Join(lines[from:i], "\n")
		out = append(out, c)
	}
	return out
}
