package proof

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Head is a checkpoint that was opened by a Trust.
type Head struct {
	Checkpoint
	Cosigned []Cosignature // by witnesses of the policy, in its order
}

// Trust opens signed checkpoints: a *Policy, or a Memo around one. The error is
// a *Failure that names CheckCheckpoint or CheckQuorum.
type Trust interface {
	Open(signed []byte) (Head, error)
}

// Open opens a checkpoint: it has to be signed by a log of the policy under its
// own origin and cosigned by the quorum. A wrong signature under a key of the
// policy is an error, also where it would not be needed.
func (p *Policy) Open(signed []byte) (Head, error) {
	head, err := p.OpenUnwitnessed(signed)
	if err != nil {
		return head, err
	}
	if !p.Satisfied(head) {
		return head, &Failure{CheckQuorum, p.shortOf(head)}
	}
	return head, nil
}

// OpenUnwitnessed is Open without asking for the quorum.
func (p *Policy) OpenUnwitnessed(signed []byte) (head Head, err error) {
	var logs, witnesses []note.Verifier
	for _, l := range p.Logs {
		logs = append(logs, l.verifier)
	}
	for _, w := range p.Witnesses {
		witnesses = append(witnesses, w.verifier)
	}
	if head.Checkpoint, err = ParseCheckpoint(signed, note.VerifierList(logs...)); err != nil {
		return head, &Failure{CheckCheckpoint, err}
	}
	n, err := note.Open(signed, note.VerifierList(witnesses...))
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		return head, nil
	}
	if err != nil {
		return head, &Failure{CheckQuorum, fmt.Errorf("open cosignatures: %w", err)}
	}
	for _, w := range p.Witnesses {
		for _, sig := range n.Sigs {
			if sig.Name != w.verifier.name || sig.Hash != w.verifier.hash {
				continue
			}
			at, err := cosignatureTime(sig.Base64)
			if err != nil {
				return head, &Failure{CheckQuorum, err}
			}
			line := "— " + sig.Name + " " + sig.Base64 + "\n"
			head.Cosigned = append(head.Cosigned, Cosignature{w.Name, sig.Name, at, line})
		}
	}
	return head, nil
}

// Satisfied reports whether the cosignatures are a quorum.
func (p *Policy) Satisfied(head Head) bool {
	if p.quorum == nil {
		return true
	}
	by := make(map[int]bool)
	for i, w := range p.Witnesses {
		for _, c := range head.Cosigned {
			by[i] = by[i] || c.Witness == w.Name
		}
	}
	return p.quorum.satisfied(by)
}

// Quorum reports whether the policy asks for any witness.
func (p *Policy) Quorum() bool { return p.quorum != nil }

// shortOf says who cosigned, where that is no quorum.
func (p *Policy) shortOf(head Head) error {
	var names []string
	for _, c := range head.Cosigned {
		names = append(names, c.Witness)
	}
	if len(names) == 0 {
		return fmt.Errorf("none of %d witnesses cosigned the checkpoint", len(p.Witnesses))
	}
	return fmt.Errorf("only %s of %d witnesses cosigned the checkpoint, which is no quorum",
		strings.Join(names, ", "), len(p.Witnesses))
}

// maxMemo bounds what a Memo keeps.
const maxMemo = 256

// Memo is a Trust that opens each checkpoint once: many proofs share one, and
// its signatures cost most of a check. It is for one goroutine.
type Memo struct {
	trust Trust
	seen  map[string]opened
}

type opened struct {
	head Head
	err  error
}

// NewMemo returns a Memo around trust.
func NewMemo(trust Trust) *Memo { return &Memo{trust: trust, seen: make(map[string]opened)} }

// Open implements Trust.
func (m *Memo) Open(signed []byte) (Head, error) {
	if o, ok := m.seen[string(signed)]; ok {
		return o.head, o.err
	}
	head, err := m.trust.Open(signed)
	if len(m.seen) >= maxMemo {
		clear(m.seen)
	}
	m.seen[string(signed)] = opened{head, err}
	return head, err
}

// oneKey is the Trust in one log's verifier.
type oneKey struct{ verifier note.Verifier }

func (k oneKey) Open(signed []byte) (Head, error) {
	c, err := ParseCheckpoint(signed, note.VerifierList(k.verifier))
	if err != nil {
		return Head{}, &Failure{CheckCheckpoint, err}
	}
	return Head{Checkpoint: c}, nil
}
