package main

import (
	"fmt"

	"github.com/evident-sec/evident/internal/node"
)

type reconstructCmd struct {
	dataFlag
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
func (c *reconstructCmd) Run(e *env) error {
	n, err := node.Open(e.ctx, node.Config{
		Dir: c.dir(), Command: "evident reconstruct", Reader: true, Log: e.log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.CatchUp(e.ctx); err != nil {
		return err
	}
	incident, err := n.Reconstruct(e.ctx, systemCaller(), c.Seed)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return jsonLine(e.stdout, incident)
	case c.Markdown:
		err = incident.WriteMarkdown(e.stdout)
	case c.HTML:
		err = incident.WriteHTML(e.stdout)
	default:
		err = incident.WriteText(e.stdout)
	}
	if err != nil {
		return fmt.Errorf("print incident: %w", err)
	}
	return nil
}
