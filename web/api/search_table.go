package api

import (
	"context"
	"net/http"
	"time"

	"github.com/evident-sec/evident/internal/search"
)

// tableBody is the answer to a query with stages, or to SQL.
type tableBody struct {
	Columns []columnBody `json:"columns"`
	Rows    [][]any      `json:"rows"`
	More    bool         `json:"more"`
	Chart   *chartBody   `json:"chart"`
	TookMS  int64        `json:"took_ms"`
	Files   int          `json:"files"`
	HotRows int64        `json:"hot_rows"`
	From    any          `json:"from"`
	To      any          `json:"to"`
}

type columnBody struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// chartBody says how a timechart is drawn.
type chartBody struct {
	SpanS float64 `json:"span_s"`
	By    string  `json:"by"`
}

func tableOf(t *search.Table, from, to time.Time) tableBody {
	out := tableBody{
		Rows: t.Rows, More: t.More, TookMS: t.Took.Milliseconds(), Files: t.Files, HotRows: t.HotRows,
		Columns: make([]columnBody, len(t.Columns)), From: timeOrNil(from), To: timeOrNil(to),
	}
	for i, c := range t.Columns {
		out.Columns[i] = columnBody(c)
	}
	return out
}

func chartOf(pl *search.Pipeline) *chartBody {
	span, by, ok := pl.Chart()
	if !ok {
		return nil
	}
	return &chartBody{SpanS: span.Seconds(), By: by}
}

// tableRows is how many rows a table has on the page at most.
const tableRows = 5000

// table answers GET search for a query with stages.
func (a *API) table(ctx context.Context, req search.TableRequest) (any, error) {
	t, err := a.node.Table(ctx, CallerFrom(ctx).ID, req, nil)
	if err != nil {
		return nil, err
	}
	out := tableOf(t, req.From, req.To)
	out.Chart = chartOf(req.Pipeline)
	return out, nil
}

// pipeline reads q, from and to with the stages of q.
func (a *API) pipeline(r *http.Request) (search.TableRequest, error) {
	pl, err := search.ParsePipeline(r.URL.Query().Get("q"), search.Options{})
	if err != nil {
		return search.TableRequest{}, err
	}
	from, to, err := timeRange(r)
	return search.TableRequest{Pipeline: pl, From: from, To: to, Limit: tableRows}, err
}

// SQLRole may ask with SQL.
const SQLRole = "sql"

type sqlOrder struct {
	SQL   string    `json:"sql"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Limit int       `json:"limit"`
}

// sql answers POST sql.
func (a *API) sql(ctx context.Context, r *http.Request) (any, error) {
	caller := CallerFrom(ctx)
	if !caller.May(SQLRole) {
		return nil, &Problem{
			Status: http.StatusForbidden, Code: "role-missing", Title: "SQL needs a role of its own",
			Detail: "The role sql is not yours.", Next: "Start evident serve with --sql, or use the query language.",
		}
	}
	var order sqlOrder
	if err := readOrder(r, &order); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	t, err := a.node.SQL(ctx, caller.ID, search.SQLRequest{
		Text: order.SQL, From: order.From, To: order.To, Limit: min(max(order.Limit, 0), tableRows),
	})
	if err != nil {
		return nil, err
	}
	return tableOf(t, order.From, order.To), nil
}
