package main

import (
	"fmt"
	"os"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/node"
)

type proveCmd struct {
	dataFlag
	Raw   string `placeholder:"FILE" help:"Also write the original bytes there." type:"path"`
	Event string `arg:"" help:"Event identifier, e.g. 12-7."`
}

// Help shows an example.
func (proveCmd) Help() string {
	return "Example:\n  evident prove --data /tmp/case1 12-7 > 12-7.tlog-proof"
}

// Run prints the proof in C2SP tlog-proof form and checks it before.
func (c *proveCmd) Run(e *env) error {
	id, err := event.ParseID(c.Event)
	if err != nil {
		return err
	}
	// Reading original bytes is recorded, so it needs a folder that works.
	n, err := node.Open(e.ctx, node.Config{
		Dir: c.dir(), Command: "evident prove", NoSearch: true, Reader: true, Frozen: c.Raw == "", Log: e.log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	p, err := n.Prove(e.ctx, id)
	if err != nil {
		return err
	}
	_, record, err := n.Event(e.ctx, id)
	if err != nil {
		return err
	}
	if err := p.Verify(record.Raw, n.Verifier()); err != nil {
		fmt.Fprintf(e.stderr, "evident: event %s: %v\n", id, err)
		return errWrong
	}
	if c.Raw != "" {
		act := node.Act{Operation: "read-original", Caller: systemCaller(), Detail: "event " + id.String()}
		if err := n.Record(e.ctx, act); err != nil {
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
	_, err = e.stdout.Write(text)
	return err
}
