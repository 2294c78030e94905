package sigma

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
)

// TestLayoutsAreForgotten: events with ever new names get right verdicts, the
// same ones when they come again, and the matcher keeps a bounded memory of
// them.
func TestLayoutsAreForgotten(t *testing.T) {
	rs := (&Loader{}).Parse("t.yml", []byte(`
title: t
logsource: {product: any}
detection: {sel: {A|contains: x}, other: {B: 1}, condition: sel and other}
`))
	m := compile(t, rs).Matcher()
	text := func(name, s string) event.Field {
		return event.Field{Name: name, Value: event.Value{Kind: event.String, Text: s}}
	}
	for round := range 2 {
		for i := range 1500 {
			ev := event.Event{Native: event.Fields{
				text("A", "axb"), text(strings.Repeat("n", i%900)+fmt.Sprint(i), "y"), text("B", fmt.Sprint(i%2)),
			}}
			if got := len(m.Match(&ev)); got != i%2 {
				t.Fatalf("round %d event %d: %d matches", round, i, got)
			}
		}
	}
	if n := cap(m.layoutMemory.text); n > 2*layoutText {
		t.Errorf("keeps %d bytes of names", n)
	}
	long := event.Event{Native: event.Fields{text(strings.Repeat("n", 3*layoutText), "y"), text("A", "x"), text("B", "1")}}
	for range 2 {
		if len(m.Match(&long)) != 1 {
			t.Error("no match beside a very long name")
		}
	}
}

// TestSameNamesTwice: the first of equal names counts, in an event that the
// matcher has seen the like of and in one that it has not.
func TestSameNamesTwice(t *testing.T) {
	rs := (&Loader{}).Parse("t.yml", []byte(
		"title: t\nlogsource: {product: any}\ndetection: {sel: {A: x}, condition: sel}\n"))
	m := compile(t, rs).Matcher()
	for i, want := range []int{1, 0, 1, 0} {
		first, second := "x", "y"
		if want == 0 {
			first, second = second, first
		}
		ev := parseEvent(t, fmt.Sprintf(`{"A": %q, "A": %q}`, first, second))
		if got := len(m.Match(&ev)); got != want {
			t.Errorf("event %d: got %d matches, want %d", i, got, want)
		}
	}
}
