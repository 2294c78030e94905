package node

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/pipeline"
	"github.com/evident-sec/evident/internal/receipt"
	"github.com/evident-sec/evident/internal/search"
)

// ReceiptSource is the source of receipts in the journal.
const ReceiptSource = "evident:receipt"

// Receipt runs a search over everything that is journaled, writes what it covered
// and found to the journal, and returns it with the record that has it.
func (n *Node) Receipt(ctx context.Context, caller string, q *search.Query, from, to time.Time) (
	*receipt.Receipt, event.ID, error,
) {
	act := Act{Operation: "receipt", Caller: caller, Detail: queryDetail(search.Request{Query: q, From: from, To: to})}
	if err := n.Record(ctx, act); err != nil {
		return nil, event.ID{}, err
	}
	if err := n.Settle(ctx); err != nil {
		return nil, event.ID{}, err
	}
	_, through, err := n.journal.Bounds(ctx)
	if err != nil {
		return nil, event.ID{}, fmt.Errorf("make receipt: %w", err)
	}
	signed, err := n.ledger.Checkpoint(ctx)
	if err != nil {
		return nil, event.ID{}, fmt.Errorf("make receipt: %w", err)
	}
	out := &receipt.Receipt{
		Made: time.Now().UTC(), Query: q.String(), From: from, To: to, Through: through, Checkpoint: string(signed),
	}
	found, err := n.resultsThrough(ctx, out, q)
	if err != nil {
		return nil, event.ID{}, err
	}
	found.Seal(out)
	if out.Sources, err = n.delivered(ctx); err != nil {
		return nil, event.ID{}, err
	}
	if out.Gaps, err = n.gaps(ctx, through); err != nil {
		return nil, event.ID{}, err
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, event.ID{}, fmt.Errorf("encode receipt: %w", err)
	}
	id, err := n.Keep(ctx, ReceiptSource, body)
	return out, id, err
}

// Rerun runs the search of a receipt again over the entries that it covers.
func (n *Node) Rerun(ctx context.Context, caller string, r *receipt.Receipt) (receipt.Difference, error) {
	q, err := search.Parse(r.Query)
	if err != nil {
		return receipt.Difference{}, fmt.Errorf("run receipt again: %w", err)
	}
	act := Act{Operation: "check-receipt", Caller: caller, Detail: r.Query}
	if err := n.Record(ctx, act); err != nil {
		return receipt.Difference{}, err
	}
	_, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return receipt.Difference{}, fmt.Errorf("run receipt again: %w", err)
	}
	if last < r.Through {
		return receipt.Difference{}, fmt.Errorf("run receipt again: it covers entries to %d, this folder has %d",
			r.Through, last)
	}
	found, err := n.resultsThrough(ctx, r, q)
	if err != nil {
		return receipt.Difference{}, err
	}
	return r.Compare(found), nil
}

func (n *Node) resultsThrough(ctx context.Context, r *receipt.Receipt, q *search.Query) (*receipt.Results, error) {
	found := new(receipt.Results)
	req := search.Request{Query: q, From: r.From, To: r.To, Columns: []event.Attr{}}
	err := n.search.Each(ctx, req, func(row search.Row) error {
		if row.ID.Entry <= r.Through {
			found.Add(row.ID)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("run search for receipt: %w", err)
	}
	return found, nil
}

func (n *Node) delivered(ctx context.Context) ([]receipt.Source, error) {
	sources, err := n.state.Sources(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sources for receipt: %w", err)
	}
	out := []receipt.Source{}
	for _, s := range sources {
		if s.Name != ownSourceName {
			out = append(out, receipt.Source{Name: s.Name, Host: s.Host, Events: s.Events, First: s.First, Last: s.Last})
		}
	}
	return out, nil
}

// gaps reads what Evident's own records say is missing: verdicts on the seals of
// sources, and heartbeats between which a source delivered nothing.
func (n *Node) gaps(ctx context.Context, through uint64) ([]receipt.Gap, error) {
	q, err := search.Parse("api.operation:" + sealOperation + " OR api.operation:" + heartbeat)
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	var own []event.ID
	err = n.search.Each(ctx, search.Request{Query: q, Columns: []event.Attr{}}, func(row search.Row) error {
		if row.ID.Entry <= through {
			own = append(own, row.ID)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	slices.SortFunc(own, func(a, b event.ID) int {
		return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Leaf, b.Leaf))
	})
	g := gapFinder{out: []receipt.Gap{}}
	for _, id := range own {
		e, err := n.Entry(ctx, id.Entry)
		if err != nil {
			return nil, fmt.Errorf("read gaps: %w", err)
		}
		// Anybody may send a record that looks like one of Evident's own; only
		// the entry's source says whose it is.
		var act auditRecord
		if e.Source != pipeline.OwnSource || json.Unmarshal(e.Records[id.Leaf].Raw, &act) != nil {
			continue
		}
		g.take(id, &act)
	}
	g.silent()
	return g.out, nil
}

// gapFinder goes through Evident's own records, oldest first.
type gapFinder struct {
	out     []receipt.Gap
	silence silence
}

func (g *gapFinder) take(id event.ID, act *auditRecord) {
	switch {
	case act.Operation == heartbeat:
		g.silence.beat(id.Entry, act)
	case act.Operation == sealOperation && act.Seal != nil:
		for _, m := range act.Seal.Missing {
			g.out = append(g.out, receipt.Gap{
				Kind: receipt.Missing, Source: act.Seal.Source, What: m, Event: id.String(),
			})
		}
		if len(act.Seal.Problems) > len(act.Seal.Missing) {
			g.out = append(g.out, receipt.Gap{
				Kind: receipt.Broken, Source: act.Seal.Source, Event: id.String(),
				What: strings.Join(act.Seal.Problems, "; "),
			})
		}
	}
}

// silent adds the silences between heartbeats.
func (g *gapFinder) silent() {
	for _, q := range g.silence.all() {
		g.out = append(g.out, receipt.Gap{
			Kind: receipt.Silent, Source: q.source, Host: q.host, What: "nothing delivered",
			From: q.began, To: q.until, Event: event.ID{Entry: q.to}.String(),
		})
	}
}
