package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
)

type verifyCmd struct {
	console.DataFlag
	outsideFlags
	JSON bool `help:"Print the result as one JSON object."`
}

// Help shows an example.
func (verifyCmd) Help() string {
	return "Example:\n  evident verify --data /tmp/case1\n" +
		"  evident verify --data /tmp/case1 --pin head.txt --keep-pin"
}

// Run checks everything and exits 1 when something is not as it was sealed.
func (c *verifyCmd) Run(e *console.Env) error {
	if _, err := os.Stat(c.Dir()); err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	outside, err := c.outside()
	if err != nil {
		return err
	}
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident verify", NoSearch: true, Frozen: true, Log: e.Log,
	})
	if err != nil {
		return c.unopened(e, err)
	}
	defer n.Close()
	b := console.NewBar(e.Stderr, "verify")
	result, err := n.VerifyAgainst(e.Context, outside, func(entries, total uint64) {
		b.Set(int64(entries), int64(total), fmt.Sprintf("%d of %d entries", entries, total))
	})
	if err != nil {
		return err
	}
	if c.JSON {
		if err := console.JSONLine(e.Stdout, result); err != nil {
			return err
		}
	} else {
		printVerification(e, result)
	}
	if !result.OK {
		return console.ErrWrong
	}
	return c.keep(result)
}

// surroundings are failures that say nothing about what is stored.
var surroundings = []syscall.Errno{
	syscall.EROFS, syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM,
	syscall.ENOTDIR,
}

// unopened reports a folder whose stores refuse to open: where it is no mistake
// of the call, something in it is not as it was left.
func (c *verifyCmd) unopened(e *console.Env, err error) error {
	var inUse *node.InUseError
	if errors.As(err, &inUse) || errors.Is(err, fs.ErrPermission) || errors.Is(err, context.Canceled) {
		return err
	}
	for _, cause := range surroundings {
		if errors.Is(err, cause) {
			return err
		}
	}
	result := &node.Verification{
		Time: time.Now().UTC(), Failures: []node.Failure{{Class: "store", Where: c.Dir(), Detail: err.Error()}},
	}
	if !c.JSON {
		printVerification(e, result)
		return console.ErrWrong
	}
	if err := console.JSONLine(e.Stdout, result); err != nil {
		return err
	}
	return console.ErrWrong
}

func printVerification(e *console.Env, r *node.Verification) {
	for _, f := range r.Failures {
		fmt.Fprintf(e.Stdout, "FAILED %s: %s: %s\n", f.Class, console.Plain(f.Where), console.Plain(f.Detail))
	}
	for _, f := range r.Notices {
		fmt.Fprintf(e.Stdout, "NOTE %s: %s: %s\n", f.Class, console.Plain(f.Where), console.Plain(f.Detail))
	}
	verdict := "every record is as it was sealed"
	if !r.OK {
		verdict = fmt.Sprintf("%d checks failed", len(r.Failures))
	}
	fmt.Fprintf(e.Stdout, "%d entries, %d records: %s\n", r.Entries, r.Events, verdict)
	for _, d := range r.Destroyed {
		fmt.Fprintf(e.Stdout, "%d records were %s\n", d.Records, console.Plain(d.Text))
	}
	if r.Underived > 0 {
		fmt.Fprintf(e.Stdout, "%d rows were made by an earlier mapping: only their files' hashes were compared\n",
			r.Underived)
	}
	printSeals(e, r.Seals)
	if w := r.Witnessed; w != nil {
		fmt.Fprintf(e.Stdout, "%d entries are cosigned by %s, last at %s\n", w.Entries,
			console.Plain(strings.Join(w.Witnesses, ", ")), w.Time.Format(time.RFC3339))
	}
}
