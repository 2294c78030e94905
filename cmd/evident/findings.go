package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/state"
)

type findingsCmd struct {
	console.DataFlag
	Severity string `enum:",informational,low,medium,high,critical" default:"" help:"Only this severity."`
	Host     string `help:"Only this host."`
	Rule     string `help:"Only this rule id."`
	Limit    int    `default:"0" help:"At most this many; 0 for all."`
	JSON     bool   `help:"One OCSF Detection Finding a line."`
}

// Help shows an example.
func (findingsCmd) Help() string {
	return "Example:\n  evident findings --data /tmp/case1 --severity high --json"
}

// Run lists findings, newest first.
func (c *findingsCmd) Run(e *console.Env) error {
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident findings", NoSearch: true, Reader: true, Log: e.Log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.CatchUp(e.Context); err != nil {
		return err
	}
	filter := state.Filter{Host: c.Host, Rule: c.Rule, Limit: c.Limit}
	if c.Severity != "" {
		filter.Severity = detect.SeverityID(c.Severity)
	}
	found, total, err := n.Findings(e.Context, console.SystemCaller(), filter)
	if err != nil {
		return err
	}
	if c.JSON {
		for i := range found {
			if _, err := e.Stdout.Write(append(console.PlainJSON(found[i].Body), '\n')); err != nil {
				return fmt.Errorf("write output: %w", err)
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "FINDING\tTIME\tSEVERITY\tHOST\tEVENT\tRULE")
	for _, f := range found {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.UID, f.Time.Format("2006-01-02 15:04:05"),
			detect.SeverityName(f.Severity), console.Plain(f.Host), f.Event, console.Plain(f.Title))
	}
	fmt.Fprintf(w, "%d of %d\n", len(found), total)
	return w.Flush()
}
