package detectcmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/evident-sec/evident/internal/attack"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/sigma"
)

type coverageCmd struct {
	loadFlags
	selectFlags
	Data   string `placeholder:"DIR" type:"path" help:"Say which rules lack data, by what this data folder has received."`
	Attack string `placeholder:"FILE" type:"path" help:"ATT&CK as STIX, plain or .gz, for the names of techniques."`
	Layer  string `placeholder:"FILE" type:"path" help:"Write a layer for the ATT&CK Navigator there."`
	Name   string `default:"Evident rules" help:"Name of the layer."`
	JSON   bool   `help:"One JSON object."`
}

// Help shows an example.
func (coverageCmd) Help() string {
	return "Example:\n  evident rules coverage --rules sigma/rules --data /tmp/case1 --layer layer.json\n" +
		"  evident rules coverage --attack enterprise-attack.json --json"
}

// Run prints the techniques and, with --data, the gaps.
func (c *coverageCmd) Run(e *console.Env) error {
	names, err := attack.ReadCatalogFile(c.Attack)
	if err != nil {
		return err
	}
	rules, err := c.rules(e)
	if err != nil {
		return err
	}
	sum := attack.NewCoverage(rules, names)
	if c.Layer != "" {
		if err := c.writeLayer(sum); err != nil {
			return err
		}
	}
	if c.JSON {
		return console.JSONLine(e.Stdout, sum)
	}
	return printCoverage(e, sum)
}

// rules loads and chooses the rules and finds out what feeds them.
func (c *coverageCmd) rules(e *console.Env) ([]attack.Rule, error) {
	set, err := c.load()
	if err != nil {
		return nil, err
	}
	choice, err := c.choose()
	if err != nil {
		return nil, err
	}
	set = choice.apply(set)
	sources, err := node.Logsources()
	if err != nil {
		return nil, err
	}
	feeds, err := c.feeds(e)
	if err != nil {
		return nil, err
	}
	var out []attack.Rule
	for _, r := range set.Rules {
		if r.Silent {
			continue
		}
		rule := attackRule(&r.Meta)
		rule.Logsource, rule.Needs = r.Logsource.String(), sources.Kinds(r.Logsource)
		rule.Feed, rule.Events = feeds.Of(r.Logsource)
		out = append(out, rule)
	}
	for _, r := range set.Correlations {
		if !r.Silent {
			out = append(out, correlationRule(r, feeds, sources))
		}
	}
	return out, nil
}

func attackRule(m *sigma.Meta) attack.Rule {
	return attack.Rule{UID: m.ID, Title: m.Title, Level: m.Level, Techniques: m.Techniques()}
}

// correlationRule is blind when one of its rules is and all of them must occur,
// or when all of them are.
func correlationRule(
	c *sigma.Correlation, feeds *node.Feeds, sources *sigma.Logsources,
) attack.Rule {
	out := attackRule(&c.Meta)
	every := (c.Type == sigma.Temporal || c.Type == sigma.TemporalOrdered) && c.Bounds == nil
	missing := 0
	bases := baseRules(found{Meta: &c.Meta, correlation: c})
	for _, r := range bases {
		feed, events := feeds.Of(r.Logsource)
		out.Events += events
		if feed == attack.FeedMissing {
			missing++
			out.Logsource, out.Needs = r.Logsource.String(), sources.Kinds(r.Logsource)
		}
		if out.Feed == attack.FeedUnknown {
			out.Feed = feed
		}
	}
	switch {
	case missing > 0 && (every || missing == len(bases)):
		out.Feed = attack.FeedMissing
	case out.Feed == attack.FeedMissing:
		out.Feed = attack.FeedReceived
	}
	return out
}

// feeds asks the data folder which events it has received.
func (c *coverageCmd) feeds(e *console.Env) (*node.Feeds, error) {
	if c.Data == "" {
		return nil, nil
	}
	if err := isDataFolder(c.Data); err != nil {
		return nil, err
	}
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Data, Command: "evident rules coverage", Reader: true, Log: e.Log,
	})
	if err != nil {
		return nil, err
	}
	if err := n.CatchUp(e.Context); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	feeds, err := n.Feeds(e.Context)
	return feeds, errors.Join(err, n.Close())
}

func (c *coverageCmd) writeLayer(sum *attack.Coverage) error {
	text, err := json.MarshalIndent(sum.Layer(c.Name), "", "  ")
	if err != nil {
		return fmt.Errorf("write layer: %w", err)
	}
	if err := os.WriteFile(c.Layer, append(console.PlainJSON(text), '\n'), 0o644); err != nil {
		return fmt.Errorf("write layer: %w", err)
	}
	return nil
}

// printCoverage prints techniques and gaps as tables.
func printCoverage(e *console.Env, sum *attack.Coverage) error {
	w := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "TECHNIQUE\tRULES")
	if sum.Judged {
		fmt.Fprint(w, "\tWITH DATA")
	}
	fmt.Fprintln(w, "\tNAME")
	for _, t := range sum.Techniques {
		fmt.Fprintf(w, "%s\t%d", console.Plain(t.ID), t.Rules)
		if sum.Judged {
			fmt.Fprintf(w, "\t%d", t.Able)
		}
		fmt.Fprintf(w, "\t%s\n", console.Plain(techniqueNote(&t)))
	}
	if len(sum.Gaps) > 0 {
		fmt.Fprintln(w, "\nNOT RECEIVED\tRULES\tTECHNIQUES LOST\tWOULD BE FED BY")
		for _, g := range sum.Gaps {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", console.Plain(g.Logsource), g.Rules,
				console.Plain(console.Short(strings.Join(g.Lost, " "))), console.Plain(console.Short(strings.Join(g.Needs, "; or "))))
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	fmt.Fprintf(e.Stderr, "%s, %s; %d without one", printable.Count(sum.Rules, "rule"),
		printable.Count(len(sum.Techniques), "technique"), sum.Untagged)
	if sum.Judged {
		fmt.Fprintf(e.Stderr, "; %d cannot fire for want of data; %d run on every event, because their "+
			"log source is unknown", sum.Blind, sum.Everywhere)
	}
	fmt.Fprintln(e.Stderr)
	return nil
}

func techniqueNote(t *attack.Technique) string {
	switch {
	case t.Unknown:
		return "(not in this version of ATT&CK)"
	case t.Retired:
		return t.Name + " (withdrawn by ATT&CK)"
	}
	return t.Name
}
