package main

import (
	"fmt"
	"os"

	"github.com/evident-sec/evident/cmd/evident/searchcmd"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/receipt"
	"github.com/evident-sec/evident/internal/search"
)

type receiptCmd struct {
	Make  receiptMakeCmd  `cmd:"" help:"Run a search and seal what it covered and found."`
	Check receiptCheckCmd `cmd:"" help:"Run the search of a receipt again and compare."`
}

type receiptMakeCmd struct {
	console.DataFlag
	From  searchcmd.Instant `placeholder:"T" help:"From this event time: RFC 3339, a date, or --from=-24h."`
	To    searchcmd.Instant `placeholder:"T" help:"Before this event time."`
	Out   string            `required:"" placeholder:"FILE" type:"path" help:"File for the receipt and its proof."`
	Query string            `arg:"" help:"Query; see docs/query-language.md."`
}

// Help shows an example.
func (receiptMakeCmd) Help() string {
	return "evident-verify checks the file anywhere; receipt check runs the search again.\n\n" +
		"Example:\n  evident receipt make --data /tmp/case1 --out lsass.receipt 'process.cmd_line:*lsass*'"
}

// Run writes the receipt as a line of a file of proofs.
func (c *receiptMakeCmd) Run(e *console.Env) error {
	q, err := search.Parse(c.Query)
	if err != nil {
		return fmt.Errorf("read query: %w", err)
	}
	n, err := node.Open(e.Context, node.Config{Dir: c.Dir(), Command: "evident receipt make", Reader: true, Log: e.Log})
	if err != nil {
		return err
	}
	defer n.Close()
	r, id, err := n.Receipt(e.Context, console.SystemCaller(), q, c.From.Time, c.To.Time)
	if err != nil {
		return err
	}
	line, err := n.ReceiptFile(e.Context, id)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, line, 0o600); err != nil {
		return fmt.Errorf("write receipt: %w", err)
	}
	fmt.Fprintf(e.Stdout, "%d results in entries 1 to %d, root %s\n", r.Results, r.Through, r.Root)
	fmt.Fprintf(e.Stdout, "%d sources, %d gaps; sealed as event %s\n", len(r.Sources), len(r.Gaps), id)
	return nil
}

type receiptCheckCmd struct {
	console.DataFlag
	JSON bool   `help:"Print the difference as JSON."`
	File string `arg:"" type:"path" help:"File that receipt make wrote."`
}

// Help shows an example.
func (receiptCheckCmd) Help() string {
	return "Example:\n  evident receipt check --data /tmp/case1 lsass.receipt"
}

// Run checks the receipt's proof and runs its search again.
func (c *receiptCheckCmd) Run(e *console.Env) error {
	n, err := node.Open(e.Context, node.Config{Dir: c.Dir(), Command: "evident receipt check", Reader: true, Log: e.Log})
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.CatchUp(e.Context); err != nil {
		return err
	}
	r, err := readReceipt(c.File, n)
	if err != nil {
		return err
	}
	d, err := n.Rerun(e.Context, console.SystemCaller(), r)
	if err != nil {
		return err
	}
	if c.JSON {
		err = console.JSONLine(e.Stdout, d)
	} else {
		printDifference(e, r, &d)
	}
	if err == nil && !d.Same {
		return console.ErrWrong
	}
	return err
}

// readReceipt checks that the receipt is sealed in this folder's ledger.
func readReceipt(path string, n *node.Node) (*receipt.Receipt, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read receipt: %w", err)
	}
	defer f.Close()
	r, err := n.OpenReceipt(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func printDifference(e *console.Env, r *receipt.Receipt, d *receipt.Difference) {
	if d.Same {
		fmt.Fprintf(e.Stdout, "the same %d results, root %s\n", r.Results, r.Root)
		return
	}
	fmt.Fprintf(e.Stdout, "%d results, the receipt has %d; root %s, the receipt has %s\n",
		d.Results, r.Results, d.Root, r.Root)
	for _, id := range d.Omitted {
		fmt.Fprintf(e.Stdout, "not found now: %s\n", console.Plain(id))
	}
	for _, id := range d.Added {
		fmt.Fprintf(e.Stdout, "found now, not in the receipt: %s\n", id)
	}
}
