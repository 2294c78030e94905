package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
)

type rulesExplainCmd struct {
	loadFlags
	Data   string `placeholder:"DIR" type:"path" help:"Data folder of an event identifier."`
	Record int64  `default:"1" help:"Which record of the file, from 1."`
	ASCII  bool   `help:"Mark with yes and no instead of ✓ and ✗."`
	JSON   bool   `help:"One JSON object for each rule."`
	Rule   string `arg:"" help:"Rule: id or its beginning, name, title or file."`
	Event  string `arg:"" help:"File with the event (JSON, EVTX, any format), - for standard input, or with --data an identifier."`
}

// Help shows an example.
func (rulesExplainCmd) Help() string {
	return "Example:\n  evident rules explain --rules sigma/rules 'Suspicious Whoami' event.json\n" +
		"  evident rules explain --data /tmp/case1 5b0f7a52-3f0c-4c52-9a3e-0f4a4f5f6c11 12-7"
}

// Run explains; for a correlation, every rule that it correlates.
func (c *rulesExplainCmd) Run(e *env) error {
	set, err := c.load()
	if err != nil {
		return err
	}
	which, err := findRule(set, c.Rule)
	if err != nil {
		return err
	}
	plan, err := node.CompilePlan(set)
	if err != nil {
		return err
	}
	ev, err := c.event(e)
	if err != nil {
		return err
	}
	if ev.Problem != "" {
		return fmt.Errorf("read event: %s", ev.Problem)
	}
	for _, r := range baseRules(which) {
		x := plan.Explain(r, ev)
		if c.JSON {
			err = jsonLine(e.stdout, x)
		} else {
			err = c.print(e, x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// baseRules are the rules that look at events.
func baseRules(f found) []*sigma.Rule {
	if f.rule != nil {
		return []*sigma.Rule{f.rule}
	}
	var out []*sigma.Rule
	for _, ref := range f.correlation.Rules {
		if ref.Rule != nil {
			out = append(out, ref.Rule)
		} else if ref.Correlation != nil && ref.Correlation != f.correlation {
			out = append(out, baseRules(found{Meta: &ref.Correlation.Meta, correlation: ref.Correlation})...)
		}
	}
	return out
}

// event reads the one event.
func (c *rulesExplainCmd) event(e *env) (*event.Event, error) {
	if c.Data == "" {
		return c.eventOfFile(e)
	}
	id, err := event.ParseID(c.Event)
	if err != nil {
		return nil, err
	}
	n, err := openPast(e, pastOrder{dir: c.Data, command: "evident rules explain"})
	if err != nil {
		return nil, err
	}
	ev, _, err := n.Original(e.ctx, systemCaller(), id)
	return ev, errors.Join(err, n.Close())
}

var errFound = errors.New("found")

func (c *rulesExplainCmd) eventOfFile(e *env) (*event.Event, error) {
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		return nil, fmt.Errorf("load mappings: %w", err)
	}
	in, err := fileInput(e, []string{c.Event}, "")
	if err != nil {
		return nil, err
	}
	var ev *event.Event
	var seen int64
	err = in.each(e.ctx, func(_ context.Context, entry *event.Entry) error {
		if seen += int64(len(entry.Records)); seen < c.Record {
			return nil
		}
		at := c.Record - 1 - (seen - int64(len(entry.Records)))
		one := *entry
		one.Records = entry.Records[at : at+1]
		ev = &norm.Entry(&one)[0]
		return errFound
	})
	switch {
	case ev != nil:
		return ev, nil
	case err != nil:
		return nil, err
	case len(in.report.Problems) > 0:
		return nil, fmt.Errorf("read event: %s", in.report.Problems[0])
	}
	return nil, fmt.Errorf("read event: %s has %d records, there is no number %d", c.Event, seen, c.Record)
}

// print shows an explanation as a tree.
func (c *rulesExplainCmd) print(e *env, x *sigma.Explanation) error {
	p := explainPrinter{out: e.stdout, yes: "✓", no: "✗"}
	if c.ASCII {
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
		_, p.err = fmt.Fprintln(p.out, strings.Repeat("  ", depth)+plain(text))
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
