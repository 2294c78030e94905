package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
)

// printSeals says what the sources' own seals said when they were read. That
// they did not hold then is no failure of this store.
func printSeals(e *console.Env, s *node.Seals) {
	if s == nil {
		return
	}
	fmt.Fprintf(e.Stdout, "%d event logs brought seals of their own, %d did not hold when they were read\n",
		s.Logs, len(s.Broken))
	for _, b := range s.Broken {
		for _, p := range b.Problems {
			fmt.Fprintf(e.Stdout, "  event %s: %s: %s\n", b.Event, console.Plain(b.Source), console.Plain(p))
		}
	}
}

// outsideFlags name what is kept apart from the data folder.
type outsideFlags struct {
	Pin     string `placeholder:"FILE" type:"path" help:"Checkpoint seen earlier: the ledger must still begin with it."`
	KeepPin bool   `help:"After a clean check, put the new checkpoint in the file of --pin."`
	Policy  string `placeholder:"FILE" type:"path" help:"Policy: keys of the ledger and of the witnesses to believe."`
}

func (f outsideFlags) outside() (out node.Outside, err error) {
	if f.KeepPin && f.Pin == "" {
		return out, errors.New("--keep-pin needs --pin FILE")
	}
	if f.Policy != "" {
		if out.Policy, err = readPolicy(f.Policy); err != nil {
			return out, err
		}
	}
	if f.Pin == "" {
		return out, nil
	}
	out.Pin, err = os.ReadFile(f.Pin)
	if errors.Is(err, fs.ErrNotExist) && f.KeepPin {
		return out, nil // the first time
	}
	if err != nil {
		return out, fmt.Errorf("read pinned checkpoint: %w", err)
	}
	return out, nil
}

// keep puts the checkpoint that was verified in the place of the pin.
func (f outsideFlags) keep(r *node.Verification) error {
	if !f.KeepPin {
		return nil
	}
	if err := os.WriteFile(f.Pin+".new", []byte(r.Checkpoint), 0o600); err != nil {
		return fmt.Errorf("keep pin: %w", err)
	}
	if err := os.Rename(f.Pin+".new", f.Pin); err != nil {
		return fmt.Errorf("keep pin: %w", err)
	}
	return nil
}
