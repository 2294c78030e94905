package main

import (
	"fmt"
	"os"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
)

type proveCmd struct {
	console.DataFlag
	Raw   string `placeholder:"FILE" help:"Also write the original bytes there." type:"path"`
	Event string `arg:"" help:"Event identifier, e.g. 12-7."`
}

// Help shows an example.
func (proveCmd) Help() string {
	return "Example:\n  evident prove --data /tmp/case1 12-7 > 12-7.tlog-proof"
}

// Run prints the proof in C2SP tlog-proof form and checks it before.
func (c *proveCmd) Run(e *console.Env) error {
	id, err := event.ParseID(c.Event)
	if err != nil {
		return err
	}
	// Reading original bytes is recorded, so it needs a folder that works.
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident prove", NoSearch: true, Reader: true, Frozen: c.Raw == "", Log: e.Log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	p, err := n.Prove(e.Context, id)
	if err != nil {
		return err
	}
	_, record, err := n.Event(e.Context, id)
	if err != nil {
		return err
	}
	if err := p.Verify(record.Raw, n.Verifier()); err != nil {
		fmt.Fprintf(e.Stderr, "evident: event %s: %v\n", id, err)
		return console.ErrWrong
	}
	if c.Raw != "" {
		act := node.Act{Operation: "read-original", Caller: console.SystemCaller(), Detail: "event " + id.String()}
		if err := n.Record(e.Context, act); err != nil {
			return err
		}
		if err := os.WriteFile(c.Raw, record.Raw, 0o600); err != nil {
			return fmt.Errorf("write original bytes: %w", err)
		}
	}
	text, err := p.MarshalText()
	if err != nil {
		return fmt.Errorf("print proof: %w", err)
	}
	_, err = e.Stdout.Write(text)
	return err
}
