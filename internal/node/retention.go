package node

import (
	"context"
	"fmt"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/disposal"
)

// Disposal looks after documents about retention, and destroys by them.
func (n *Node) Disposal() *disposal.Keeper {
	return &disposal.Keeper{
		Lake: n.lake, State: n.state, Write: n.Keep, Check: n.asSealed,
		Settle: func(ctx context.Context) error {
			if n.pipe == nil {
				return nil // what lies there is all there is
			}
			return n.Settle(ctx)
		},
	}
}

// DestroyedError says that a record is gone by right.
type DestroyedError struct {
	ID   event.ID
	Text string // when, under what, by whom
}

// Error implements error.
func (e *DestroyedError) Error() string { return "event " + e.ID.String() + ": " + e.Text }

// Unwrap makes it an ErrNoEvent.
func (e *DestroyedError) Unwrap() error { return ErrNoEvent }

// fate says what became of an erased record.
func (n *Node) fate(ctx context.Context, id event.ID, tombstone uint64) error {
	reg, err := n.Disposal().Register(ctx)
	if err != nil {
		return err
	}
	if g := reg.Grave(tombstone); g != nil {
		if text, ok := g.Lawfully(id); ok {
			return &DestroyedError{id, text}
		}
	}
	return fmt.Errorf("read event %s: it was destroyed, and entry %d is no valid tombstone for it: %w",
		id, tombstone, ErrNoEvent)
}
