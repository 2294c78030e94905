package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/proof"
)

// ErrNoEvent says that no record has the identifier asked for.
var ErrNoEvent = errors.New("no such event")

// ErrUnsealed says that an event is journaled but not under a checkpoint yet.
var ErrUnsealed = errors.New("event is not under a checkpoint yet")

// Entry returns a journal entry with all its records, from the journal or,
// once it is purged there, from the lake.
func (n *Node) Entry(ctx context.Context, seq uint64) (*event.Entry, error) {
	e, err := n.replay().Entry(ctx, seq)
	if errors.Is(err, journal.ErrNotFound) {
		err = ErrNoEvent
	}
	if err != nil {
		return nil, fmt.Errorf("read entry %d: %w", seq, err)
	}
	return e, nil
}

// Event returns one record normalised anew from its original bytes, with all
// native fields.
func (n *Node) Event(ctx context.Context, id event.ID) (*event.Event, *event.Record, error) {
	e, err := n.Entry(ctx, id.Entry)
	if err != nil {
		return nil, nil, err
	}
	if int(id.Leaf) >= len(e.Records) {
		return nil, nil, fmt.Errorf("read event %s: entry %d has %d records: %w",
			id, id.Entry, len(e.Records), ErrNoEvent)
	}
	if erased := e.Records[id.Leaf].Erased; erased != nil {
		return nil, nil, n.fate(ctx, id, erased.Tombstone)
	}
	// Only the one record is normalised; its place in the entry is put back
	// afterwards.
	one := *e
	one.Records = e.Records[id.Leaf : id.Leaf+1]
	ev := n.norm.Entry(&one)[0]
	ev.ID = id
	return &ev, &e.Records[id.Leaf], nil
}

// Prove builds the inclusion proof of one record.
func (n *Node) Prove(ctx context.Context, id event.ID) (proof.RecordProof, error) {
	e, err := n.Entry(ctx, id.Entry)
	if err != nil {
		return proof.RecordProof{}, err
	}
	return n.proveIn(ctx, e, ledger.Leaves(e), id)
}

// proveIn is Prove for a record of an entry that was read.
func (n *Node) proveIn(
	ctx context.Context, e *event.Entry, leaves []proof.Hash, id event.ID,
) (proof.RecordProof, error) {
	if int(id.Leaf) >= len(e.Records) {
		return proof.RecordProof{}, fmt.Errorf("prove event %s: entry %d has %d records: %w",
			id, id.Entry, len(e.Records), ErrNoEvent)
	}
	if id.Entry > n.ledger.Sealed() {
		return proof.RecordProof{}, fmt.Errorf("prove event %s: %w", id, ErrUnsealed)
	}
	path, err := proof.Path(leaves, int(id.Leaf))
	if err != nil {
		return proof.RecordProof{}, fmt.Errorf("prove event %s: %w", id, err)
	}
	manifest, index, logPath, checkpoint, err := n.ledger.Prove(ctx, id.Entry)
	if err != nil {
		return proof.RecordProof{}, fmt.Errorf("prove event %s: %w", id, err)
	}
	p := proof.RecordProof{
		Manifest: manifest, Leaf: id.Leaf, LeafHash: leaves[id.Leaf], LeafPath: path,
		Index: index, LogPath: logPath, Checkpoint: checkpoint,
	}
	if r := &e.Records[id.Leaf]; r.Erased == nil {
		salt := [16]byte(r.Salt)
		p.Salt = &salt
	}
	return p, nil
}

// VerifierKey returns the ledger's public key in signed-note form.
func (n *Node) VerifierKey() string { return n.ledger.VerifierKey() }

// Verifier checks the ledger's signature.
func (n *Node) Verifier() note.Verifier { return n.ledger.Verifier() }

// Sealed returns the last entry that is under a signed checkpoint.
func (n *Node) Sealed() uint64 { return n.ledger.Sealed() }

// CheckpointTime returns when the current checkpoint was signed.
func (n *Node) CheckpointTime() time.Time { return n.ledger.CheckpointTime() }
