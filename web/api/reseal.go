package api

import (
	"context"
	"net/http"
	"time"

	"github.com/evident-sec/evident/internal/rerun"
)

// maxStory bounds a sealed reconstruction that is sent for checking, in bytes.
const maxStory = 16 << 20

// sealedStory says what was sealed, and is the file to hand on.
type sealedStory struct {
	Event    string `json:"event"`
	Incident string `json:"incident"`
	Digest   string `json:"digest"`
	Root     string `json:"root"`
	Events   int64  `json:"events"`
	Entries  int    `json:"entries"`
	Through  uint64 `json:"through"`
	File     string `json:"file"` // line of a file of proofs
}

// sealStory answers POST incidents/{id}/seal.
func (a *API) sealStory(ctx context.Context, r *http.Request) (any, error) {
	s, res, id, err := a.node.SealStory(ctx, CallerFrom(ctx).ID, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	line, err := a.node.ReceiptFile(ctx, id)
	if err != nil {
		return nil, err
	}
	return sealedStory{
		Event: id.String(), Incident: res.Incident.UID, Digest: s.Digest, Root: s.Root, Events: s.Events,
		Entries: s.Entries, Through: s.Through, File: string(line),
	}, nil
}

// checkedStory says what another run of a sealed reconstruction shows.
type checkedStory struct {
	*rerun.Verdict
	Asked   string    `json:"asked"`
	Made    time.Time `json:"made"`
	Through uint64    `json:"through"`
	Was     string    `json:"was"` // digest that was sealed
}

// checkStory answers POST incidents/check: the body is the file that sealStory gave.
func (a *API) checkStory(ctx context.Context, r *http.Request) (any, error) {
	s, err := a.node.OpenStory(http.MaxBytesReader(nil, r.Body, maxStory))
	if err != nil {
		return nil, err
	}
	v, err := a.node.CheckStory(ctx, CallerFrom(ctx).ID, s)
	if err != nil {
		return nil, err
	}
	return checkedStory{Verdict: v, Asked: s.Asked, Made: s.Made, Through: s.Through, Was: s.Digest}, nil
}
