package api

import (
	"context"
	"net/http"

	"github.com/evident-sec/evident/internal/node"
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
