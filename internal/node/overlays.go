package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/pipeline"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/internal/story"
)

// overlayRecord is an overlay's form in the journal: an act like every other,
// with what was said in it.
type overlayRecord struct {
	auditRecord
	Overlay story.Overlay `json:"overlay"`
}

// Tell returns the reconstruction that belongs to an incident, a finding or an
// event, with what analysts said of it, and records that it was read.
func (n *Node) Tell(ctx context.Context, caller, id string) (*story.Told, error) {
	result, err := n.Reconstruct(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	list, err := n.overlays(ctx, result)
	if err != nil {
		return nil, err
	}
	return story.New(result, list), nil
}

// Overlays lists what analysts said of the incident, the finding or the event,
// and records that it was read.
func (n *Node) Overlays(ctx context.Context, caller, id string) ([]story.Overlay, error) {
	err := n.RecordOnce(ctx, Act{
		Operation: "list-overlays", Caller: caller, Detail: "overlays of " + id,
	})
	if err != nil {
		return nil, err
	}
	result, err := n.result(ctx, id)
	if err != nil {
		return nil, err
	}
	return n.overlays(ctx, result)
}

// overlays lists what was said of the result or of one of its steps, which may
// have been told in another incident then.
func (n *Node) overlays(ctx context.Context, r *reconstruct.Result) ([]story.Overlay, error) {
	var about []event.ID
	for i := range r.Steps {
		about = append(about, r.Steps[i].Events...)
	}
	kept, err := n.state.Overlays(ctx, r.Incident.UID, about)
	if err != nil {
		return nil, err
	}
	out := make([]story.Overlay, len(kept))
	for i, k := range kept {
		if err := json.Unmarshal(k.Body, &out[i]); err != nil {
			return nil, fmt.Errorf("read overlay %s: %w", k.UID, err)
		}
		out[i].Record = k.Record
	}
	return out, nil
}

// Annotate says something of an incident, a finding's or an event's: it is
// written to the journal, where it is sealed, and then shown beside the result.
// sign, where not nil, returns the author's own signature over the bytes. The
// error wraps story.ErrOverlay where it cannot be taken.
func (n *Node) Annotate(
	ctx context.Context, caller, id string, o story.Overlay, sign func([]byte) (string, error),
) (story.Overlay, error) {
	result, err := n.result(ctx, id)
	if err != nil {
		return o, err
	}
	known, err := n.overlays(ctx, result)
	if err != nil {
		return o, err
	}
	o.Author, o.Time = caller, time.Now().UTC()
	if err := o.Seal(result, known); err != nil {
		return o, err
	}
	if sign != nil {
		signable, err := o.Signable()
		if err == nil {
			o.Signature, err = sign(signable)
		}
		if err != nil {
			return o, fmt.Errorf("sign overlay: %w", err)
		}
	}
	return n.keepOverlay(ctx, o)
}

func (n *Node) keepOverlay(ctx context.Context, o story.Overlay) (story.Overlay, error) {
	raw, err := json.Marshal(overlayRecord{
		auditRecord: auditRecord{
			Time: o.Time, Product: "evident", Service: "audit", Operation: "annotate",
			Caller: o.Author, Detail: fmt.Sprintf("%s %s: %s", o.Kind, o.Incident, o.Reason),
		},
		Overlay: o,
	})
	if err != nil {
		return o, fmt.Errorf("record overlay: %w", err)
	}
	e := &event.Entry{
		Source: pipeline.OwnSource, Format: event.FormatJSON, Received: o.Time,
		Records: []event.Record{{Raw: raw, Position: 1}},
	}
	rand.Read(e.Records[0].Salt[:])
	rand.Read(e.Batch[:])
	if err := n.Append(ctx, e); err != nil {
		return o, fmt.Errorf("record overlay: %w", err)
	}
	body, err := json.Marshal(o)
	o.Record = event.ID{Entry: e.Seq}
	kept := state.Overlay{
		UID: o.UID, Incident: o.Incident, Event: o.Event, Time: o.Time, Record: o.Record, Body: body,
	}
	// The pipeline finds the record as well; this is so that it shows at once.
	return o, errors.Join(err, n.state.PutOverlay(ctx, kept))
}

// Compare tells how two reconstructions differ: b's is made anew, so that a and
// b may be the same incident, and both are recorded as read.
func (n *Node) Compare(ctx context.Context, caller, a, b string) (*story.Comparison, error) {
	before, err := n.Reconstruct(ctx, caller, a)
	if err != nil {
		return nil, err
	}
	if a != b {
		after, err := n.Reconstruct(ctx, caller, b)
		if err != nil {
			return nil, err
		}
		return story.Compare(before, after), nil
	}
	after, err := n.rerun(ctx, before.Incident.Seed.String())
	if err != nil {
		return nil, err
	}
	return story.Compare(before, after), nil
}
