package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/pipeline"
	"github.com/evident-sec/evident/internal/sourceseal"
)

// Act is something a person or program did with the records: a search, a look
// at original bytes, a reconstruction, an export.
type Act struct {
	Operation string // e.g. "search", "read-original", "reconstruct"
	Caller    string // pseudonym or system account of who did it
	Detail    string // what exactly, e.g. the query text
}

// onceEvery is how long one record covers the same reading: a page asks for
// rows, bars and counts of one query, and says so once.
const onceEvery = time.Minute

// recent remembers what was recorded within onceEvery.
type recent struct {
	mu   sync.Mutex
	acts map[string]time.Time // by caller and detail
}

// covers reports whether the act was recorded lately.
func (r *recent) covers(act Act, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.acts[act.Caller+"\n"+act.Detail]
	return ok && now.Sub(at) < onceEvery
}

func (r *recent) note(act Act, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.acts == nil {
		r.acts = make(map[string]time.Time)
	}
	for key, at := range r.acts {
		if now.Sub(at) >= onceEvery {
			delete(r.acts, key)
		}
	}
	r.acts[act.Caller+"\n"+act.Detail] = now
}

// RecordOnce records the act unless the same caller's reading with the same
// detail was recorded within the last minute.
func (n *Node) RecordOnce(ctx context.Context, act Act) error {
	if n.recent.covers(act, time.Now()) {
		return nil
	}
	return n.Record(ctx, act)
}

// auditRecord is the act's form in the journal; mappings/general.yaml maps it.
type auditRecord struct {
	Time      time.Time `json:"time"`
	Product   string    `json:"product"`
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Caller    string    `json:"caller"`
	Detail    string    `json:"detail"`

	Seal *sourceseal.Seal `json:"source_seal,omitempty"` // of operation source-seal
}

// Record writes the act to the journal, where it is sealed and searchable like
// any other record. Callers let the answer out only after it returned nil.
func (n *Node) Record(ctx context.Context, act Act) error {
	now := time.Now().UTC()
	raw, err := json.Marshal(auditRecord{
		Time: now, Product: "evident", Service: "audit",
		Operation: act.Operation, Caller: act.Caller, Detail: act.Detail,
	})
	if err != nil {
		return fmt.Errorf("record %s: %w", act.Operation, err)
	}
	e := &event.Entry{
		Source: pipeline.OwnSource, Format: event.FormatJSON, Received: now,
		Records: []event.Record{{Raw: raw, Position: 1}},
	}
	rand.Read(e.Records[0].Salt[:])
	rand.Read(e.Batch[:]) // every act is new, whatever its text
	if err := n.Append(ctx, e); err != nil {
		return fmt.Errorf("record %s: %w", act.Operation, err)
	}
	n.recent.note(act, time.Now())
	return nil
}
