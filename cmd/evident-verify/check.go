package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/evident-sec/evident/proof"
)

// maxFailures bounds what is printed of proofs that all fail.
const maxFailures = 1000

// result is the outcome of a run; its JSON is documented in docs/formats/proofs.md.
type result struct {
	OK       bool         `json:"ok"`
	Proofs   int          `json:"proofs"`
	Failed   int          `json:"failed"`
	Withheld int          `json:"withheld"` // checked without the record's bytes
	Failures []failure    `json:"failures"`
	Heads    []checkpoint `json:"checkpoints"`
	NotShown []string     `json:"not_shown"`
}

// failure names one proof that does not hold, and the check that fails.
type failure struct {
	File   string  `json:"file"`
	Line   int     `json:"line,omitempty"` // in a file of proofs, from 1
	Event  string  `json:"event,omitempty"`
	Entry  *uint64 `json:"entry,omitempty"` // as the proof says
	Leaf   *uint32 `json:"leaf,omitempty"`
	Class  string  `json:"class"`
	Reason string  `json:"reason"`
}

// checkpoint is one under which proofs hold.
type checkpoint struct {
	Origin   string     `json:"origin"`
	Size     int64      `json:"size"`
	Root     string     `json:"root"`
	Proofs   int        `json:"proofs"`
	Cosigned []cosigned `json:"cosigned"`
}

type cosigned struct {
	Witness string    `json:"witness"`
	Time    time.Time `json:"time"`
}

// notShown is what no proof shows; it is part of every result.
var notShown = []string{
	"whether the source told the truth",
	"what happened to a record before it arrived",
	"the seconds between arrival and the first cosigned checkpoint",
	"that no other record was left out",
	"anything if the log and all witnesses of the quorum worked together",
}

// run of checks over all files.
type checker struct {
	trust *proof.Memo
	out   *result
}

func check(o options) (*result, error) {
	policy, err := o.trust()
	if err != nil {
		return nil, err
	}
	switch {
	case len(policy.Logs) == 0:
		return nil, fmt.Errorf("%s names no log: give its key with --key", o.policy)
	case len(o.files) == 0:
		return nil, errors.New("name a proof, or a file of proofs")
	case o.raw != "" && len(o.files) > 1:
		return nil, errors.New("--raw is for one proof")
	}
	c := &checker{trust: proof.NewMemo(policy), out: &result{
		Failures: []failure{}, Heads: []checkpoint{}, NotShown: notShown,
	}}
	for _, name := range o.files {
		if err := c.file(name, o.raw); err != nil {
			return nil, err
		}
	}
	c.out.OK = c.out.Failed == 0 && c.out.Proofs > 0
	return c.out, nil
}

// file checks one proof, or a file of many: those are lines of JSON.
func (c *checker) file(name, rawName string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read proof: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 64<<10)
	if first, err := r.Peek(1); err == nil && first[0] == '{' {
		if rawName != "" {
			return fmt.Errorf("%s holds its records: --raw is for one tlog-proof", name)
		}
		line := 0
		for e, err := range proof.Exhibits(r) {
			line++
			c.exhibit(failure{File: name, Line: line}, e, err)
		}
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return fmt.Errorf("read proof: %w", err)
	}
	e := proof.Exhibit{Proof: string(text)}
	if rawName != "" {
		if e.Raw, err = os.ReadFile(rawName); err != nil {
			return fmt.Errorf("read record: %w", err)
		}
	} else if p, err := proof.ParseRecordProof(text); err == nil && p.Salt != nil {
		return fmt.Errorf("%s is checked with the bytes of its record: name them with --raw", name)
	}
	c.exhibit(failure{File: name}, e, nil)
	return nil
}

// exhibit checks one proof and notes the outcome; at says where it stands.
func (c *checker) exhibit(at failure, e proof.Exhibit, err error) {
	c.out.Proofs++
	at.Event = e.Event
	var p proof.RecordProof
	var head proof.Head
	if err == nil {
		p, head, err = e.Check(c.trust)
	}
	if p.Seq != 0 {
		at.Entry, at.Leaf = &p.Seq, &p.Leaf
	}
	id := fmt.Sprintf("%d-%d", p.Seq, p.Leaf)
	var failed *proof.Failure
	switch {
	case errors.As(err, &failed):
		at.Class, at.Reason = string(failed.Check), failed.Err.Error()
	case err != nil:
		at.Class, at.Reason = "malformed", err.Error()
	case e.Event != "" && e.Event != id:
		at.Class, at.Reason = "event", fmt.Sprintf("it is called event %s, the proof is of %s", e.Event, id)
	default:
		if e.Raw == nil {
			c.out.Withheld++
		}
		c.holds(head)
		return
	}
	if c.out.Failed++; len(c.out.Failures) < maxFailures {
		c.out.Failures = append(c.out.Failures, at)
	}
}

// holds counts a proof under its checkpoint.
func (c *checker) holds(head proof.Head) {
	for i := range c.out.Heads {
		h := &c.out.Heads[i]
		if h.Origin == head.Origin && h.Size == head.Size && len(h.Cosigned) == len(head.Cosigned) {
			h.Proofs++
			return
		}
	}
	h := checkpoint{
		Origin: head.Origin, Size: head.Size, Root: head.Root.String(), Proofs: 1, Cosigned: []cosigned{},
	}
	for _, sig := range head.Cosigned {
		h.Cosigned = append(h.Cosigned, cosigned{sig.Witness, sig.Time})
	}
	c.out.Heads = append(c.out.Heads, h)
}
