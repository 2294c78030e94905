package main

import (
	"fmt"
	"os"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/node"
)

type recoverCmd struct {
	console.DataFlag
	AcceptLoss bool `help:"Go on though acknowledged entries are gone without a trace; each is named and sealed as lost."`
	JSON       bool `help:"Print the losses as one JSON list."`
}

// Help shows an example.
func (recoverCmd) Help() string {
	return "Example:\n  evident recover --data /tmp/case1\n" +
		"What to do after which damage: docs/recovery.md"
}

// Run opens the folder, which sets damaged entries aside, processes what waits and
// lists what is lost.
func (c *recoverCmd) Run(e *console.Env) error {
	if _, err := os.Stat(c.Dir()); err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident recover", NoSearch: true, Reader: true,
		AcceptLoss: c.AcceptLoss, Log: e.Log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	losses := n.Losses() // the journal forgets them once they are sealed
	if err := n.Settle(e.Context); err != nil {
		return err
	}
	if c.JSON {
		return console.JSONLine(e.Stdout, append([]journal.Loss{}, losses...))
	}
	for _, l := range losses {
		fmt.Fprintf(e.Stdout, "LOST %s\n", console.Plain(l.Sentence()))
	}
	fmt.Fprintf(e.Stdout, "%d entries are lost; everything else in the journal is processed and sealed\n", len(losses))
	return nil
}
