package node

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx"
	"github.com/evident-sec/evident/internal/pipeline"
	"github.com/evident-sec/evident/internal/source"
)

// sealOperation marks the records of what a source's own seals said at the door.
const sealOperation = "source-seal"

// maxSealList bounds the ranges and lines of one record.
const maxSealList = 1000

// sourceSeal is the verdict in the form of the journal: what the checksums and
// record numbers of a Windows event log said when it was read.
type sourceSeal struct {
	Source    string   `json:"source"`
	Kind      string   `json:"kind"` // evtx or cloudtrail
	Records   int      `json:"records"`
	Chunks    int      `json:"chunks"`
	Unsound   int      `json:"unsound_chunks"`
	Unclosed  bool     `json:"unclosed"`
	Unordered bool     `json:"unordered"`
	Missing   []string `json:"missing"`  // record numbers, "7" or "7 to 9"
	Repeated  []string `json:"repeated"` // likewise
	Problems  []string `json:"problems"`
}

func (s *sourceSeal) holds() bool { return len(s.Problems) == 0 }

func ranges(list []evtx.Range) []string {
	out := []string{}
	for _, r := range list[:min(len(list), maxSealList)] {
		out = append(out, r.String())
	}
	return out
}

// sealSource writes the verdict on a Windows event log.
func (n *Node) sealSource(ctx context.Context, s source.Seal) error {
	v := s.Verdict
	seal := &sourceSeal{
		Source: s.Source, Kind: "evtx", Records: v.Records, Chunks: v.Chunks, Unsound: v.Unsound,
		Unclosed: v.Unclosed, Unordered: v.Unordered, Missing: ranges(v.Missing), Repeated: ranges(v.Repeated),
		Problems: append([]string{}, s.Problems[:min(len(s.Problems), maxSealList)]...),
	}
	return n.writeSeal(ctx, seal)
}

// writeSeal writes the verdict on a source to the journal, so that it is under the
// same seal as the records. The same verdict on the same source is written once,
// however often the source is read.
func (n *Node) writeSeal(ctx context.Context, seal *sourceSeal) error {
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
		Detail: seal.sentence(), Seal: seal,
	})
	if err != nil {
		return fmt.Errorf("encode source seal: %w", err)
	}
	return n.Append(ctx, e)
}

func (s *sourceSeal) sentence() string {
	if s.holds() {
		return fmt.Sprintf("%s: %d records, every checksum and record number holds", s.Source, s.Records)
	}
	return fmt.Sprintf("%s: %d records; %s", s.Source, s.Records, strings.Join(s.Problems, "; "))
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
		if !act.Seal.holds() && len(v.out.Seals.Broken) < maxFailures {
			id := event.ID{Entry: e.Seq, Leaf: uint32(i)}
			v.out.Seals.Broken = append(v.out.Seals.Broken,
				BrokenSeal{id.String(), act.Seal.Source, act.Seal.Problems})
		}
	}
}
