package api

import (
	"context"
	"net/http"
	"time"

	"github.com/evident-sec/evident/internal/receipt"
	"github.com/evident-sec/evident/internal/search"
)

// maxReceipt bounds a receipt that is sent for checking, in bytes. One with
// receipt.MaxListed results has about 250 kB.
const maxReceipt = 8 << 20

type receiptOrder struct {
	Query string    `json:"query"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

// receiptBody is a sealed receipt and the file to hand on.
type receiptBody struct {
	Event   string           `json:"event"`
	Receipt *receipt.Receipt `json:"receipt"`
	File    string           `json:"file"` // line of a file of proofs
}

// makeReceipt answers POST receipts.
func (a *API) makeReceipt(ctx context.Context, r *http.Request) (any, error) {
	var order receiptOrder
	if err := readOrder(r, &order); err != nil {
		return nil, err
	}
	q, err := search.Parse(order.Query)
	if err != nil {
		return nil, err
	}
	made, id, err := a.node.Receipt(ctx, CallerFrom(ctx).ID, q, order.From, order.To)
	if err != nil {
		return nil, err
	}
	line, err := a.node.ReceiptFile(ctx, id)
	if err != nil {
		return nil, err
	}
	return receiptBody{Event: id.String(), Receipt: made, File: string(line)}, nil
}

// checkedBody says what a search finds that a receipt speaks of.
type checkedBody struct {
	receipt.Difference
	Query   string    `json:"query"`
	Made    time.Time `json:"made"`
	Through uint64    `json:"through"`
	Had     int64     `json:"had"` // results of the receipt
	Was     string    `json:"was"` // root of the receipt
}

// checkReceipt answers POST receipts/check: the body is the receipt's file.
func (a *API) checkReceipt(ctx context.Context, r *http.Request) (any, error) {
	had, err := a.node.OpenReceipt(http.MaxBytesReader(nil, r.Body, maxReceipt))
	if err != nil {
		return nil, err
	}
	d, err := a.node.Rerun(ctx, CallerFrom(ctx).ID, had)
	if err != nil {
		return nil, err
	}
	return checkedBody{
		Difference: d, Query: had.Query, Made: had.Made, Through: had.Through, Had: had.Results, Was: had.Root,
	}, nil
}
