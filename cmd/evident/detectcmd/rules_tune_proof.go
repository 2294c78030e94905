package detectcmd

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/state"
)

// maxHidden bounds the examples of what a filter hides.
const maxHidden = 20

// tell sums up the findings that the filter hides. One that belongs to an
// incident is told by name.
func (p *tuningProof) tell(e *console.Env, n *node.Node, hidden []state.Finding) error {
	p.Hidden = len(hidden)
	for i := range hidden {
		f := &hidden[i]
		if f.Host != "" && !slices.Contains(p.Hosts, f.Host) {
			p.Hosts = append(p.Hosts, f.Host)
		}
		at := f.Time.UTC().Format("2006-01-02 15:04:05")
		line := fmt.Sprintf("%s  %s  %s", f.Event, at, orDash(f.Host))
		if len(p.Examples) < maxHidden {
			p.Examples = append(p.Examples, line)
		}
		live, err := n.State().Finding(e.Context, f.UID)
		switch {
		case errors.Is(err, state.ErrNotFound):
		case err != nil:
			return err
		case live.Incident != "" && len(p.Serious) < maxHidden:
			p.Serious = append(p.Serious, line+"  "+live.Incident)
		}
	}
	slices.Sort(p.Hosts)
	return nil
}

// decide says whether the filter may be written.
func (c *tuneCmd) decide(p *tuningProof) {
	switch {
	case len(p.Lost) > 0:
		p.Reason = fmt.Sprintf("the filter would hide %d positive %s of the rule", len(p.Lost),
			plural("test", len(p.Lost)))
	case p.Tests == 0 && !c.Unproven:
		p.Reason = "the rule has no positive test, so nothing shows that it still finds what it is for; " +
			"write one (docs/rules.md), name some with --tests, or insist with --unproven"
	default:
		p.Written = true
	}
}

// write puts the filter into a new file, or on standard output.
func (c *tuneCmd) write(e *console.Env, text string) error {
	if c.Out == "" {
		if c.JSON {
			return nil
		}
		_, err := fmt.Fprint(e.Stdout, text)
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write filter: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write filter: %w", err)
	}
	return nil
}

// print says what the filter was seen to do.
func (c *tuneCmd) print(e *console.Env, p *tuningProof) error {
	if c.JSON {
		return console.JSONLine(e.Stdout, p)
	}
	out := e.Stderr
	fmt.Fprintf(out, "positive tests of the rule that still pass: %d\n", p.Tests)
	for _, l := range p.Lost {
		fmt.Fprintf(out, "  HIDDEN: %s\n", console.Plain(l))
	}
	fmt.Fprintf(out, "hits of the past that would be hidden: %d of %d", p.Hidden, p.Hits)
	if len(p.Hosts) > 0 {
		fmt.Fprintf(out, ", on %s", console.Plain(console.Short(strings.Join(p.Hosts, ", "))))
	}
	fmt.Fprintln(out)
	for _, x := range p.Examples {
		fmt.Fprintf(out, "  %s\n", console.Plain(x))
	}
	for _, x := range p.Serious {
		fmt.Fprintf(out, "  part of an incident: %s\n", console.Plain(x))
	}
	if p.Hits > 0 && p.Hidden == p.Hits {
		fmt.Fprintln(out, "  that is every hit there was: is the pattern narrow enough?")
	}
	switch {
	case !p.Written:
		fmt.Fprintf(out, "not written: %s\n", console.Plain(p.Reason))
	case c.Out != "":
		fmt.Fprintf(out, "written to %s; it takes effect where that folder is among --rules\n",
			console.Plain(c.Out))
	}
	return nil
}
