package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/receipt"
	"github.com/evident-sec/evident/proof"
)

// ErrReceipt marks a file that is no receipt of this folder's ledger.
var ErrReceipt = errors.New("not a receipt of this folder")

// ReceiptFile returns the receipt that is the record id as a line of a file of
// proofs (docs/formats/proofs.md).
func (n *Node) ReceiptFile(ctx context.Context, id event.ID) ([]byte, error) {
	var line bytes.Buffer
	err := n.Exhibits(ctx, []event.ID{id}, func(x proof.Exhibit) error {
		return json.NewEncoder(&line).Encode(x)
	})
	return line.Bytes(), err
}

// OpenReceipt reads what ReceiptFile returned, and checks that this folder's
// ledger sealed it. Its errors are ErrReceipt.
func (n *Node) OpenReceipt(file io.Reader) (*receipt.Receipt, error) {
	raw, err := n.sealedBytes(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	r, err := receipt.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	return r, nil
}

// sealedBytes returns the record in the first line of a file of proofs, after it
// has checked that this folder's ledger sealed it.
func (n *Node) sealedBytes(file io.Reader) ([]byte, error) {
	trust, err := proof.KeyPolicy(n.VerifierKey())
	if err != nil {
		return nil, fmt.Errorf("read own key: %w", err)
	}
	for x, err := range proof.Exhibits(file) {
		if err == nil {
			_, _, err = x.Check(proof.NewMemo(trust))
		}
		return x.Raw, err
	}
	return nil, errors.New("it is empty")
}
