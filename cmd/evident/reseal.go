package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/rerun"
)

type sealCmd struct {
	console.DataFlag
	Out  string `required:"" placeholder:"FILE" type:"path" help:"File for the sealed result and its proof."`
	Seed string `arg:"" name:"finding" help:"Finding, incident or event identifier."`
}

// Help shows an example.
func (sealCmd) Help() string {
	return "The record names the seed, the versions and limits, the last entry the search could see,\n" +
		"the root of every entry it read, and the result. evident-verify checks the file anywhere;\n" +
		"reconstruct check runs it again.\n\n" +
		"Example:\n  evident reconstruct seal --data /tmp/case1 12-7 --out story.sealed"
}

// Run seals the result and writes it as a line of a file of proofs.
func (c *sealCmd) Run(e *console.Env) error {
	n, err := openReader(e, c.Dir(), "evident reconstruct seal")
	if err != nil {
		return err
	}
	defer n.Close()
	s, res, id, err := n.SealStory(e.Context, console.SystemCaller(), c.Seed)
	if err != nil {
		return err
	}
	line, err := n.ReceiptFile(e.Context, id)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, line, 0o600); err != nil {
		return fmt.Errorf("write sealed result: %w", err)
	}
	fmt.Fprintf(e.Stdout, "%s: %d steps from %d records of %d entries, root %s\n",
		console.Plain(res.Incident.UID), len(res.Steps), s.Events, s.Entries, s.Root)
	fmt.Fprintf(e.Stdout, "result %s; sealed as event %s\n", s.Digest, id)
	return nil
}

type recheckCmd struct {
	console.DataFlag
	JSON bool   `help:"Print the verdict as JSON."`
	File string `arg:"" name:"sealed" help:"File that reconstruct seal wrote, or the event that it was sealed as."`
}

// Help shows an example.
func (recheckCmd) Help() string {
	return "Reads the records again, not the server's state; what came since changes nothing.\n\n" +
		"Example:\n  evident reconstruct check --data /tmp/case1 story.sealed"
}

// Run reconstructs again and says what differs.
func (c *recheckCmd) Run(e *console.Env) error {
	n, err := openReader(e, c.Dir(), "evident reconstruct check")
	if err != nil {
		return err
	}
	defer n.Close()
	s, err := c.read(e, n)
	if err != nil {
		return err
	}
	v, err := n.CheckStory(e.Context, console.SystemCaller(), s)
	if err != nil {
		return err
	}
	if c.JSON {
		err = console.JSONLine(e.Stdout, v)
	} else {
		printVerdict(e, s, v)
	}
	if err == nil && !v.Same {
		return console.ErrWrong
	}
	return err
}

func (c *recheckCmd) read(e *console.Env, n *node.Node) (*rerun.Sealed, error) {
	f, err := os.Open(c.File)
	if errors.Is(err, os.ErrNotExist) {
		id, parseErr := event.ParseID(c.File)
		if parseErr != nil {
			return nil, fmt.Errorf("read sealed result: %w", err)
		}
		return n.SealedStory(e.Context, id)
	}
	if err != nil {
		return nil, fmt.Errorf("read sealed result: %w", err)
	}
	defer f.Close()
	s, err := n.OpenStory(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.File, err)
	}
	return s, nil
}

func printVerdict(e *console.Env, s *rerun.Sealed, v *rerun.Verdict) {
	out := e.Stdout
	if v.Same {
		fmt.Fprintf(out, "the same: result %s of %d records in %d entries, root %s\n", s.Digest, s.Events, s.Entries, s.Root)
		return
	}
	if v.Digest == s.Digest {
		fmt.Fprintf(out, "the same result %s, but not from the same records\n", s.Digest)
	} else {
		fmt.Fprintf(out, "another result %s, sealed was %s\n", v.Digest, s.Digest)
	}
	if v.Engine {
		fmt.Fprintf(out, "another version of the program: it was engine %d, edges %d\n", s.Engine, s.Edges)
	}
	if v.Rejudged {
		fmt.Fprintln(out, "rules say otherwise of these records now, and what they said was too much to keep")
	}
	for _, list := range []struct {
		entries []uint64
		what    string
	}{
		{v.Altered, "has other records than then"},
		{v.Gone, "was read then and is gone"},
		{v.Added, "is read now and was not then"},
	} {
		for _, entry := range list.entries {
			fmt.Fprintf(out, "entry %d %s\n", entry, list.what)
		}
	}
	for _, d := range v.Differences {
		fmt.Fprintf(out, "%s %s: %s", d.Change, d.What, console.Plain(d.Text))
		if d.Before != "" || d.After != "" {
			fmt.Fprintf(out, " (%s -> %s)", console.Plain(d.Before), console.Plain(d.After))
		}
		fmt.Fprintln(out)
	}
}
