package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
)

// request reads q, from and to. What stands behind a pipe does not change which
// events are meant.
func (a *API) request(r *http.Request) (search.Request, error) {
	asked, err := a.pipeline(r)
	if err != nil {
		return search.Request{}, err
	}
	return search.Request{Query: asked.Pipeline.Query, From: asked.From, To: asked.To}, nil
}

// search answers GET search.
func (a *API) search(ctx context.Context, r *http.Request) (any, error) {
	asked, err := a.pipeline(r)
	if err != nil {
		return nil, err
	}
	if asked.Pipeline.Piped() {
		return a.table(ctx, asked)
	}
	req := search.Request{Query: asked.Pipeline.Query, From: asked.From, To: asked.To}
	if req.Limit, err = intParam(r, "limit", 200, 1000); err != nil {
		return nil, err
	}
	if req.Oldest, err = oldestFirst(r); err != nil {
		return nil, err
	}
	req.After = r.URL.Query().Get("after")
	result, err := a.node.Search(ctx, CallerFrom(ctx).ID, req)
	if err != nil {
		return nil, err
	}
	rows, err := a.rows(ctx, result)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"events": rows, "total": result.Total, "total_exact": result.TotalExact,
		"after": result.After, "took_ms": result.Took.Milliseconds(), "files": result.Files,
		"hot_rows": result.HotRows, "from": timeOrNil(req.From), "to": timeOrNil(req.To),
	}, nil
}

// oldestFirst reads order, asc or desc by event time; asc where it is not
// given, as a story is told.
func oldestFirst(r *http.Request) (bool, error) {
	switch order := r.URL.Query().Get("order"); order {
	case "", "asc":
		return true, nil
	case "desc":
		return false, nil
	}
	return false, badRequest("bad-order", "The order cannot be used", "Give asc or desc.")
}

func timeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

func (a *API) rows(ctx context.Context, result *search.Result) ([]eventRow, error) {
	sealed := a.node.Sealed()
	ids := make([]event.ID, len(result.Rows))
	rows := make([]eventRow, len(result.Rows))
	for i := range result.Rows {
		ids[i] = result.Rows[i].ID
		rows[i] = a.row(node.EventOf(&result.Rows[i]), sealed)
	}
	worst, err := a.node.State().WorstFindings(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if severity, ok := worst[ids[i]]; ok {
			rows[i].FindingSeverity = severityName(severity)
		}
	}
	return rows, nil
}

// facets answers GET facets.
func (a *API) facets(ctx context.Context, r *http.Request) (any, error) {
	req, err := a.request(r)
	if err != nil {
		return nil, err
	}
	n, err := intParam(r, "n", 10, 100)
	if err != nil {
		return nil, err
	}
	found, err := a.node.Facets(ctx, CallerFrom(ctx).ID, req, r.URL.Query().Get("field"), n)
	if err != nil {
		return nil, err
	}
	out := make([]map[string]any, len(found))
	for i, f := range found {
		out[i] = map[string]any{"value": f.Value, "count": f.Count}
	}
	return out, nil
}

// complete answers GET complete.
func (a *API) complete(ctx context.Context, r *http.Request) (any, error) {
	query := r.URL.Query().Get("q")
	cursor := len(query)
	if text := r.URL.Query().Get("cursor"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > len(query) {
			return nil, badRequest("bad-number", "The cursor is outside the query",
				"Give an offset in bytes, at most the length of the query.")
		}
		cursor = n
	}
	c, err := a.node.Complete(ctx, CallerFrom(ctx).ID, query, cursor)
	if err != nil {
		return nil, err
	}
	items := make([]map[string]any, len(c.Items))
	for i, s := range c.Items {
		items[i] = map[string]any{"text": s.Text, "kind": s.Kind, "caption": s.Caption}
		if s.Count > 0 {
			items[i]["count"] = s.Count
		}
	}
	return map[string]any{"from": c.From, "to": c.To, "items": items}, nil
}

// fields answers GET fields.
func (a *API) fields(context.Context, *http.Request) (any, error) {
	var out []map[string]any
	for _, f := range search.Fields() {
		info := map[string]any{
			"path": f.Name, "type": f.Type, "caption": f.Caption, "identifier": false, "person": false,
		}
		if attr, ok := event.Lookup(f.Name); ok {
			info["identifier"], info["person"] = attr.Info().Identifier, attr.Info().Person
		}
		out = append(out, info)
	}
	return out, nil
}

// bucket is one bar of a histogram.
type bucket struct {
	T             time.Time `json:"t"`
	Events        int64     `json:"events"`
	Critical      int       `json:"critical"`
	High          int       `json:"high"`
	Medium        int       `json:"medium"`
	Low           int       `json:"low"`
	Informational int       `json:"informational"`
}

type histogramBody struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	BucketS float64   `json:"bucket_s"`
	Buckets []bucket  `json:"buckets"`
}

// histogram answers GET histogram.
func (a *API) histogram(ctx context.Context, r *http.Request) (any, error) {
	req, err := a.request(r)
	if err != nil {
		return nil, err
	}
	n, err := intParam(r, "buckets", 120, 1000)
	if err != nil {
		return nil, err
	}
	return a.histogramOf(ctx, req, n)
}

// histogramOf counts events and findings over the range, or over the data
// where the range is open.
func (a *API) histogramOf(ctx context.Context, req search.Request, buckets int) (*histogramBody, error) {
	if err := a.closeRange(ctx, &req); err != nil {
		return nil, err
	}
	out := &histogramBody{From: req.From, To: req.To, Buckets: []bucket{}}
	counted, err := a.node.Engine().Histogram(ctx, req, req.From, req.To, buckets)
	if err != nil || len(counted) == 0 {
		return out, err
	}
	width := counted[0].To.Sub(counted[0].From)
	found, err := a.findingCounts(ctx, req, counted[0].From, counted[len(counted)-1].To, width)
	if err != nil {
		return nil, err
	}
	out.BucketS = width.Seconds()
	for i, b := range counted {
		c := found[i]
		out.Buckets = append(out.Buckets, bucket{
			T: b.From, Events: b.Events, Critical: c[5] + c[6], High: c[4], Medium: c[3], Low: c[2],
			Informational: c[1] + c[0],
		})
	}
	return out, nil
}

// maxMatched bounds the findings that are compared with a query for one
// histogram: the worst come first, so that a full bar errs on the small side.
const maxMatched = 300

// findingCounts counts findings per bucket; with a query, those whose event
// matches it.
func (a *API) findingCounts(ctx context.Context, req search.Request, from, to time.Time,
	width time.Duration,
) (map[int]state.Counts, error) {
	if req.Query.String() == "" {
		return a.node.State().CountFindings(ctx, from, to, width)
	}
	found, err := a.node.State().WorstBetween(ctx, from, to, maxMatched)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].Event.String()
	}
	narrow, err := search.ParseOwn("(" + req.Query.String() + ") AND metadata.uid:(" +
		strings.Join(ids, " OR ") + ")")
	if err != nil {
		return nil, err
	}
	matching := make(map[event.ID]bool)
	err = a.node.Engine().Each(ctx, search.Request{
		Query: narrow, From: from, To: to, Columns: []event.Attr{},
	}, func(r search.Row) error {
		matching[r.ID] = true
		return nil
	})
	counts := make(map[int]state.Counts)
	for _, f := range found {
		if matching[f.Event] {
			bucket := int(f.Time.Sub(from) / width)
			c := counts[bucket]
			c[min(f.Severity, 6)]++
			counts[bucket] = c
		}
	}
	return counts, err
}

// closeRange replaces open ends by the first and last event there is.
func (a *API) closeRange(ctx context.Context, req *search.Request) error {
	if !req.From.IsZero() && !req.To.IsZero() {
		return nil
	}
	overall, err := a.node.Overall(ctx)
	if err != nil {
		return err
	}
	if req.From.IsZero() {
		req.From = overall.Data.From
	}
	if req.To.IsZero() {
		req.To = overall.Data.To.Add(time.Millisecond)
	}
	return nil
}

// overview answers GET overview.
func (a *API) overview(ctx context.Context, r *http.Request) (any, error) {
	from, to, err := timeRange(r)
	if err != nil {
		return nil, err
	}
	err = a.node.RecordOnce(ctx, node.Act{Operation: "overview", Caller: CallerFrom(ctx).ID, Detail: "overview"})
	if err != nil {
		return nil, err
	}
	req := search.Request{From: from, To: to}
	if err := a.closeRange(ctx, &req); err != nil {
		return nil, err
	}
	histogram, err := a.histogramOf(ctx, req, 96)
	if err != nil {
		return nil, err
	}
	sources, err := a.sources(ctx)
	if err != nil {
		return nil, err
	}
	found, _, err := a.node.State().Findings(ctx, state.Filter{From: req.From, To: req.To})
	if err != nil {
		return nil, err
	}
	incidents, err := a.node.Incidents(ctx)
	if err != nil {
		return nil, err
	}
	severities, tactics, err := tally(found)
	if err != nil {
		return nil, err
	}
	var events int64
	for _, b := range histogram.Buckets {
		events += b.Events
	}
	hosts, err := a.node.State().Hosts(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"histogram": histogram, "severities": severities, "tactics": tactics, "sources": sources,
		"incidents": incidents, "events": events, "hosts": hosts,
	}, nil
}

type tacticCount struct {
	Tactic string `json:"tactic"`
	Count  int    `json:"count"`
	Worst  string `json:"worst"`
	worst  uint8
}

// tally counts findings by severity and by ATT&CK tactic.
func tally(found []state.Finding) (map[string]int, []*tacticCount, error) {
	severities := map[string]int{
		"critical": 0, "high": 0, "medium": 0, "low": 0, "informational": 0,
	}
	byName := make(map[string]*tacticCount)
	for i := range found {
		severities[severityName(found[i].Severity)]++
		tactics, err := detect.TacticsOf(found[i].Body)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range tactics {
			t := byName[name]
			if t == nil {
				t = &tacticCount{Tactic: name}
				byName[name] = t
			}
			t.Count++
			t.worst = max(t.worst, found[i].Severity)
			t.Worst = severityName(t.worst)
		}
	}
	out := make([]*tacticCount, 0, len(byName))
	for _, t := range byName {
		out = append(out, t)
	}
	slices.SortFunc(out, func(x, y *tacticCount) int {
		return detect.TacticOrder(x.Tactic) - detect.TacticOrder(y.Tactic)
	})
	return severities, out, nil
}
