package api

import (
	"bytes"
	"cmp"
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/story"
)

// incidents answers GET incidents.
func (a *API) incidents(ctx context.Context, _ *http.Request) (any, error) {
	err := a.node.RecordOnce(ctx, node.Act{
		Operation: "list-incidents", Caller: CallerFrom(ctx).ID, Detail: "incidents",
	})
	if err != nil {
		return nil, err
	}
	list, err := a.node.Incidents(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"incidents": list}, nil
}

// incident answers GET incidents/{id}: the reconstruction that belongs to an
// incident, a finding or an event.
func (a *API) incident(ctx context.Context, r *http.Request) (any, error) {
	return a.node.Reconstruct(ctx, CallerFrom(ctx).ID, r.PathValue("id"))
}

// overlays answers GET incidents/{id}/overlays.
func (a *API) overlays(ctx context.Context, r *http.Request) (any, error) {
	list, err := a.node.Overlays(ctx, CallerFrom(ctx).ID, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"overlays": append([]story.Overlay{}, list...)}, nil
}

// overlayOrder is what a reader may say; author, time and identifier are not
// his to choose.
type overlayOrder struct {
	Kind      story.Kind `json:"kind"`
	Step      int        `json:"step"`
	Text      string     `json:"text"`
	Reason    string     `json:"reason"`
	At        time.Time  `json:"at"`
	Host      string     `json:"host"`
	Events    []event.ID `json:"events"`
	Withdraws string     `json:"withdraws"`
}

// annotate answers POST incidents/{id}/overlays.
func (a *API) annotate(ctx context.Context, r *http.Request) (any, error) {
	var o overlayOrder
	if err := readOrder(r, &o); err != nil {
		return nil, err
	}
	at := o.At
	if !at.IsZero() {
		at = at.UTC()
	}
	return a.node.Annotate(ctx, CallerFrom(ctx).ID, r.PathValue("id"), story.Overlay{
		Kind: o.Kind, Step: o.Step, Text: o.Text, Reason: o.Reason, At: at, Host: o.Host,
		Events: o.Events, Withdraws: o.Withdraws,
	}, nil)
}

// difference answers GET incidents/{id}/diff.
func (a *API) difference(ctx context.Context, r *http.Request) (any, error) {
	id := r.PathValue("id")
	return a.node.Compare(ctx, CallerFrom(ctx).ID, id, cmp.Or(r.URL.Query().Get("with"), id))
}

// export answers GET incidents/{id}/export. It is always a file to keep and
// never a page to show: what is in it came from logs.
func (a *API) export(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	form, err := story.FormOf(cmp.Or(r.URL.Query().Get("format"), "json"))
	if err != nil {
		a.fail(w, r, badRequest("bad-format", "There is no such format", err.Error()))
		return
	}
	told, err := a.node.Tell(ctx, CallerFrom(ctx).ID, r.PathValue("id"))
	var body bytes.Buffer
	if err == nil {
		err = form.Write(&body, told)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	name := mime.FormatMediaType("attachment", map[string]string{
		"filename": told.Result.Incident.UID + "." + form.Ext,
	})
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Disposition", name)
	_, _ = w.Write(body.Bytes()) // the client may be gone; there is nobody to tell
}
