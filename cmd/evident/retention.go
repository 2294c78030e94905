package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/disposal"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/retention"
)

type retentionCmd struct {
	Key     retentionKeyCmd     `cmd:"" help:"Make a key for somebody who approves."`
	Policy  retentionPolicyCmd  `cmd:"" help:"Print the document that puts a policy in force, to be approved by two."`
	Hold    retentionHoldCmd    `cmd:"" help:"Print the document of a legal hold, to be approved."`
	Release retentionReleaseCmd `cmd:"" help:"Print the document that ends a hold, to be approved by two."`
	Plan    retentionPlanCmd    `cmd:"" help:"Dry run: what would go, why the rest stays; writes the plan to approve."`
	Approve retentionApproveCmd `cmd:"" help:"Add a signature to a document and print it."`
	Keep    retentionKeepCmd    `cmd:"" help:"Seal an approved policy, hold, release or plan in the ledger."`
	Destroy retentionDestroyCmd `cmd:"" help:"Destroy what a plan lists that two have approved."`
}

type retentionKeyCmd struct {
	Name string `required:"" placeholder:"NAME" help:"Who it belongs to, as in the policy."`
	Out  string `required:"" placeholder:"FILE" type:"path" help:"File for the private key."`
}

// Help shows an example.
func (retentionKeyCmd) Help() string {
	return "Example:\n  evident retention key --name counsel --out counsel.key"
}

// Run writes the private key to its file and prints the public one.
func (c *retentionKeyCmd) Run(e *console.Env) error {
	return console.MakeKey(e, c.Name, c.Out)
}

type retentionPolicyCmd struct {
	File string `arg:"" type:"path" help:"The policy, docs/retention.md."`
}

// Help shows an example.
func (retentionPolicyCmd) Help() string {
	return "Example:\n  evident retention policy retention.yaml > policy.doc"
}

// Run checks the policy and prints its document.
func (c *retentionPolicyCmd) Run(e *console.Env) error {
	src, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	if _, err := retention.Parse(src); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	text := string(src)
	return printDocument(e.Stdout, retention.Document{Policy: &text})
}

func printDocument(w io.Writer, d retention.Document) error {
	d.Time = time.Now().UTC().Truncate(time.Second)
	text, err := d.Text()
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

type retentionHoldCmd struct {
	ID      string   `arg:"" help:"Its name, e.g. CASE-2026-17."`
	Reason  string   `required:"" placeholder:"TEXT" help:"Why, and by whose order."`
	From    string   `placeholder:"DAY" help:"Records of this day and later, by event or arrival."`
	To      string   `placeholder:"DAY" help:"Records before this day."`
	Host    []string `placeholder:"NAME" help:"Records of this host; repeatable."`
	Class   []uint32 `placeholder:"UID" help:"Records of this OCSF class; repeatable."`
	Product []string `placeholder:"NAME" help:"Records of this log source product; repeatable."`
	Entries string   `placeholder:"A-B" help:"Records of these journal entries."`
}

// Help shows an example.
func (retentionHoldCmd) Help() string {
	return "Example:\n  evident retention hold CASE-17 --reason 'order of 3 May' --host ws-1 > hold.doc"
}

// Run prints the document of a hold.
func (c *retentionHoldCmd) Run(e *console.Env) error {
	h := &retention.Hold{ID: c.ID, Reason: c.Reason, Scope: retention.Scope{
		Hosts: c.Host, Classes: c.Class, Products: c.Product,
	}}
	for text, to := range map[string]*time.Time{c.From: &h.Scope.From, c.To: &h.Scope.To} {
		if text == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return fmt.Errorf("day %q: want a day such as 2026-05-03", text)
		}
		*to = at
	}
	if c.Entries != "" {
		first, last, _ := strings.Cut(c.Entries, "-")
		var errs [2]error
		h.Scope.FirstEntry, errs[0] = strconv.ParseUint(first, 10, 63)
		h.Scope.LastEntry, errs[1] = strconv.ParseUint(last, 10, 63)
		if errors.Join(errs[:]...) != nil {
			return fmt.Errorf("entries %q: want two numbers such as 12-90", c.Entries)
		}
	}
	return printDocument(e.Stdout, retention.Document{Hold: h})
}

type retentionReleaseCmd struct {
	ID     string `arg:"" help:"The hold that ends."`
	Reason string `required:"" placeholder:"TEXT" help:"Why, and by whose order."`
}

// Help shows an example.
func (retentionReleaseCmd) Help() string {
	return "Example:\n  evident retention release CASE-17 --reason 'case closed' > release.doc"
}

// Run prints the document that ends a hold.
func (c *retentionReleaseCmd) Run(e *console.Env) error {
	return printDocument(e.Stdout, retention.Document{
		Release: &retention.Release{ID: c.ID, Reason: c.Reason},
	})
}

type retentionPlanCmd struct {
	console.DataFlag
	AsOf string `placeholder:"DAY" help:"Decide as of the beginning of this day instead of now."`
	Out  string `placeholder:"FILE" type:"path" help:"Write the plan there, to be approved."`
	JSON bool   `help:"Print the groups of records as JSON, one a line."`
}

// Help shows an example.
func (retentionPlanCmd) Help() string {
	return "Example:\n  evident retention plan --data /tmp/case1 --out plan.doc"
}

// Run prints what would go and why the rest stays.
func (c *retentionPlanCmd) Run(e *console.Env) error {
	at := time.Now().UTC()
	if c.AsOf != "" {
		var err error
		if at, err = time.Parse(time.DateOnly, c.AsOf); err != nil {
			return fmt.Errorf("day %q: want a day such as 2026-05-03", c.AsOf)
		}
	}
	n, err := openQuiet(e, c.Dir(), "evident retention plan")
	if err != nil {
		return err
	}
	defer n.Close()
	s, err := n.Disposal().Survey(e.Context, at)
	if err != nil {
		return err
	}
	if err := c.print(e, s); err != nil || c.Out == "" {
		return err
	}
	f, err := os.Create(c.Out)
	if err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	return errors.Join(printDocument(f, retention.Document{Plan: s.Plan}), f.Close())
}

func (c *retentionPlanCmd) print(e *console.Env, s *disposal.Survey) error {
	if c.JSON {
		for i := range s.Groups {
			if err := console.JSONLine(e.Stdout, &s.Groups[i]); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ARRIVED\tCLASS\tPRODUCT\tRECORDS\tWHY")
	for _, g := range s.Groups {
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%s\n", g.Day, g.Class, console.Plain(g.Product), g.Records,
			console.Plain(g.Why))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	fmt.Fprintf(e.Stdout, "%d records may be destroyed\n", s.Due)
	return nil
}

type retentionApproveCmd struct {
	Key    string `required:"" placeholder:"FILE" type:"path" help:"Private key of who approves."`
	Policy string `required:"" placeholder:"FILE" type:"path" help:"The policy that names the approvers."`
	File   string `arg:"" type:"path" help:"The document, also one that somebody has signed already."`
}

// Help shows an example.
func (retentionApproveCmd) Help() string {
	return "Example:\n  evident retention approve --key counsel.key --policy retention.yaml plan.doc > plan.one"
}

// Run prints the document with one signature more.
func (c *retentionApproveCmd) Run(e *console.Env) error {
	doc, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	signer, err := console.ReadSigner(c.Key)
	if err != nil {
		return err
	}
	src, err := os.ReadFile(c.Policy)
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	policy, err := retention.Parse(src)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Policy, err)
	}
	signed, err := retention.Sign(doc, signer, policy.Verifiers())
	if err != nil {
		return err
	}
	_, err = e.Stdout.Write(signed)
	return err
}

type retentionKeepCmd struct {
	console.DataFlag
	File string `arg:"" type:"path" help:"The signed document."`
}

// Help shows an example.
func (retentionKeepCmd) Help() string {
	return "Example:\n  evident retention keep --data /tmp/case1 policy.two"
}

// Run seals a document and prints the identifier of its record.
func (c *retentionKeepCmd) Run(e *console.Env) error {
	doc, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	n, err := openQuiet(e, c.Dir(), "evident retention keep")
	if err != nil {
		return err
	}
	defer n.Close()
	id, err := n.Disposal().Keep(e.Context, "keep", console.SystemCaller(), doc)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.Stdout, id)
	return err
}

type retentionDestroyCmd struct {
	console.DataFlag
	WipeFreeSpace bool   `help:"Then fill the file system with zeros once: others find it full meanwhile."`
	File          string `arg:"" type:"path" help:"The plan that two have approved."`
}

// Help shows an example.
func (retentionDestroyCmd) Help() string {
	return "Example:\n  evident retention destroy --data /tmp/case1 plan.two"
}

// Run destroys what the plan lists. Interrupted, it is run again.
func (c *retentionDestroyCmd) Run(e *console.Env) error {
	plan, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read plan: %w", err)
	}
	n, err := openQuiet(e, c.Dir(), "evident retention destroy")
	if err != nil {
		return err
	}
	grave, err := n.Disposal().Destroy(e.Context, console.SystemCaller(), plan, time.Now())
	if err := errors.Join(err, n.Close()); err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, "%d records destroyed; tombstone %d-0\n", grave.Count, grave.Entry)
	if c.WipeFreeSpace {
		return disposal.WipeFree(e.Context, c.Dir())
	}
	return nil
}

// openQuiet opens a folder for one order, without a query engine.
func openQuiet(e *console.Env, dir, command string) (*node.Node, error) {
	if err := isFolder(dir); err != nil {
		return nil, err
	}
	return node.Open(e.Context, node.Config{
		Dir: dir, Command: command, NoSearch: true, Reader: true, Log: e.Log,
	})
}

func isFolder(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	return nil
}
