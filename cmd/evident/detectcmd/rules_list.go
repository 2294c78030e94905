package detectcmd

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/sigma"
)

type listCmd struct {
	loadFlags
	selectFlags
	JSON bool `help:"One JSON object a line."`
}

// Help shows an example.
func (listCmd) Help() string {
	return "Example:\n  evident rules list --min-level high --tags 'attack.t1003*'"
}

// listed is one line of rules list --json.
type listed struct {
	Kind       string   `json:"kind"` // detection or correlation
	UID        string   `json:"uid"`
	Title      string   `json:"title"`
	Level      string   `json:"level"`
	Status     string   `json:"status"`
	Logsource  string   `json:"logsource,omitempty"`
	Everywhere bool     `json:"everywhere"` // its log source is unknown, it runs on every event
	Silent     bool     `json:"silent"`     // only feeds correlations
	Techniques []string `json:"techniques"`
	Tags       []string `json:"tags"`
	File       string   `json:"file"`
	Line       int      `json:"line"`
	Author     string   `json:"author"`
	License    string   `json:"license"`
}

// Run lists rules with level, status, title and techniques.
func (c *listCmd) Run(e *console.Env) error {
	set, err := c.load()
	if err != nil {
		return err
	}
	choice, err := c.choose()
	if err != nil {
		return err
	}
	set = choice.apply(set)
	if _, err := node.CompilePlan(set); err != nil { // says which are routed
		return err
	}
	rows := listRules(set)
	if c.JSON {
		for i := range rows {
			if err := console.JSONLine(e.Stdout, rows[i]); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "LEVEL\tSTATUS\tID\tTITLE\tTECHNIQUES")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", orDash(r.Level), orDash(r.Status), orDash(console.Plain(r.UID)),
			console.Plain(r.Title), console.Plain(strings.Join(r.Techniques, " ")))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	fmt.Fprintln(e.Stderr, printable.Count(len(rows), "rule"))
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// listRules makes a row of every document that judges.
func listRules(set *sigma.RuleSet) []listed {
	var out []listed
	for _, r := range set.Rules {
		row := listRow("detection", &r.Meta)
		row.Logsource, row.Silent = r.Logsource.String(), r.Silent
		row.Everywhere = !r.Routed
		out = append(out, row)
	}
	for _, r := range set.Correlations {
		row := listRow("correlation", &r.Meta)
		row.Silent = r.Silent
		out = append(out, row)
	}
	return out
}

func listRow(kind string, m *sigma.Meta) listed {
	return listed{
		Kind: kind, UID: m.ID, Title: m.Title, Level: m.Level, Status: m.Status,
		Techniques: orNone(m.Techniques()), Tags: orNone(m.Tags), File: m.File, Line: m.Line,
		Author: m.Author, License: m.License,
	}
}

// orNone is the list, empty instead of nil, for JSON.
func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
