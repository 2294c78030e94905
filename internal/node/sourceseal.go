package node

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/pipeline"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/internal/sourceseal"
)

// sealOperation marks the records of what a source's own seals said at the door.
const sealOperation = "source-seal"

// sealSource writes the verdict on a source that was read.
func (n *Node) sealSource(ctx context.Context, s source.Seal) error {
	switch j := s.Journal; {
	case j == nil:
		return n.writeSeal(ctx, sourceseal.EventLog(s.Source, s.Verdict, s.Problems))
	case j.SHA256 == "":
		return n.writeSeal(ctx, sourceseal.Numbers(s.Source, j.Missing))
	default:
		return n.writeSeal(ctx, sourceseal.Journal(s.Source, &j.Verdict, j.SHA256, s.Problems))
	}
}

// writeSeal writes the verdict on a source to the journal, so that it is under the
// same seal as the records. The same verdict on the same source is written once,
// however often the source is read.
func (n *Node) writeSeal(ctx context.Context, seal *sourceseal.Seal) error {
	identity, err := json.Marshal(seal)
	if err != nil {
		return fmt.Errorf("encode source seal: %w", err)
	}
	now := time.Now().UTC()
	e := &event.Entry{
		Source: pipeline.OwnSource, Format: event.FormatJSON, Received: now,
		Batch:   sha256.Sum256(append([]byte("evident.source-seal/v1\n"), identity...)),
		Records: []event.Record{{Position: 1}},
	}
	if n.isKnown(e.Batch) {
		return nil
	}
	rand.Read(e.Records[0].Salt[:])
	e.Records[0].Raw, err = json.Marshal(auditRecord{
		Time: now, Product: "evident", Service: "audit", Operation: sealOperation, Caller: "evident",
		Detail: seal.Sentence(), Seal: seal,
	})
	if err != nil {
		return fmt.Errorf("encode source seal: %w", err)
	}
	return n.Append(ctx, e)
}

// Seals sums up the source seals that were checked at the door.
type Seals struct {
	Logs   int          `json:"logs"`   // verdicts sealed
	Broken []BrokenSeal `json:"broken"` // at most 1,000
}

// BrokenSeal is a source whose own seals did not hold when it was read.
type BrokenSeal struct {
	Event    string   `json:"event"` // the record that says so; evident prove takes it
	Source   string   `json:"source"`
	Problems []string `json:"problems"`
}

// noteSeals collects the verdicts in an entry of Evident's own.
func (v *verifier) noteSeals(e *event.Entry) {
	if e.Source != pipeline.OwnSource {
		return
	}
	for i := range e.Records {
		var act auditRecord
		err := json.Unmarshal(e.Records[i].Raw, &act)
		if err != nil || act.Operation != sealOperation || act.Seal == nil {
			continue
		}
		if v.out.Seals == nil {
			v.out.Seals = &Seals{Broken: []BrokenSeal{}}
		}
		v.out.Seals.Logs++
		if !act.Seal.Holds() && len(v.out.Seals.Broken) < maxFailures {
			id := event.ID{Entry: e.Seq, Leaf: uint32(i)}
			v.out.Seals.Broken = append(v.out.Seals.Broken,
				BrokenSeal{id.String(), act.Seal.Source, act.Seal.Problems})
		}
	}
}
