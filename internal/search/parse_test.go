package search_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/instant"
	"github.com/evident-sec/evident/internal/search"
)

func ExampleParse() {
	q, err := search.Parse(`process.file.name:(cmd.exe OR powershell.exe) -user.name:"svc backup" lsass`)
	fmt.Println(q, err)
	_, err = search.Parse(`proces.cmd_line:*lsass*`)
	fmt.Println(err)
	// Output:
	// (process.file.name:cmd.exe OR process.file.name:powershell.exe) AND NOT user.name:"svc backup" AND lsass <nil>
	// parse query at byte 0: unknown field "proces.cmd_line"; did you mean process.cmd_line? to search for the text itself, quote it
}

// TestParse prints the canonical form of one query a line, or marks the fault.
func TestParse(t *testing.T) {
	datadriven.Walk(t, "testdata/parse", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(_ *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			for line := range strings.SplitSeq(d.Input, "\n") {
				describe(&out, d, line)
			}
			return out.String()
		})
	})
}

// describe reads a line as d says: "parse", or "stages" with the values of
// parameters as arguments. It is noon.
func describe(out *strings.Builder, d *datadriven.TestData, line string) {
	var q fmt.Stringer
	var err error
	if q, err = search.Parse(line); d.Cmd == "stages" {
		opt := search.Options{Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
		for _, arg := range d.CmdArgs {
			if opt.Set == nil {
				opt.Set = make(map[string]string)
			}
			opt.Set[arg.Key] = strings.Join(arg.Vals, ",")
		}
		q, err = search.ParsePipeline(line, opt)
	}
	var fault *search.SyntaxError
	if !errors.As(err, &fault) {
		fmt.Fprintln(out, q)
		return
	}
	fmt.Fprintf(out, "%s\n%s%s %s\n", line, strings.Repeat(" ", fault.Offset),
		strings.Repeat("^", max(1, fault.Length)), fault.Message)
	if fault.Hint != "" {
		fmt.Fprintf(out, "%s  %s\n", strings.Repeat(" ", fault.Offset), fault.Hint)
	}
}

// TestMatch says which of the events below a query matches.
func TestMatch(t *testing.T) {
	datadriven.RunTest(t, "testdata/match.txt", func(t *testing.T, d *datadriven.TestData) string {
		ev := eventOf(t, d)
		var out strings.Builder
		for line := range strings.SplitSeq(d.Input, "\n") {
			fmt.Fprintf(&out, "%-5t %s\n", parse(t, line).Match(&ev), line)
		}
		return out.String()
	})
}

// eventOf makes the event that a test's arguments describe.
func eventOf(t *testing.T, d *datadriven.TestData) event.Event {
	ev := event.Event{ID: event.ID{Entry: 12, Leaf: 7}, Class: event.ClassProcess, Activity: 1, Severity: 4}
	for _, arg := range d.CmdArgs {
		attr, ok := event.Lookup(arg.Key)
		switch value := strings.Join(arg.Vals, ","); {
		case arg.Key == "raw":
			ev.Raw = []byte(value)
		case arg.Key == "time":
			from, _, ok := instant.Parse(value)
			if !ok {
				d.Fatalf(t, "not a time: %s", value)
			}
			ev.Time = from
		case ok:
			ev.Attrs.Set(attr, value)
		default:
			d.Fatalf(t, "unknown %s", arg.Key)
		}
	}
	return ev
}

func TestLimits(t *testing.T) {
	for name, text := range map[string]string{
		"length":    strings.Repeat("a", search.MaxQueryBytes+1),
		"depth":     strings.Repeat("(", search.MaxDepth+1) + "a" + strings.Repeat(")", search.MaxDepth+1),
		"negations": strings.Repeat("-", search.MaxDepth+1) + "a",
		"values":    strings.Repeat("a ", search.MaxTerms+1),
		"wildcards": strings.Repeat("a*", 33),
		"encoding":  "a\xffb",
		"stages":    "a " + strings.Repeat("|head 1", search.MaxStages+1),
	} {
		var fault *search.SyntaxError
		if _, err := search.ParsePipeline(text, search.Options{}); !errors.As(err, &fault) {
			t.Errorf("%s: got %v, want a syntax error", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		``, `*`, `a b`, `"a \" b" OR c`, `-x`, `NOT (a OR b)`, `process.pid:[1 TO 5]`,
		`time:>=2026-01-01T00:00:00Z`, `device.hostname:(a OR b*)`, `raw_data:\*x?`, `:`, `a:`, `()`, `(`,
		`severity:>=high`, `metadata.uid:1-*`, "\\", `"`, `process.pid:>`, `user.religion:x`,
	} {
		f.Add(seed)
	}
	ev := event.Event{Raw: []byte("raw\xff")}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := search.Parse(text)
		var fault *search.SyntaxError
		if errors.As(err, &fault) {
			if fault.Offset < 0 || fault.Length < 0 || fault.Offset+fault.Length > len(text) {
				t.Errorf("%q: fault at %d+%d", text, fault.Offset, fault.Length)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v is no syntax error", text, err)
		}
		canonical := q.String()
		again, err := search.Parse(canonical)
		if len(canonical) > search.MaxQueryBytes {
			return // an escaped text may outgrow the limit
		}
		if err != nil || again.String() != canonical {
			t.Errorf("%q prints as %q, which parses as %v (%v)", text, canonical, again, err)
		} else if q.Match(&ev) != again.Match(&ev) {
			t.Errorf("%q and %q differ", text, canonical)
		}
	})
}

func FuzzPipeline(f *testing.F) {
	for _, seed := range []string{
		`a | count`, `| count by device.hostname, severity | sort -count | head 5`, `"a"|table time`,
		`* | timechart span=15m count by class_name`, `x | top 3 user.name by device.hostname | dedup count`,
		`user.name:$u | head $n`, `time:>=-24h time:[-7d TO now] | sort -time, +severity`, `|`, `a \| b | x`,
	} {
		f.Add(seed, "value")
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text, value string) {
		names, err := search.Parameters(text)
		inside(t, text, err)
		set := map[string]string{}
		for _, name := range names {
			set[name] = value
		}
		pl, err := search.ParsePipeline(text, search.Options{Now: now, Set: set})
		if inside(t, text, err); err != nil {
			return
		}
		canonical := pl.String()
		if len(canonical) > search.MaxQueryBytes {
			return
		}
		again, err := search.ParsePipeline(canonical, search.Options{Now: now.Add(time.Hour)})
		if err != nil || again.String() != canonical {
			t.Errorf("%q prints as %q, which parses as %v (%v)", text, canonical, again, err)
		}
	})
}

// inside checks that a fault lies in the text.
func inside(t *testing.T, text string, err error) {
	var fault *search.SyntaxError
	if err == nil {
		return
	}
	if !errors.As(err, &fault) {
		t.Fatalf("%q: %v is no syntax error", text, err)
	}
	if fault.Offset < 0 || fault.Length < 0 || fault.Offset+fault.Length > len(text) {
		t.Errorf("%q: fault at %d+%d", text, fault.Offset, fault.Length)
	}
}
