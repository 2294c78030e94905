package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/edgelake"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/story"
)

type reconstructCmd struct {
	Show     tellCmd     `cmd:"" default:"withargs" help:"Tell the story around a finding, an incident or an event."`
	Annotate annotateCmd `cmd:"" help:"Say something of an incident or a step; it is sealed beside the result."`
	Seal     sealCmd     `cmd:"" help:"Seal a result with the roots of all that it rests on."`
	Check    recheckCmd  `cmd:"" help:"Run a sealed result again and compare."`
}

type tellCmd struct {
	console.DataFlag
	Format   string   `enum:",text,markdown,html,json,timesketch,stix,ocsf,dot,notes" default:"" help:"text, markdown, html, json, timesketch, stix, ocsf, dot or notes."`
	Out      string   `placeholder:"FILE" type:"path" help:"Write to this file instead of standard output."`
	JSON     bool     `help:"Print the incident as JSON on one line."`
	Markdown bool     `help:"Short for --format markdown."`
	HTML     bool     `help:"Short for --format html: one page without scripts."`
	Diff     bool     `help:"Tell what differs between two runs: incidents, findings, events, or files with a result as JSON."`
	Seed     []string `arg:"" name:"finding" help:"Finding, incident or event identifier; two with --diff, the second one the same run made anew where it is left out."`
}

// Help shows an example.
func (tellCmd) Help() string {
	return "Example:\n  evident reconstruct --data /tmp/case1 12-7 --markdown\n" +
		"  evident reconstruct --data /tmp/case1 12-7 --format stix --out flow.json\n" +
		"  evident reconstruct --data /tmp/case1 --diff old.json 12-7"
}

// openReader opens the data folder for one question.
func openReader(e *console.Env, dir, command string) (*node.Node, error) {
	n, err := node.Open(e.Context, node.Config{Dir: dir, Command: command, Reader: true, Log: e.Log})
	if err != nil {
		return nil, err
	}
	if err := n.CatchUp(e.Context); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Run prints the ordered steps, each with its events and grade.
func (c *tellCmd) Run(e *console.Env) error {
	if c.Diff {
		return c.compare(e)
	}
	if len(c.Seed) != 1 {
		return fmt.Errorf("%d identifiers given, want one; two go with --diff", len(c.Seed))
	}
	n, err := openReader(e, c.Dir(), "evident reconstruct")
	if err != nil {
		return err
	}
	defer n.Close()
	told, err := n.Tell(e.Context, console.SystemCaller(), c.Seed[0])
	if err != nil {
		return err
	}
	sayEdges(e, n.Edges().Status())
	if c.JSON {
		return console.JSONLine(e.Stdout, told.Result)
	}
	form, err := story.FormOf(c.form())
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := form.Write(&body, told); err != nil {
		return err
	}
	return c.put(e.Stdout, form, body.Bytes())
}

// sayEdges logs what the reconstruction was made from.
func sayEdges(e *console.Env, s edgelake.Status) {
	if s.Loaded > 0 || s.Pending > 0 { // else it is the kept result
		e.Log.Info("reconstructed from stored edges", "events", s.Records+int64(s.Pending),
			"files", s.Loaded, "of", s.Files, "derived", s.Derived)
	}
}

func (c *tellCmd) form() string {
	switch {
	case c.Markdown:
		return "markdown"
	case c.HTML:
		return "html"
	case c.Format == "":
		return "text"
	}
	return c.Format
}

// put writes the file, byte for byte, or prints what a terminal may be given.
func (c *tellCmd) put(stdout io.Writer, form story.Form, body []byte) error {
	if c.Out != "" {
		if err := os.WriteFile(c.Out, body, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", form.Name, err)
		}
		return nil
	}
	lines := bytes.SplitAfter(body, []byte("\n"))
	for _, line := range lines {
		if text, ended := bytes.CutSuffix(line, []byte("\n")); ended && form.Name == "json" {
			line = append(console.PlainJSON(text), '\n')
		}
		if _, err := stdout.Write(line); err != nil {
			return fmt.Errorf("print incident: %w", err)
		}
	}
	return nil
}

// compare prints what differs between two runs.
func (c *tellCmd) compare(e *console.Env) error {
	if len(c.Seed) > 2 {
		return fmt.Errorf("%d runs given to compare, want one or two", len(c.Seed))
	}
	a, b := c.Seed[0], c.Seed[len(c.Seed)-1]
	diff, err := c.difference(e, a, b)
	if err != nil {
		return err
	}
	if c.JSON || c.Format == "json" {
		return console.JSONLine(e.Stdout, diff)
	}
	if err := story.WriteComparison(e.Stdout, diff); err != nil {
		return fmt.Errorf("print comparison: %w", err)
	}
	return nil
}

func (c *tellCmd) difference(e *console.Env, a, b string) (*story.Comparison, error) {
	before, fileA, err := resultFile(a)
	if err != nil {
		return nil, err
	}
	after, fileB, err := resultFile(b)
	if err != nil {
		return nil, err
	}
	if fileA && fileB {
		return story.Compare(before, after), nil
	}
	n, err := openReader(e, c.Dir(), "evident reconstruct --diff")
	if err != nil {
		return nil, err
	}
	defer n.Close()
	caller := console.SystemCaller()
	if !fileA && !fileB {
		return n.Compare(e.Context, caller, a, b)
	}
	if !fileA {
		before, err = n.Reconstruct(e.Context, caller, a)
	} else {
		after, err = n.Reconstruct(e.Context, caller, b)
	}
	if err != nil {
		return nil, err
	}
	return story.Compare(before, after), nil
}

// resultFile reads a result that was written as JSON; false where there is no
// such file.
func resultFile(name string) (*reconstruct.Result, bool, error) {
	body, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read result: %w", err)
	}
	var r reconstruct.Result
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, false, fmt.Errorf("read result %s: %w", name, err)
	}
	if r.Incident.UID == "" {
		return nil, false, fmt.Errorf("%s is no result: it names no incident; "+
			"write one with --format json", name)
	}
	return &r, true, nil
}
