package disposal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/retention"
)

// Source is the source of documents about retention in the journal.
const Source = "evident:retention"

// State forgets what was derived from events that are gone.
type State interface {
	Forget(ctx context.Context, gone func(event.ID) bool, hosts map[string]bool) error
}

// Keeper keeps documents and destroys what two have approved.
type Keeper struct {
	Lake   *lake.Table
	State  State
	Settle func(context.Context) error // seals everything that arrived
	// Write writes a record to the journal, under a checkpoint.
	Write func(ctx context.Context, source string, raw []byte) (event.ID, error)
	// Check says why an entry is not as the ledger sealed it.
	Check func(context.Context, *event.Entry) error
}

// act is a document's form in the journal, that of any act.
type act struct {
	Time      time.Time `json:"time"`
	Product   string    `json:"product"`
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Caller    string    `json:"caller"`
	Detail    string    `json:"detail"`
}

// Keep checks a document about retention against those before it and
// writes it to the journal, under a checkpoint. It returns the identifier of
// its record.
func (k *Keeper) Keep(ctx context.Context, operation, caller string, doc []byte) (event.ID, error) {
	reg, err := k.Register(ctx)
	if err != nil {
		return event.ID{}, err
	}
	if err := reg.Check(doc); err != nil {
		return event.ID{}, fmt.Errorf("keep %s: %w", operation, err)
	}
	return k.keep(ctx, operation, caller, doc)
}

func (k *Keeper) keep(ctx context.Context, operation, caller string, doc []byte) (event.ID, error) {
	raw, err := json.Marshal(act{
		Time: time.Now().UTC(), Product: retention.OwnProduct, Service: "audit",
		Operation: operation, Caller: caller, Detail: string(doc),
	})
	if err != nil {
		return event.ID{}, fmt.Errorf("keep %s: %w", operation, err)
	}
	if len(raw) > event.MaxRecordBytes {
		return event.ID{}, fmt.Errorf("keep %s: it has %d bytes, a record has at most %d",
			operation, len(raw), event.MaxRecordBytes)
	}
	return k.Write(ctx, Source, raw)
}

// Register reads what the documents in the store say. Everything that arrived
// is sealed first.
func (k *Keeper) Register(ctx context.Context) (*retention.Register, error) {
	if err := k.Settle(ctx); err != nil {
		return nil, err
	}
	defer k.Lake.Pin()()
	reg := &retention.Register{}
	for _, file := range k.Lake.Files() {
		entries, err := k.ownEntries(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("look for documents: %w", err)
		}
		for _, seq := range entries {
			e, err := k.Lake.Entry(ctx, seq)
			if err != nil {
				return nil, fmt.Errorf("read document: %w", err)
			}
			if e.Source != Source {
				continue
			}
			var doc act
			if err := json.Unmarshal(e.Records[0].Raw, &doc); err == nil {
				reg.Add(seq, []byte(doc.Detail))
			}
		}
	}
	return reg, nil
}

// ownEntries returns the entries of a file that say they are Evident's own.
func (k *Keeper) ownEntries(ctx context.Context, file lake.File) (out []uint64, err error) {
	scan, err := k.Lake.OpenScan(file)
	if err != nil {
		return nil, err
	}
	defer scan.Close()
	for g := range scan.Groups() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows, err := scan.Rows(g)
		if err != nil {
			return nil, err
		}
		products, err := scan.Load(g, rows, lake.ColProduct)
		if err != nil {
			return nil, err
		}
		for i, place := range products.Index {
			if products.Values[place] == retention.OwnProduct {
				out = append(out, uint64(rows.Entry[i]))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
