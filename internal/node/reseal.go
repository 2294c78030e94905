package node

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/rerun"
)

// SealedSource is the source of sealed reconstructions in the journal.
const SealedSource = "evident:reconstruction"

// ErrSealed marks a file that is no sealed reconstruction of this folder.
var ErrSealed = errors.New("not a sealed reconstruction of this folder")

// Oldest returns the time of the oldest event of the lake.
func (s events) Oldest(context.Context) (oldest time.Time, err error) {
	for _, f := range s.n.lake.Files() {
		if oldest.IsZero() || f.From.Before(oldest) {
			oldest = f.From
		}
	}
	return oldest, nil
}

// rerunStore is what a sealed reconstruction reads: the events themselves, not the
// edges that were stored of them.
func (n *Node) rerunStore() rerun.Store {
	return rerun.Store{
		Events: events{n}, Findings: findings{n},
		Root: func(ctx context.Context, entry uint64) (string, error) {
			m, err := n.ledger.Manifest(ctx, entry)
			if errors.Is(err, ledger.ErrNotSealed) {
				err = errors.Join(reconstruct.ErrNotFound, err)
			}
			if err != nil {
				return "", fmt.Errorf("read root: %w", err)
			}
			return hex.EncodeToString(m.Root[:]), nil
		},
	}
}

// SealStory reconstructs around an incident, a finding or an event, seals the
// result with everything that it rests on as a record of the journal, and returns
// both with the record's identifier.
func (n *Node) SealStory(ctx context.Context, caller, id string) (
	*rerun.Sealed, *reconstruct.Result, event.ID, error,
) {
	fail := func(err error) (*rerun.Sealed, *reconstruct.Result, event.ID, error) {
		return nil, nil, event.ID{}, err
	}
	told, err := n.Reconstruct(ctx, caller, id)
	if err != nil {
		return fail(err)
	}
	if err := n.Settle(ctx); err != nil {
		return fail(err)
	}
	_, through, err := n.journal.Bounds(ctx)
	if err != nil {
		return fail(fmt.Errorf("seal reconstruction: %w", err))
	}
	signed, err := n.ledger.Checkpoint(ctx)
	if err != nil {
		return fail(fmt.Errorf("seal reconstruction: %w", err))
	}
	s, res, err := rerun.Seal(ctx, n.rerunStore(), rerun.Request{
		Asked: id, Seed: told.Incident.Seed, Through: through, Checkpoint: signed, Now: time.Now(),
	})
	if err != nil {
		return fail(err)
	}
	body, err := json.Marshal(s)
	if err != nil {
		return fail(fmt.Errorf("encode sealed reconstruction: %w", err))
	}
	record, err := n.Keep(ctx, SealedSource, body)
	return s, res, record, err
}

// CheckStory runs a sealed reconstruction again over the entries that it could see.
func (n *Node) CheckStory(ctx context.Context, caller string, s *rerun.Sealed) (*rerun.Verdict, error) {
	act := Act{Operation: "check-reconstruction", Caller: caller, Detail: s.Asked + " " + s.Digest}
	if err := n.Record(ctx, act); err != nil {
		return nil, err
	}
	_, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return nil, fmt.Errorf("run sealed reconstruction again: %w", err)
	}
	if last < s.Through {
		return nil, fmt.Errorf("run sealed reconstruction again: it could see entries to %d, this folder has %d",
			s.Through, last)
	}
	return rerun.Check(ctx, n.rerunStore(), s)
}

// OpenStory reads a sealed reconstruction from a line of a file of proofs, and
// checks that this folder's ledger sealed it. Its errors are ErrSealed.
func (n *Node) OpenStory(file io.Reader) (*rerun.Sealed, error) {
	raw, err := n.sealedBytes(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	s, err := rerun.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return s, nil
}

// SealedStory reads the sealed reconstruction that is a record of this folder,
// after it has checked that record's proof. Its errors are ErrSealed.
func (n *Node) SealedStory(ctx context.Context, id event.ID) (*rerun.Sealed, error) {
	line, err := n.ReceiptFile(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return n.OpenStory(bytes.NewReader(line))
}
