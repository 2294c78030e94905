package retro_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/retro"
	"github.com/evident-sec/evident/sigma"
)

// randomFields are copied, made, joined or unknown to the mapping.
var randomFields = []string{
	"Image", "CommandLine", "ParentImage", "User", "TargetObject", "Details", "Hashes", "CallTrace",
	"NewProcessName", "GrantedAccess", "ProcessId",
}

// randomTexts are what values and patterns are drawn from.
var randomTexts = []string{
	"a", "b", "ab", `C:\a\b.exe`, "a,b", ",a", "a,,b", "-", "(null)", " ", "", "7", "0x10", "É", "\u212a", "a\ufffdb", "a-b",
}

func drawText(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(randomTexts), 0, 2).Draw(t, "text"), "")
}

// drawRule writes a rule of up to three selections.
func drawRule(t *rapid.T, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: rule %d\nlogsource:\n  product: windows\n", n)
	if c := rapid.SampledFrom([]string{"", "process_creation", "registry_set", "process_access"}).Draw(t, "category"); c != "" {
		fmt.Fprintf(&b, "  category: %s\n", c)
	}
	b.WriteString("detection:\n")
	for _, name := range []string{"one", "two", "three"} {
		fmt.Fprintf(&b, "  %s:\n", name)
		for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(randomFields), 1, 2, rapid.ID[string]).Draw(t, "fields") {
			mod := rapid.SampledFrom([]string{
				"", "|contains", "|startswith", "|endswith", "|re", "|cased", "|exists", "|gt", "|contains|all", "|windash|contains",
			}).Draw(t, "modifier")
			drawItem(t, &b, f, mod)
		}
	}
	b.WriteString("  condition: " + rapid.SampledFrom([]string{
		"one", "one and two", "one and not two", "one or two", "1 of them", "all of them",
		"not one", "one and not (two or three)", "one and not 1 of t*", "not (one and two)",
	}).Draw(t, "condition") + "\n")
	return b.String()
}

func drawItem(t *rapid.T, b *strings.Builder, field, mod string) {
	switch mod {
	case "|exists":
		fmt.Fprintf(b, "    %s|exists: %t\n", field, rapid.Bool().Draw(t, "exists"))
	case "|gt":
		fmt.Fprintf(b, "    %s|gt: 5\n", field)
	case "|re":
		fmt.Fprintf(b, "    %s|re: %s\n", field, rapid.SampledFrom([]string{"a.*b", "^a$", "exe$", "x?"}).Draw(t, "regex"))
	case "":
		if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
			fmt.Fprintf(b, "    %s: null\n", field)
			return
		}
		fallthrough
	default:
		fmt.Fprintf(b, "    %s%s:\n", field, mod)
		for range rapid.IntRange(1, 2).Draw(t, "values") {
			wild := rapid.SampledFrom([]string{"", "", "*", "?"}).Draw(t, "wild")
			fmt.Fprintf(b, "      - %s\n", quoted(drawText(t)+wild))
		}
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// drawEvent writes a record of a Windows channel with fields as a hostile
// sender may write them: lists, lists in lists, null, spaced and prefixed names,
// names twice, bytes that are no text.
func drawEvent(t *rapid.T) []byte {
	var b strings.Builder
	head := rapid.SampledFrom([]string{
		`{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1`,
		`{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":13`,
		`{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":"10"`,
		`{"Channel":"Security","EventID":4688`,
		`{"Channel":["Security"],"EventID":[4688]`,
		`{"Channel":["Security","x"],"EventID":4688`,
		`{"Chan nel":"Security","Channel":"System","EventID":7045`,
		`{"log_name":"Security","event_id":4688`,
		`{"Channel":"security","EventID":4657`,
	}).Draw(t, "head")
	b.WriteString(head)
	for _, f := range rapid.SliceOfN(rapid.SampledFrom(randomFields), 0, 6).Draw(t, "fields") {
		name := f
		switch rapid.IntRange(0, 9).Draw(t, "name") {
		case 0:
			name = f[:2] + " " + f[2:]
		case 1:
			name = "event_data." + f
		}
		fmt.Fprintf(&b, ",%q:%s", name, drawValue(t))
	}
	return []byte(b.String() + "}")
}

func drawValue(t *rapid.T) string {
	text := func() string {
		out, err := json.Marshal(drawText(t))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	switch rapid.IntRange(0, 11).Draw(t, "value") {
	case 0:
		return "null"
	case 1:
		return "[" + text() + "," + text() + "]"
	case 2:
		return "[" + text() + "]"
	case 3:
		return "[[" + text() + "]," + text() + "]"
	case 4:
		return "[" + text() + ",null]"
	case 5:
		return "7"
	case 6:
		return "\"a\xffb\""
	case 7:
		return `"` + strings.Repeat("a", 33<<10) + `b"`
	}
	return text()
}

// TestRandom: whatever rules and events, through a real lake folder, retro
// finds what streaming finds.
func TestRandom(t *testing.T) {
	norm, skipped, all := mapping(t), int64(0), int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		for i := range rapid.IntRange(1, 3).Draw(rt, "rules") {
			path := filepath.Join(dir, fmt.Sprintf("%d.yml", i))
			if err := os.WriteFile(path, []byte(drawRule(rt, i)), 0o600); err != nil {
				rt.Fatal(err)
			}
		}
		set, err := sigma.Load(dir)
		if err != nil {
			rt.Fatal(err)
		}
		plan, err := sigma.Compile(set, logsources(t))
		if err != nil {
			rt.Fatal(err)
		}
		var records [][]byte
		for range rapid.IntRange(1, 60).Draw(rt, "events") {
			records = append(records, drawEvent(rt))
		}
		entries := entriesOf(records, event.FormatJSON, 7)
		table := sealed(t, norm, entries, norm.Version(), 20)
		want := streamed(norm, plan, entries)
		got, r := looked(t, retro.Config{Lake: table, Plan: plan, Normalizer: norm})
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("retro found %v\nstreaming %v", got, want)
		}
		if err := table.Close(); err != nil {
			rt.Fatal(err)
		}
		skipped, all = skipped+r.Events()-r.Candidates(), all+r.Events()
	})
	if skipped == 0 {
		t.Error("nothing was ever skipped: the property says nothing")
	}
	t.Logf("%d of %d events skipped", skipped, all)
}
