package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/proof"
)

// Exit codes.
const (
	exitHolds = 0
	exitFails = 1
	exitUsage = 2
)

const usage = `evident-verify checks proofs of records, offline.

  evident-verify --policy POLICY --raw RECORD PROOF.tlog-proof
  evident-verify --policy POLICY PROOFS.jsonl...

A policy (C2SP tlog-policy) names the logs and witnesses that you believe, and how many
witnesses must agree. With --key instead, the signature of one log is enough. Get either
another way than the proofs. Exit: 0 every proof holds, 1 one does not, 2 could not check.

`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options are the flags.
type options struct {
	policy, key, raw string
	json             bool
	files            []string
}

// run is main without the process around it.
func run(args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("evident-verify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.policy, "policy", "", "`FILE` that names logs, witnesses and quorum")
	flags.StringVar(&o.key, "key", "", "verifier `KEY` of a log, or a file with it")
	flags.StringVar(&o.raw, "raw", "", "`FILE` with the bytes of the record, for one proof")
	flags.BoolVar(&o.json, "json", false, "print the result as one JSON object")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitHolds
	} else if err != nil {
		return exitUsage
	}
	o.files = flags.Args()
	result, err := check(o)
	if err != nil {
		fmt.Fprintf(stderr, "evident-verify: %s\n", printable.Text(err.Error()))
		return exitUsage
	}
	if err := result.print(stdout, o.json); err != nil {
		fmt.Fprintf(stderr, "evident-verify: %s\n", printable.Text(err.Error()))
		return exitUsage
	}
	if !result.OK {
		return exitFails
	}
	return exitHolds
}

// trust reads the policy and the key.
func (o options) trust() (*proof.Policy, error) {
	if o.policy == "" && o.key == "" {
		return nil, errors.New("whom do you trust? Give --policy FILE or --key KEY; " +
			"a proof cannot say that by itself")
	}
	policy, err := proof.ParsePolicy([]byte("quorum none\n"))
	if o.policy != "" {
		text, readErr := os.ReadFile(o.policy)
		if readErr != nil {
			return nil, fmt.Errorf("read policy: %w", readErr)
		}
		if policy, err = proof.ParsePolicy(text); err != nil {
			return nil, fmt.Errorf("%s: %w", o.policy, err)
		}
	}
	if err != nil || o.key == "" {
		return policy, err
	}
	key := o.key
	if text, err := os.ReadFile(o.key); err == nil {
		key = strings.TrimSpace(string(text))
	}
	if err := policy.AddLog(key); err != nil {
		return nil, fmt.Errorf("read --key: %w", err)
	}
	return policy, nil
}
