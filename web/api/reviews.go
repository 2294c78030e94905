package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/evident-sec/evident/internal/posture"
)

// reviews answers GET reviews.
func (a *API) reviews(ctx context.Context, r *http.Request) (any, error) {
	k, depth, err := a.openExposure(ctx, r, "list-reviews", "reviews")
	if err != nil {
		return nil, err
	}
	list, err := k.Reviews(depth)
	if err != nil {
		return nil, err
	}
	return struct {
		depthBody
		*posture.Reviews
	}{told(ctx, depth), list}, nil
}

// review answers GET reviews/{id}.
func (a *API) review(ctx context.Context, r *http.Request) (any, error) {
	id := r.PathValue("id")
	k, depth, err := a.openExposure(ctx, r, "read-review", id)
	if err != nil {
		return nil, err
	}
	got, err := k.Review(id, depth)
	if err != nil {
		return nil, hideProblems(err, depth)
	}
	sealed, err := a.sealed(ctx, &got.ReviewSummary, depth)
	if err != nil {
		return nil, err
	}
	return struct {
		depthBody
		*posture.Review
		Sealed []sealedBody `json:"sealed"`
	}{told(ctx, depth), got, sealed}, nil
}

// hideProblems takes files and lines out of an error for those who get counts.
func hideProblems(err error, depth posture.Depth) error {
	var broken *posture.ProposalError
	if !errors.As(err, &broken) {
		return err
	}
	p := &Problem{
		Status: http.StatusConflict, Code: "proposal-broken", Title: "The proposal's files have problems",
		Next: "Correct the files of the proposal; evident exposure review lists every problem.",
	}
	if depth == posture.Detail {
		p.Detail = err.Error()
	}
	return p
}
