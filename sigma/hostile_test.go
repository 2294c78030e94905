package sigma

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/normalize"
)

// allocated returns how many bytes f allocates in all, kept or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// inDetection writes a rule around the detection section.
func inDetection(detection string) string {
	return "title: t\nlogsource: {product: a}\ndetection:\n" + detection
}

// hostileFiles are small or large files that stand for much more. Those with a
// reason are refused for it; the others load.
var hostileFiles = []struct{ name, src, reason string }{
	{"flow brackets", "a: " + strings.Repeat("[", 100_000), "brackets open at once"},
	{"flow maps", strings.Repeat("{a: ", 100_000), "brackets open at once"},
	{"sequences", strings.Repeat("- ", 100_000), "nested too deep"},
	{"complex keys", strings.Repeat("? ", 100_000), "nested too deep"},
	{"block maps", deepMaps(2_000), "nested too deep"},
	{"anchors", "a: " + strings.Repeat("&a ", 100_000), "too many keys, anchors or tags"},
	{"tags", "a: " + strings.Repeat("!a ", 100_000), "too many keys, anchors or tags"},
	{"keys in a line", strings.Repeat("a: ", 100_000), "too many keys, anchors or tags"},
	{"anchor lines", strings.Repeat("&a\n", 100_000), "too many keys, anchors or tags"},
	{"quotes", strings.Repeat("'", 1_000_000), "document is not a map"},
	{"10 MB", "a: " + strings.Repeat("x", 10<<20), "more than the 4194304 allowed"},
	{"items", "a:\n" + strings.Repeat(" - b\n", 250_000), "more than 200000 YAML nodes"},
	{"indentation", "a:\n" + strings.Repeat(" ", 5000) + "b: c\n", "nested too deep"},
	{"NUL bytes", strings.Repeat("\x00", 100_000), "document is not a map"},
	{"alias bomb", aliasBomb(9), "more than 200000 YAML nodes"},
	{
		"levels in a condition",
		inDetection("  a: {A: 1}\n  condition: " + strings.Repeat("(", 100_000) + "a\n"),
		"longer than 65536",
	},
	{
		"brackets in a condition",
		inDetection("  a: {A: 1}\n  condition: " + strings.Repeat("(", 30_000) + "a\n"),
		"nested deeper",
	},
	{
		"negations in a condition",
		inDetection("  a: {A: 1}\n  condition: " + strings.Repeat("not ", 16_000) + "a\n"),
		"nested deeper",
	},
	{
		"conditions that name many selections",
		inDetection(many("  s%d: {A: 1}\n", 30_000) + "  condition: 1 of s*" +
			strings.Repeat(" or 1 of s*", 5_000) + "\n"), "too many keys in one map",
	},
	{
		"conditions that name fewer selections more often",
		inDetection(many("  s%d: {A: 1}\n", 3_000) + "  condition: 1 of s*" +
			strings.Repeat(" or 1 of s*", 5_000) + "\n"), "too large once",
	},
	{
		"one selection named often",
		inDetection("  s:\n    A|contains:\n" + many("      - 'value %d'\n", 2_000) +
			"  condition: s" + strings.Repeat(" and s", 9_000) + "\n"), "",
	},
	{"an exploding expression", inDetection("  a: {A|re: '(a+)+$'}\n  condition: a\n"), ""},
	{
		"repetition within repetition",
		inDetection("  a: {A|re: '((a{100}){100}){100}'}\n  condition: a\n"),
		"invalid repeat count",
	},
	{
		"repetition after repetition",
		inDetection("  a: {A|re: '" + strings.Repeat("a{1000}", 50) + "'}\n  condition: a\n"),
		"more than 10000",
	},
	{
		"many repetitions",
		inDetection("  a:\n    A|re:\n" + strings.Repeat("      - 'a{1000}b{1000}'\n", 20_000) +
			"  condition: a\n"), "too large once",
	},
	{
		"an expression of brackets",
		inDetection("  a: {A|re: '" + strings.Repeat("(", 20_000) + "'}\n  condition: a\n"),
		"RE2 syntax",
	},
	{
		"dashes and offsets",
		inDetection("  a:\n    A|windash|base64offset:\n" +
			strings.Repeat("      - ' -aaaa -bbbb -cccc'\n", 50_000) + "  condition: a\n"),
		"too large once",
	},
	{
		"a value of 1 MB",
		inDetection("  a: {A|windash|base64offset: '" + strings.Repeat("x", 1<<20) +
			"'}\n  condition: a\n"),
		"more than 65536",
	},
	{
		"100,000 values",
		inDetection("  a:\n    A|contains:\n" + many("      - 'value %d'\n", 100_000) +
			"  condition: a\n"), "",
	},
	{
		"100,000 stars",
		inDetection("  a: {A: '" + strings.Repeat("*a", 30_000) + "'}\n  condition: a\n"), "",
	},
}

// many writes the line for 0 to n-1.
func many(line string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, i)
	}
	return b.String()
}

// deepMaps nests maps by indentation.
func deepMaps(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// aliasBomb is a list of lists of lists, ten times ten times ten.
func aliasBomb(levels int) string {
	src := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < levels; i++ {
		below := strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9)
		src += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, below, i-1)
	}
	return src
}

// maxFileBytesAllocated is what reading and compiling one hostile file may
// allocate, most of it garbage of the YAML parser.
const maxFileBytesAllocated = 1 << 30

// TestHostileFiles: files that would cost more than their size is worth are
// refused with the reason; all are read in bounded memory, and what loads
// compiles and matches.
func TestHostileFiles(t *testing.T) {
	ev := parseEvent(t, `{"A": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa value 99999 b"}`)
	for _, f := range hostileFiles {
		t.Run(f.name, func(t *testing.T) {
			if testing.Short() && len(f.src) > 500_000 {
				t.Skip("takes a second")
			}
			var rs *RuleSet
			cost := allocated(func() {
				rs = (&Loader{}).Parse("f.yml", []byte(f.src))
				p, err := Compile(rs, nil)
				if err != nil {
					t.Fatal(err)
				}
				p.Matcher().Match(&ev)
			})
			if cost > maxFileBytesAllocated {
				t.Errorf("allocated %d MB for a file of %d bytes", cost>>20, len(f.src))
			}
			t.Logf("%d bytes, %d kB allocated", len(f.src), cost>>10)
			if f.reason == "" {
				if len(rs.Rules) != 1 {
					t.Fatalf("refused: %+v", rs.Rejected)
				}
				return
			}
			if len(rs.Rules) != 0 || len(rs.Rejected) == 0 ||
				!strings.Contains(rs.Rejected[0].Reason, f.reason) {
				t.Fatalf("got %d rules, rejections %.300v; want %q", len(rs.Rules), rs.Rejected,
					f.reason)
			}
			if n := len(rs.Rejected[0].Reason); n > 1000 {
				t.Errorf("the reason has %d bytes", n)
			}
		})
	}
}

// everyModifier is a rule for every way of looking at a field.
const everyModifier = `
title: string
logsource: {product: a}
detection:
  contains: {A|contains: [needle, 'ne*dle?x']}
  wild: {A: '*a*a*a*a*a*a*a*b'}
  ends: {A|endswith: needle, B|startswith: needle}
  cased: {A|cased|contains: Needle}
  regex: {A|re: ['(x+x+)+y', 'needle.{40}z', '^(a|aa)+$', '[^a]{20}é']}
  dash: {A|windash|contains: ' -needle'}
  encoded: {A|wide|base64offset|contains: needle}
  numbers: {A|gt: 5, B|lt: 7}
  part: {A|hour: 5}
  net: {A|cidr: 10.0.0.0/8}
  ref: {A|fieldref|contains: B}
  none: {A: null, B: null}
  keyword: [needle, 'nee*le']
  condition: 1 of them
`

// bigEvents are events that no record could carry, since records have at most
// event.MaxRecordBytes: the engine must bear them all the same.
func bigEvents() map[string]event.Event {
	text := func(name, s string) event.Field {
		return event.Field{Name: name, Value: event.Value{Kind: event.String, Text: s}}
	}
	out := map[string]event.Event{
		"50 MB of a":        {Native: event.Fields{text("A", strings.Repeat("a", 50<<20))}},
		"5 MB of capitals":  {Native: event.Fields{text("A", strings.Repeat("NEEDL", 1<<20))}},
		"5 MB of two bytes": {Native: event.Fields{text("A", strings.Repeat("É", 5<<19))}},
		"5 MB of half pairs": {
			Native: event.Fields{text("A", strings.Repeat("\xed\xa0\x80x", 5<<18))},
		},
	}
	list := event.Value{Kind: event.List}
	for range 1_000_000 {
		list.Items = append(list.Items, event.Value{Kind: event.String, Text: "needl"})
	}
	out["a million members"] = event.Event{Native: event.Fields{{Name: "A", Value: list}}}
	deep := event.Value{Kind: event.String, Text: "needle"}
	for range 100_000 {
		deep = event.Value{Kind: event.List, Items: []event.Value{deep}}
	}
	out["100,000 levels"] = event.Event{Native: event.Fields{{Name: "A", Value: deep}}}
	var wide event.Fields
	for i := range 100_000 {
		wide = append(wide, text(fmt.Sprintf("field %d", i), "needl"))
	}
	out["100,000 fields"] = event.Event{Native: wide}
	var same event.Fields
	for range 100_000 {
		same = append(same, text("A", "needl"))
	}
	out["one name 100,000 times"] = event.Event{Native: same}
	return out
}

// maxEventBytesAllocated is what one event of 50 MB may make the engine
// allocate: its folded text, the characters of it, and marks for its values.
const maxEventBytesAllocated = 1 << 30

// TestHostileEvents: no event is too large for the engine, which allocates at
// most a few times its size and keeps little of it.
func TestHostileEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	rs := (&Loader{}).Parse("t.yml", []byte(everyModifier))
	if len(rs.Rejected) > 0 {
		t.Fatal(rs.Rejected)
	}
	m := compile(t, rs).Matcher()
	for name, ev := range bigEvents() {
		if cost := allocated(func() { m.Match(&ev) }); cost > maxEventBytesAllocated {
			t.Errorf("%s: allocated %d MB", name, cost>>20)
		} else {
			t.Logf("%s: %d MB", name, cost>>20)
		}
	}
	small := parseEvent(t, `{"A": "a Needle"}`)
	if len(m.Match(&small)) != 1 {
		t.Error("after large events a small one is not found")
	}
}

// TestHostileTexts: texts that are no valid UTF-8 mean the same to both engines.
func TestHostileTexts(t *testing.T) {
	rs := (&Loader{}).Parse("t.yml", []byte(inDetection(`  a: {A|contains: "\uFFFD"}
  b: {A|cased: "x\uFFFDy"}
  c: {A|re: 'x.y'}
  d: {A: 'x??y'}
  e: {A|fieldref|cased: B}
  f: {A|fieldref: B}
  condition: 1 of them
`)))
	p, err := Compile(rs, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := p.Matcher()
	for _, text := range []string{
		"x\xffy", "x\xed\xa0\x80y", "\xed\xb0\x80", "x\xc3y", "\xf0\x9f\x98",
		"x\xf4\x90\x80\x80y", "xy", "\x00",
	} {
		for _, other := range []string{"", "x\ufffdy", text} {
			ev := event.Event{Native: event.Fields{
				{Name: "A", Value: event.Value{Kind: event.String, Text: text}},
				{Name: "B", Value: event.Value{Kind: event.String, Text: other}},
			}}
			if got, want := len(m.Match(&ev)), len(rs.MatchNaive(&ev, nil)); got != want {
				t.Errorf("%q and %q: plan %d, oracle %d", text, other, got, want)
			}
		}
	}
}

// TestHostileJSON: what a record may hold goes through decoder and engine; what
// it may not becomes an error of the decoder.
func TestHostileJSON(t *testing.T) {
	rs := (&Loader{}).Parse("t.yml", []byte(everyModifier))
	m := compile(t, rs).Matcher()
	quoted, err := json.Marshal(strings.Repeat("a", event.MaxRecordBytes-100) + "needle")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		matches    int // -1: refused
	}{
		{"the largest value", `{"A": ` + string(quoted) + `}`, 1},
		{"half a pair", `{"A": "\ud800needle\udc00"}`, 1},
		{"pairs in the wrong order", `{"A": "\udc00\ud800 Needle"}`, 1},
		{"100,000 levels", strings.Repeat(`{"A":`, 100_000), -1},
		{"100,000 lists", `{"A":` + strings.Repeat("[", 100_000), -1},
		{"a million members", `{"A": [` + strings.Repeat(`"needl",`, 1_000_000) + `"needle"]}`, -1},
		{"100,000 fields", "{" + many(`"f%d": "needle", `, 100_000) + `"A": 1}`, -1},
	} {
		cost := allocated(func() {
			fields, err := normalize.Decode(event.FormatJSON, "", []byte(c.text))
			if (err != nil) != (c.matches < 0) {
				t.Errorf("%s: %v", c.name, err)
			}
			ev := event.Event{Native: fields}
			if n := len(m.Match(&ev)); err == nil && n != c.matches {
				t.Errorf("%s: %d matches, want %d", c.name, n, c.matches)
			}
		})
		if cost > maxEventBytesAllocated {
			t.Errorf("%s: allocated %d MB", c.name, cost>>20)
		}
	}
}
