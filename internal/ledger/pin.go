package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evident-sec/evident/proof"
)

// CheckPin holds the published checkpoint against one that somebody kept
// elsewhere: the ledger has to be at least as long and, by a consistency proof,
// to begin with the same entries. What does not hold is a *Fault. The entries
// themselves are for Verify to check.
func (l *Log) CheckPin(_ context.Context, pinned []byte) error {
	pin, err := proof.ParseCheckpoint(pinned, note.VerifierList(l.key.verifier))
	if err != nil {
		return &Fault{Part: "pin", Err: fmt.Errorf(
			"the pinned checkpoint is not of this ledger's key: %w", err)}
	}
	c, _, err := l.files.checkpoint(l.key.verifier)
	if err != nil {
		return &Fault{Part: "checkpoint", Err: err}
	}
	return l.files.extends(c, pin, "pin")
}

// extends checks that the log of checkpoint c begins with the entries of an
// older checkpoint.
func (d files) extends(c, older proof.Checkpoint, part string) error {
	switch {
	case older.Size > c.Size:
		return &Fault{Part: part, Seq: uint64(c.Size) + 1, Err: fmt.Errorf(
			"entries %d to %d are gone, which that checkpoint covers: the log was cut or rolled back",
			c.Size+1, older.Size)}
	case older.Size == c.Size && older.Root != c.Root:
		return &Fault{Part: part, Err: fmt.Errorf(
			"the %d entries have another root: history was rewritten", c.Size)}
	case older.Size == 0 || older.Size == c.Size:
		return nil
	}
	hashes := d.hashes(tlog.Tree{N: c.Size, Hash: c.Root})
	path, err := tlog.ProveTree(c.Size, older.Size, hashes)
	if err != nil {
		return &Fault{Part: part, Err: fmt.Errorf("prove consistency from size %d: %w", older.Size, err)}
	}
	if err := proof.VerifyConsistency(older.Size, older.Root, c.Size, c.Root, path); err != nil {
		return &Fault{Part: part, Err: fmt.Errorf("the first %d entries are others: history was rewritten: %w",
			older.Size, err)}
	}
	return nil
}

// checkWitnessed checks the cosigned checkpoint that is kept, if any, against
// the published one.
func (d files) checkWitnessed(v note.Verifier, c proof.Checkpoint) error {
	w, _, err := d.witnessed(v)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Fault{Part: "cosigned checkpoint", Err: err}
	}
	return d.extends(c, w, "cosigned checkpoint")
}

// Witnessed returns the newest checkpoint that was kept with a quorum of
// cosignatures, verbatim; the error wraps fs.ErrNotExist where there is none.
func (l *Log) Witnessed() ([]byte, error) {
	_, signed, err := l.files.witnessed(l.key.verifier)
	if err != nil {
		return nil, fmt.Errorf("read cosigned checkpoint: %w", err)
	}
	return signed, nil
}
