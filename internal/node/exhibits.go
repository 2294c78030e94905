package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/proof"
)

// Exhibits proves many records, each entry read once, and gives them with their
// original bytes, in order of their identifiers. Each proof is checked before.
// The caller has recorded who reads them. An erased record has no bytes.
func (n *Node) Exhibits(ctx context.Context, ids []event.ID, yield func(proof.Exhibit) error) error {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b event.ID) int {
		return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Leaf, b.Leaf))
	})
	trust, err := proof.KeyPolicy(n.VerifierKey())
	if err != nil {
		return fmt.Errorf("read own key: %w", err)
	}
	memo := proof.NewMemo(trust)
	var e *event.Entry
	var leaves []proof.Hash
	for _, id := range slices.Compact(ids) {
		if e == nil || e.Seq != id.Entry {
			if e, err = n.Entry(ctx, id.Entry); err != nil {
				return err
			}
			leaves = ledger.Leaves(e)
		}
		p, err := n.proveIn(ctx, e, leaves, id)
		if err != nil {
			return err
		}
		text, err := p.MarshalText()
		if err != nil {
			return fmt.Errorf("print proof of %s: %w", id, err)
		}
		out := proof.Exhibit{Event: id.String(), Proof: string(text)}
		if p.Salt != nil {
			out.Raw = append([]byte{}, e.Records[id.Leaf].Raw...)
		}
		if _, _, err := out.Check(memo); err != nil {
			return fmt.Errorf("prove event %s: %w", id, err)
		}
		if err := yield(out); err != nil {
			return err
		}
	}
	return nil
}
