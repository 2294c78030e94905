package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/sigma"
)

// Explanation prints why a rule holds for an event or does not as a tree, the
// deciding sentence last. Marks are ✓ and ✗, or yes and no.
func Explanation(out io.Writer, x *sigma.Explanation, ascii bool) error {
	p := explainPrinter{out: out, yes: "✓", no: "✗"}
	if ascii {
		p.yes, p.no = "yes", "no "
	}
	p.line(0, x.Match, "%s (%s:%d)", x.Title, x.File, x.Line)
	p.source(&x.Source)
	p.step(x.Condition, 1)
	if x.Cut {
		p.text(1, "the rule has more conditions than are shown")
	}
	p.text(0, x.Summary)
	return p.err
}

// explainPrinter writes lines; every text in them comes from a rule or event.
type explainPrinter struct {
	out     io.Writer
	yes, no string
	err     error
}

func (p *explainPrinter) text(depth int, text string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.out, strings.Repeat("  ", depth)+printable.Text(text))
	}
}

func (p *explainPrinter) line(depth int, holds bool, format string, args ...any) {
	mark := p.no
	if holds {
		mark = p.yes
	}
	p.text(depth, mark+" "+fmt.Sprintf(format, args...))
}

func (p *explainPrinter) source(v *sigma.SourceVerdict) {
	switch {
	case v.Logsource == "":
		p.line(1, true, "no log source is asked for: the rule runs on every event")
	case !v.Routed:
		p.line(1, true, "log source %s is unknown: the rule runs on every event", v.Logsource)
	default:
		p.line(1, v.Fits, "log source %s", v.Logsource)
	}
	for i := range v.Parts {
		part := &v.Parts[i]
		for j := range part.Kinds {
			kind := &part.Kinds[j]
			if part.Fits && !kind.Fits {
				continue // another kind of event fits
			}
			var asked []string
			for _, cl := range kind.Clauses {
				asked = append(asked, strings.TrimPrefix(cl.Field, "$")+" "+strings.Join(cl.Wanted, " or "))
			}
			p.line(2, kind.Fits, "%s", strings.Join(asked, ", "))
			if kind.Fits {
				break // the first kind that fits counts
			}
		}
	}
}

// words are how a step is said that has others below it.
var words = map[sigma.StepKind]string{
	sigma.StepAll: "all of", sigma.StepAny: "one of", sigma.StepNot: "not",
}

func (p *explainPrinter) step(s *sigma.Step, depth int) {
	name := ""
	if s.Name != "" {
		name = fmt.Sprintf("%s (line %d): ", s.Name, s.Line)
	}
	switch {
	case s.Again:
		p.line(depth, s.Holds, "%sas above", name)
	case s.Test != nil:
		p.line(depth, s.Holds, "%s%s  %s", name, s.Test, had(s.Test))
	default:
		p.line(depth, s.Holds, "%s%s", name, words[s.Kind])
	}
	for _, k := range s.Steps {
		p.step(k, depth+1)
	}
}

// had says what the event has where a test looks.
func had(t *sigma.Test) string {
	native := ""
	if t.Native != "" && t.Native != t.Field {
		native = t.Native + " "
	}
	switch {
	case t.Field == "":
		return ""
	case t.State != sigma.FieldValue:
		return "← " + native + string(t.State)
	}
	text := "← " + native + `"` + strings.Join(t.Had, `", "`) + `"`
	if len(t.Holds) > 0 && len(t.Wanted)+t.More > 1 && !t.All {
		text += ` by "` + strings.Join(t.Holds, `", "`) + `"`
	}
	return text
}
