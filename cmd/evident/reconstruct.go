package main

import (
	"fmt"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
)

type reconstructCmd struct {
	console.DataFlag
	JSON     bool   `help:"Print the incident as JSON."`
	Markdown bool   `help:"Print it as Markdown."`
	HTML     bool   `help:"Print it as one HTML page without scripts."`
	Seed     string `arg:"" name:"finding" help:"Finding, incident or event identifier."`
}

// Help shows an example.
func (reconstructCmd) Help() string {
	return "Example:\n  evident reconstruct --data /tmp/case1 12-7 --markdown"
}

// Run prints the ordered steps, each with its events and grade.
func (c *reconstructCmd) Run(e *console.Env) error {
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident reconstruct", Reader: true, Log: e.Log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.CatchUp(e.Context); err != nil {
		return err
	}
	incident, err := n.Reconstruct(e.Context, console.SystemCaller(), c.Seed)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return console.JSONLine(e.Stdout, incident)
	case c.Markdown:
		err = incident.WriteMarkdown(e.Stdout)
	case c.HTML:
		err = incident.WriteHTML(e.Stdout)
	default:
		err = incident.WriteText(e.Stdout)
	}
	if err != nil {
		return fmt.Errorf("print incident: %w", err)
	}
	return nil
}
