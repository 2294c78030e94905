package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
)

// savedBody is a saved search.
type savedBody struct {
	Name       string   `json:"name"`
	Query      string   `json:"query"`
	Note       string   `json:"note"`
	Parameters []string `json:"parameters"`
	By         string   `json:"by"`
	Saved      any      `json:"saved"`
	Filled     string   `json:"filled,omitempty"`
}

func savedOf(s state.SavedSearch) (savedBody, error) {
	names, err := search.Parameters(s.Query)
	return savedBody{
		Name: s.Name, Query: s.Query, Note: s.Note, Parameters: append([]string{}, names...),
		By: s.By, Saved: s.Saved,
	}, err
}

// searches answers GET searches.
func (a *API) searches(ctx context.Context, _ *http.Request) (any, error) {
	all, err := a.node.State().Searches(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]savedBody, len(all))
	for i, s := range all {
		if out[i], err = savedOf(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// savedSearch answers GET searches/{name}: with values for its parameters, also
// the query that they make.
func (a *API) savedSearch(ctx context.Context, r *http.Request) (any, error) {
	s, err := a.node.State().Search(ctx, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	out, err := savedOf(s)
	given := r.URL.Query()["set"]
	if err != nil || len(given) == 0 && len(out.Parameters) > 0 {
		return out, err
	}
	set := make(map[string]string, len(given))
	for _, pair := range given {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, badRequest("bad-parameter", "A value cannot be read", "Write set=NAME=VALUE.")
		}
		set[name] = value
	}
	pl, err := a.node.RunSearch(ctx, s.Name, set)
	if err != nil {
		return nil, err
	}
	out.Filled = pl.String()
	return out, nil
}

type saveOrder struct {
	Query string `json:"query"`
	Note  string `json:"note"`
}

// saveSearch answers PUT searches/{name}.
func (a *API) saveSearch(ctx context.Context, r *http.Request) (any, error) {
	var order saveOrder
	if err := readOrder(r, &order); err != nil {
		return nil, err
	}
	s := state.SavedSearch{Name: r.PathValue("name"), Query: order.Query, Note: order.Note}
	if err := a.node.SaveSearch(ctx, CallerFrom(ctx).ID, s); err != nil {
		return nil, err
	}
	kept, err := a.node.State().Search(ctx, s.Name)
	if err != nil {
		return nil, err
	}
	return savedOf(kept)
}

// deleteSearch answers DELETE searches/{name}.
func (a *API) deleteSearch(ctx context.Context, r *http.Request) (any, error) {
	name := r.PathValue("name")
	if err := a.node.DeleteSearch(ctx, CallerFrom(ctx).ID, name); err != nil {
		return nil, err
	}
	return map[string]string{"deleted": name}, nil
}
