package detectcmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/report"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
)

type explainCmd struct {
	loadFlags
	Data   string `placeholder:"DIR" type:"path" help:"Data folder of an event identifier."`
	Record int64  `default:"1" help:"Which record of the file, from 1."`
	ASCII  bool   `help:"Mark with yes and no instead of ✓ and ✗."`
	JSON   bool   `help:"One JSON object for each rule."`
	Rule   string `arg:"" help:"Rule: id or its beginning, name, title or file."`
	Event  string `arg:"" help:"File with the event (JSON, EVTX, any format), - for standard input, or with --data an identifier."`
}

// Help shows an example.
func (explainCmd) Help() string {
	return "Example:\n  evident rules explain --rules sigma/rules 'Suspicious Whoami' event.json\n" +
		"  evident rules explain --data /tmp/case1 5b0f7a52-3f0c-4c52-9a3e-0f4a4f5f6c11 12-7"
}

// Run explains; for a correlation, every rule that it correlates.
func (c *explainCmd) Run(e *console.Env) error {
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
			err = console.JSONLine(e.Stdout, x)
		} else {
			err = report.Explanation(e.Stdout, x, c.ASCII)
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
func (c *explainCmd) event(e *console.Env) (*event.Event, error) {
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
	ev, _, err := n.Original(e.Context, console.SystemCaller(), id)
	return ev, errors.Join(err, n.Close())
}

var errFound = errors.New("found")

func (c *explainCmd) eventOfFile(e *console.Env) (*event.Event, error) {
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
	err = in.each(e.Context, func(_ context.Context, entry *event.Entry) error {
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
	return nil, fmt.Errorf("read event: %s has %d records, there is no number %d", c.Event, seen,
		c.Record)
}
