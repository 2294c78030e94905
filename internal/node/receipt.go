package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
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
	g := gapFinder{out: []receipt.Gap{}}
	err = n.search.Each(ctx, search.Request{Query: q, Raw: true, Columns: []event.Attr{}}, func(row search.Row) error {
		var act auditRecord
		if row.ID.Entry > through || row.Product != "evident" || json.Unmarshal(row.Raw, &act) != nil {
			return nil
		}
		g.take(row.ID, &act)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	return g.out, nil
}

// gapFinder goes through Evident's own records, oldest first.
type gapFinder struct {
	out    []receipt.Gap
	last   map[[2]string]pulse
	lastAt time.Time
	open   map[[2]string]int // gap of a source that is still silent, in out
}

func (g *gapFinder) take(id event.ID, act *auditRecord) {
	switch {
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
	case act.Operation == heartbeat:
		g.beat(id, act)
	}
}

// beat compares a heartbeat with the one before. Silence over several is one gap.
func (g *gapFinder) beat(id event.ID, act *auditRecord) {
	var pulses []pulse
	if err := json.Unmarshal([]byte(act.Detail), &pulses); err != nil {
		return
	}
	now, open := map[[2]string]pulse{}, map[[2]string]int{}
	for _, p := range pulses {
		key := [2]string{p.Source, p.Host}
		now[key] = p
		before, known := g.last[key]
		if !known || before.Events != p.Events {
			continue
		}
		at, longer := g.open[key]
		if !longer {
			at = len(g.out)
			g.out = append(g.out, receipt.Gap{
				Kind: receipt.Silent, Source: p.Source, Host: p.Host, What: "nothing delivered", From: g.lastAt,
			})
		}
		g.out[at].To, g.out[at].Event = act.Time, id.String()
		open[key] = at
	}
	g.last, g.lastAt, g.open = now, act.Time, open
}

// errNoReceipt says that a record is none.
var errNoReceipt = errors.New("the record is not a receipt that Evident made")

// ReceiptOf returns the receipt in a record of this folder.
func (n *Node) ReceiptOf(ctx context.Context, id event.ID) (*receipt.Receipt, error) {
	e, err := n.Entry(ctx, id.Entry)
	if err != nil {
		return nil, err
	}
	if e.Source != ReceiptSource || int(id.Leaf) >= len(e.Records) {
		return nil, fmt.Errorf("event %s: %w", id, errNoReceipt)
	}
	return receipt.Parse(e.Records[id.Leaf].Raw)
}
