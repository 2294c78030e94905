package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
)

// Act is something a person or program did with the records: a search, a look
// at original bytes, a reconstruction, an export.
type Act struct {
	Operation string // e.g. "search", "read-original", "reconstruct"
	Caller    string // pseudonym or system account of who did it
	Detail    string // what exactly, e.g. the query text
}

// auditRecord is the act's form in the journal; mappings/evident.yaml maps it.
type auditRecord struct {
	Time      time.Time `json:"time"`
	Product   string    `json:"product"`
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Caller    string    `json:"caller"`
	Detail    string    `json:"detail"`
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
		Source: "evident:audit", Format: event.FormatJSON, Received: now,
		Records: []event.Record{{Raw: raw, Position: 1}},
	}
	rand.Read(e.Records[0].Salt[:])
	rand.Read(e.Batch[:]) // every act is new, whatever its text
	if err := n.Append(ctx, e); err != nil {
		return fmt.Errorf("record %s: %w", act.Operation, err)
	}
	return nil
}
