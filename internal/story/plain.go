package story

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/reconstruct"
)

const (
	clock   = "2006-01-02 15:04:05.000"
	maxText = 1000 // characters of one text from a record
	maxRefs = 8    // event identifiers printed for one step
)

// plain makes text of a record one line that is safe to print: line ends become
// blanks, control and formatting characters escapes, and what is too long is
// cut in the middle.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	out := []rune(strings.TrimFunc(printable.Text(s), unicode.IsSpace))
	if len(out) > maxText {
		head, tail := out[:maxText*2/3:maxText*2/3], out[len(out)-maxText/3:]
		out = append(append(head, []rune(" … ")...), tail...)
	}
	return string(out)
}

// tacticName writes an ATT&CK tactic as people do: "Lateral Movement".
func tacticName(tactic string) string {
	words := strings.Fields(strings.ReplaceAll(tactic, "-", " "))
	for i, word := range words {
		if word != "and" {
			r := []rune(word)
			words[i] = string(unicode.ToUpper(r[0])) + string(r[1:])
		}
	}
	return strings.Join(words, " ")
}

// tacticLine names tactic and technique of a step.
func tacticLine(s *reconstruct.Step) string {
	return strings.Join(strings.Fields(
		tacticName(plain(s.Tactic))+" "+plain(s.Technique)+" "+plain(s.TechniqueName)), " ")
}

func refs(ids []event.ID) string {
	var parts []string
	for _, id := range ids[:min(len(ids), maxRefs)] {
		parts = append(parts, id.String())
	}
	if rest := len(ids) - maxRefs; rest > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(parts, " ")
}

func sensorLine(h reconstruct.Host) string {
	if len(h.Sensors) == 0 {
		return "no sensor"
	}
	s := strings.Join(h.Sensors, ", ")
	if h.OffsetMS != 0 || h.ErrorMS != 0 {
		s += fmt.Sprintf("; record clock %s ahead of header, ±%s",
			time.Duration(h.OffsetMS)*time.Millisecond, time.Duration(h.ErrorMS)*time.Millisecond)
	}
	return s
}

// place names where a step happened.
func place(host string) string { return cmp.Or(plain(host), "outside") }

// gapTime says when a gap was, "" where the gap has no time.
func gapTime(g *reconstruct.Gap) string {
	switch {
	case g.From.IsZero():
		return ""
	case g.To.IsZero() || g.To.Equal(g.From):
		return g.From.UTC().Format(clock)
	}
	return g.From.UTC().Format(clock) + " to " + g.To.UTC().Format(clock)
}

// orderLine says against which earlier steps the clocks leave the order open, ""
// where they do not.
func orderLine(s *reconstruct.Step) string {
	if len(s.Unordered) == 0 {
		return ""
	}
	words := make([]string, len(s.Unordered))
	for i, n := range s.Unordered {
		words[i] = fmt.Sprint(n)
	}
	return "order not established against step " + strings.Join(words, ", ") + ": the clocks overlap"
}

// verdictWord is what stands beside a step that an analyst judged.
func (r *Row) verdictWord() string {
	switch r.Verdict {
	case Confirm:
		return "confirmed by an analyst"
	case Reject:
		return "rejected by an analyst"
	}
	return ""
}

// Meaning says in words what a grade asserts.
func Meaning(grade string) string {
	return map[string]string{
		"PROVEN": "a unique key is equal on both sides", "CORROBORATED": "two independent records agree",
		"INFERRED": "only a name, an address or the time fits", "ASSUMED": "an analyst said so",
	}[grade]
}

// grades lists the grades, strongest first.
var grades = [...]string{"PROVEN", "CORROBORATED", "INFERRED", "ASSUMED"}
