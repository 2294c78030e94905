package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/evident-sec/evident/internal/node"
)

// maxOrder bounds the body of an order about rules, in bytes.
const maxOrder = 64 << 10

// readOrder reads a JSON body into the value; no body leaves it as it is.
func readOrder(r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxOrder))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return &Problem{
			Status: http.StatusBadRequest, Code: "bad-body", Title: "The body cannot be read",
			Detail: err.Error(), Next: "Send JSON as web/api/openapi.yaml describes it, or no body.",
		}
	}
	return nil
}

type forceOrder struct {
	Force bool `json:"force"`
}

// reloadRules answers POST rules/reload.
func (a *API) reloadRules(ctx context.Context, r *http.Request) (any, error) {
	var body forceOrder
	if err := readOrder(r, &body); err != nil {
		return nil, err
	}
	return a.node.ReloadRules(ctx, node.Order{Caller: CallerFrom(ctx).ID, Force: body.Force})
}

type shadowBody struct {
	Paths []string `json:"paths"`
	Hours *int     `json:"hours"`
	Live  *bool    `json:"live"`
}

// startShadow answers POST rules/shadow.
func (a *API) startShadow(ctx context.Context, r *http.Request) (any, error) {
	var body shadowBody
	if err := readOrder(r, &body); err != nil {
		return nil, err
	}
	o := node.ShadowOrder{Caller: CallerFrom(ctx).ID, Paths: body.Paths, Hours: 24, Live: true}
	if body.Live != nil {
		o.Live = *body.Live
	}
	if body.Hours != nil {
		o.Hours = *body.Hours
	}
	if o.Hours < 0 || o.Hours > node.MaxShadowHours {
		return nil, badRequest("bad-number", "The value of hours cannot be used",
			"Give a whole number from 0, at most ten years.")
	}
	if err := a.node.StartShadow(ctx, o); err != nil {
		return nil, err
	}
	return a.node.ShadowStatus(ctx)
}

// shadow answers GET rules/shadow. It names events and shows nothing of them;
// opening one is recorded.
func (a *API) shadow(ctx context.Context, _ *http.Request) (any, error) {
	return a.node.ShadowStatus(ctx)
}

// acceptShadow answers POST rules/shadow/accept.
func (a *API) acceptShadow(ctx context.Context, r *http.Request) (any, error) {
	var body forceOrder
	if err := readOrder(r, &body); err != nil {
		return nil, err
	}
	return a.node.AcceptShadow(ctx, node.Order{Caller: CallerFrom(ctx).ID, Force: body.Force})
}

// discardShadow answers POST rules/shadow/discard.
func (a *API) discardShadow(ctx context.Context, _ *http.Request) (any, error) {
	if err := a.node.DiscardShadow(ctx, CallerFrom(ctx).ID); err != nil {
		return nil, err
	}
	return a.node.ShadowStatus(ctx)
}

// ruleProblem maps the errors of changing rules; ok says that it is one.
func ruleProblem(err error) (p Problem, ok bool) {
	p = Problem{Status: http.StatusConflict, Detail: err.Error()}
	switch {
	case errors.Is(err, node.ErrNoRules):
		p.Code, p.Title = "no-rules", "This process runs no detection"
		p.Next = "Ask the process that receives records."
	case errors.Is(err, node.ErrReloading):
		p.Code, p.Title = "reloading", "The rules are being read already"
		p.Next = "Try again in some seconds."
	case errors.Is(err, node.ErrNoShadow):
		p.Code, p.Title = "no-shadow", "No set of rules runs in the shadow"
		p.Next = "Start one with POST /api/v1/rules/shadow."
	case errors.Is(err, node.ErrShadowStale):
		p.Code, p.Title = "shadow-stale", "The current rules changed since the comparison began"
		p.Next = "Start the comparison again."
	case errors.Is(err, node.ErrShadowPath):
		p.Status, p.Code = http.StatusForbidden, "path-not-allowed"
		p.Title = "Rules may not be read from there"
		p.Next = "Give a folder below one that the process was started with: " +
			"--rules, --shadow-rules."
	default:
		return p, false
	}
	return p, true
}
