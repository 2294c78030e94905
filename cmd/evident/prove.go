package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/proof"
)

type proveCmd struct {
	console.DataFlag
	Raw    string   `placeholder:"FILE" help:"Also write the original bytes there." type:"path"`
	Proofs string   `placeholder:"FILE" help:"Write records and proofs there, one line of JSON each." type:"path"`
	Policy string   `placeholder:"FILE" help:"Say whether this policy's quorum has cosigned." type:"path"`
	Events []string `arg:"" name:"event" help:"Event identifiers, e.g. 12-7, or - to read them from standard input."`
}

// Help shows an example.
func (proveCmd) Help() string {
	return "Example:\n  evident prove --data /tmp/case1 12-7 > 12-7.tlog-proof\n" +
		"  evident search --data /tmp/case1 --json host:web01 | jq -r .metadata.uid |" +
		" evident prove --data /tmp/case1 --proofs web01.jsonl -\n" +
		"Check them anywhere with evident-verify."
}

// Run prints the proof in C2SP tlog-proof form and checks it before.
func (c *proveCmd) Run(e *console.Env) error {
	ids, err := c.ids(e)
	if err != nil {
		return err
	}
	var policy *proof.Policy
	if c.Policy != "" {
		if policy, err = readPolicy(c.Policy); err != nil {
			return err
		}
	}
	// Reading original bytes is recorded, so it needs a folder that works.
	reads := c.Raw != "" || c.Proofs != ""
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident prove", NoSearch: true, Reader: true, Frozen: !reads, Log: e.Log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	if c.Proofs != "" {
		return c.many(e, n, ids)
	}
	return c.one(e, n, ids[0], policy)
}

// ids reads the identifiers; standard input has one a line.
func (c *proveCmd) ids(e *console.Env) ([]event.ID, error) {
	words := c.Events
	if len(words) == 1 && words[0] == "-" {
		words = nil
		for lines := bufio.NewScanner(e.Stdin); lines.Scan(); {
			if word := strings.TrimSpace(lines.Text()); word != "" {
				words = append(words, word)
			}
		}
	}
	var ids []event.ID
	for _, word := range words {
		id, err := event.ParseID(word)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	switch {
	case len(ids) == 0:
		return nil, errors.New("no event to prove")
	case len(ids) > 1 && c.Proofs == "":
		return nil, errors.New("several proofs go to a file: name it with --proofs")
	case c.Raw != "" && c.Proofs != "":
		return nil, errors.New("--proofs writes the original bytes, too: leave --raw out")
	}
	return ids, nil
}

func readPolicy(name string) (*proof.Policy, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	policy, err := proof.ParsePolicy(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return policy, nil
}

// one prints the proof of one event.
func (c *proveCmd) one(e *console.Env, n *node.Node, id event.ID, policy *proof.Policy) error {
	p, err := n.Prove(e.Context, id)
	if err != nil {
		return err
	}
	var raw []byte
	if p.Salt == nil {
		_, _, fate := n.Event(e.Context, id)
		fmt.Fprintf(e.Stderr, "evident: event %s: %v\n", id, fate)
		err = p.VerifySealed(n.Verifier())
	} else {
		_, record, readErr := n.Event(e.Context, id)
		if readErr != nil {
			return readErr
		}
		raw = record.Raw
		err = p.Verify(raw, n.Verifier())
	}
	if err != nil {
		fmt.Fprintf(e.Stderr, "evident: event %s: %v\n", id, err)
		return console.ErrWrong
	}
	if policy != nil {
		if err := cosigned(e, p, policy); err != nil {
			return err
		}
	}
	if c.Raw != "" && raw != nil {
		if err := c.writeRaw(e, n, id, raw); err != nil {
			return err
		}
	}
	text, err := p.MarshalText()
	if err != nil {
		return fmt.Errorf("print proof: %w", err)
	}
	_, err = e.Stdout.Write(text)
	return err
}

// cosigned says who cosigned the proof's checkpoint; without a quorum the proof
// is not printed.
func cosigned(e *console.Env, p proof.RecordProof, policy *proof.Policy) error {
	head, err := policy.Open(p.Checkpoint)
	if err != nil {
		fmt.Fprintf(e.Stderr, "evident: %v\n", err)
		return console.ErrWrong
	}
	for _, sig := range head.Cosigned {
		fmt.Fprintf(e.Stderr, "cosigned by %s at %s\n", console.Plain(sig.Witness),
			sig.Time.Format("2006-01-02T15:04:05Z"))
	}
	return nil
}

func (c *proveCmd) writeRaw(e *console.Env, n *node.Node, id event.ID, raw []byte) error {
	act := node.Act{
		Operation: "read-original", Caller: console.SystemCaller(), Detail: "event " + id.String(),
	}
	if err := n.Record(e.Context, act); err != nil {
		return err
	}
	if err := os.WriteFile(c.Raw, raw, 0o600); err != nil {
		return fmt.Errorf("write original bytes: %w", err)
	}
	return nil
}

// many writes records and proofs to a file, one line of JSON each.
func (c *proveCmd) many(e *console.Env, n *node.Node, ids []event.ID) (err error) {
	act := node.Act{
		Operation: "export", Caller: console.SystemCaller(),
		Detail: fmt.Sprintf("proofs of %d events from %s to %s", len(ids), ids[0], ids[len(ids)-1]),
	}
	if err := n.Record(e.Context, act); err != nil {
		return err
	}
	f, err := os.OpenFile(c.Proofs, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write proofs: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out, count := bufio.NewWriter(f), 0
	bar := console.NewBar(e.Stderr, "prove")
	err = n.Exhibits(e.Context, ids, func(x proof.Exhibit) error {
		line, err := json.Marshal(x)
		if err != nil {
			return fmt.Errorf("write proof of %s: %w", x.Event, err)
		}
		count++
		bar.Set(int64(count), int64(len(ids)), fmt.Sprintf("%d proofs", count))
		_, err = out.Write(append(line, '\n'))
		return err
	})
	if err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write proofs: %w", err)
	}
	bar.End("%d proofs written", count)
	return nil
}
