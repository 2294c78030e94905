package search

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/search/glob"

	"github.com/evident-sec/evident/event"
	"pgregory.net/rapid"
)

// words are texts that are easy to get wrong: both cases, wildcards of three
// languages, quotes, several scripts, letters whose lower case has another
// length.
var words = []string{
	"a", "A", "ab", "aB", "b", "cmd.exe", `C:\Windows\cmd.exe`, `c:\windows\CMD.EXE`, "10.1.2.3",
	"10.1.20.3", "50%", "a_b", "a*b", "a?b", `say "hi"`, "o'brien", "Straße", "STRASSE", "ΣΊΣΥΦΟΣ",
	"σίσυφος", "İstanbul", "K", "k", "日本語", "x,y", "x, y ,z", " x ,", "y", "4688", "-5", "007",
	"line\nbreak", "tab\there", `\`, `\\host\share`, "AND", "or", "(a)", "[1 TO 2]", "<>", "💥",
	"a\x00b", "$1", "; DROP TABLE hot_1; --",
}

// rawWords also has bytes that are no UTF-8.
var rawWords = append([]string{
	"\xff\xfe", "a\xffb", "\\x41\xff", "'\"\\\xff",
	"c\x00m\x00d\x00\xff\x00", "\x00\x00\\\x00x\x000\x000\x00\xff",
}, words...)

// someAttrs keeps collisions between queries and events likely.
var someAttrs = []event.Attr{
	event.AttrHost, event.AttrProcessCmdLine, event.AttrSrcIP, event.AttrDstPort,
	event.AttrAnswers, event.AttrMessage, event.AttrProcessPID,
}

func genEvent(entry uint64, leaf uint32) *rapid.Generator[event.Event] {
	return rapid.Custom(func(t *rapid.T) event.Event {
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).
			Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "at")) * 1700 * time.Millisecond)
		if rapid.IntRange(0, 3).Draw(t, "fine") == 0 {
			at = at.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "nanos")))
		}
		ev := event.Event{
			ID: event.ID{Entry: entry, Leaf: leaf}, Time: at,
			Received: at.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "late")) * time.Second),
			Class:    rapid.SampledFrom([]uint32{0, 1007, 1007, 3002, 4003, 77}).Draw(t, "class"),
			Activity: rapid.SampledFrom([]uint8{0, 1, 2, 99, 200}).Draw(t, "activity"),
			Severity: rapid.SampledFrom([]uint8{0, 1, 2, 3, 4, 5, 6, 99}).Draw(t, "severity"),
			Product:  rapid.SampledFrom([]string{"", "windows", "linux"}).Draw(t, "product"),
			Problem:  rapid.SampledFrom([]string{"", "", "bad JSON"}).Draw(t, "problem"),
			Raw: []byte(rapid.SampledFrom(rawWords).Draw(t, "raw") +
				rapid.SampledFrom(rawWords).Draw(t, "raw")),
		}
		for _, a := range someAttrs {
			if rapid.Bool().Draw(t, "has") {
				ev.Attrs.Set(a, rapid.SampledFrom(rawWords).Draw(t, "value"))
			}
		}
		if rapid.Bool().Draw(t, "pid") {
			ev.Attrs.Set(event.AttrProcessPID, fmt.Sprint(rapid.IntRange(-2, 9).Draw(t, "n")))
		}
		return ev
	})
}

// genEvents makes 1 to 60 events in entries of up to 5.
func genEvents() *rapid.Generator[[]event.Event] {
	return rapid.Custom(func(t *rapid.T) []event.Event {
		n := rapid.IntRange(1, 60).Draw(t, "events")
		evs := make([]event.Event, n)
		for i := range evs {
			evs[i] = genEvent(uint64(i/5+1), uint32(i%5)).Draw(t, "event")
		}
		return evs
	})
}

// genQuery makes the text of a valid query.
func genQuery(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		form := 0
		if depth > 0 {
			form = rapid.IntRange(0, 6).Draw(t, "form")
		}
		sub := func() string { return genQuery(depth-1).Draw(t, "sub") }
		switch form {
		case 3:
			return "(" + sub() + " OR " + sub() + ")"
		case 4:
			return sub() + rapid.SampledFrom([]string{" ", " AND "}).Draw(t, "and") + sub()
		case 5:
			return "NOT (" + sub() + ")"
		case 6:
			return "-(" + sub() + ")"
		}
		return genTerm().Draw(t, "term")
	})
}

func genTerm() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return genValue().Draw(t, "free")
		case 1:
			return "raw_data:" + genValue().Draw(t, "raw")
		case 2, 3:
			return rapid.SampledFrom(plainTerms).Draw(t, "plain")
		case 4:
			return fmt.Sprintf("process.pid:%s%d",
				rapid.SampledFrom([]string{"", ">", ">=", "<", "<="}).Draw(t, "op"),
				rapid.IntRange(-3, 10).Draw(t, "n"))
		case 5:
			lo := rapid.IntRange(0, 68).Draw(t, "lo")
			hi := rapid.IntRange(lo, 68).Draw(t, "hi")
			return fmt.Sprintf("time:[2026-03-01T00:00:%02d TO 2026-03-01T00:01:%02dZ]", lo%60, hi%60)
		case 6:
			return fmt.Sprintf("device.hostname:(%s OR NOT %s)", genValue().Draw(t, "v"),
				genValue().Draw(t, "v"))
		}
		name := rapid.SampledFrom(someAttrs[:6]).Draw(t, "field").String()
		if name == "dst_endpoint.port" {
			return name + ":" + rapid.SampledFrom([]string{"4688", "7", "*"}).Draw(t, "port")
		}
		return name + ":" + genValue().Draw(t, "value")
	})
}

var plainTerms = []string{
	"*", "class_uid:1007", "class_name:*activity", `class_name:"base event"`, "activity_id:[1 TO 2]",
	"activity_name:launch", "activity_name:other", "activity_name:unknown", "activity_name:*o*",
	"severity:high", "severity:>=low", "severity:other", "severity:[low TO critical]", "severity_id:99",
	"metadata.uid:1-0", "metadata.uid:2-*", "metadata.uid:*", `metadata.uid:"0-0"`,
	"process.pid:*", "dst_endpoint.port:-5", "problem:json",
	"logsource.product:WIN*", "logsource.product:*", "received:>2026-03-01T00:00:30.5",
	"time:2026-03-01T00:00", "time:2026-03-01T00:00:17.000001", "time:<=2026-02-28", "message:*",
}

// genValue makes a word with wildcards or a quoted text that is likely to match.
func genValue() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		word := rapid.SampledFrom(words).Draw(t, "word")
		if strings.HasPrefix(word, "10.") {
			return "10.1.*"
		}
		var g glob.Glob
		for _, r := range word {
			switch rapid.IntRange(0, 11).Draw(t, "char") {
			case 0:
				g = g.Add(glob.Star)
			case 1:
				g = g.Add(glob.Any1)
			case 2: // left out
			default:
				g = g.Add(r)
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "within") == 0 {
			g = g.Within()
		}
		if len(g) == 0 {
			g = glob.Glob{'a'}
		}
		var w strings.Builder
		g.Write(&w, glob.Special)
		return w.String()
	})
}

func decimal(n int64) string { return fmt.Sprint(n) }

func eventOfClass(uid uint32) *event.Event { return &event.Event{Class: uid} }

func findMust(t testing.TB, name string) *field {
	f, err := findField(name, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
