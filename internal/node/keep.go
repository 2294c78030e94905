package node

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
)

// ReviewSource is the source of signed reviews in the journal.
const ReviewSource = "evident:review"

// Keep writes one JSON document that Evident made, e.g. a signed review, to the
// journal as a record of its own and waits until it is under a checkpoint. The
// identifier it returns is what Prove takes.
func (n *Node) Keep(ctx context.Context, source string, raw []byte) (event.ID, error) {
	e := &event.Entry{
		Source: source, Format: event.FormatJSON, Received: time.Now().UTC(),
		Records: []event.Record{{Raw: raw, Position: 1}},
	}
	rand.Read(e.Records[0].Salt[:])
	rand.Read(e.Batch[:]) // every document is new, whatever its text
	if err := n.Append(ctx, e); err != nil {
		return event.ID{}, fmt.Errorf("keep %s: %w", source, err)
	}
	if err := n.Settle(ctx); err != nil {
		return event.ID{}, fmt.Errorf("keep %s: %w", source, err)
	}
	return event.ID{Entry: e.Seq, Leaf: 0}, nil
}
