package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/evident-sec/evident/internal/search"
)

// liveTimeout bounds a search that shows how far it is and can be ended by
// whoever asked; liveCount is how long of that it may count.
const (
	liveTimeout = 10 * time.Minute
	liveCount   = 9 * time.Minute
	liveEvery   = 150 * time.Millisecond // between lines that say only how far it is
)

// liveLine is one line of GET search/live; one of the fields is set.
type liveLine struct {
	Progress *liveProgress `json:"progress,omitempty"`
	Events   []eventRow    `json:"events,omitempty"`
	Table    *tableBody    `json:"table,omitempty"` // so far, or all of it before end
	End      *liveEnd      `json:"end,omitempty"`
	Problem  *Problem      `json:"problem,omitempty"`
}

type liveProgress struct {
	Done  int   `json:"done"`
	All   int   `json:"all"`
	Total int64 `json:"total"`
}

type liveEnd struct {
	Total      int64  `json:"total"`
	TotalExact bool   `json:"total_exact"`
	After      string `json:"after"`
	TookMS     int64  `json:"took_ms"`
	Files      int    `json:"files"`
	HotRows    int64  `json:"hot_rows"`
	From       any    `json:"from"`
	To         any    `json:"to"`
}

// liveWriter writes lines, each at once.
type liveWriter struct {
	w     http.ResponseWriter
	began bool
	told  time.Time
}

func (l *liveWriter) line(v liveLine) error {
	if !l.began {
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.w.Header().Set("Cache-Control", "no-store")
		l.began = true
	}
	if err := json.NewEncoder(l.w).Encode(v); err != nil {
		return err
	}
	return http.NewResponseController(l.w).Flush()
}

// progress says how far it is, not too often.
func (l *liveWriter) progress(p liveProgress) error {
	if p.All == 0 || time.Since(l.told) < liveEvery {
		return nil
	}
	l.told = time.Now()
	return l.line(liveLine{Progress: &p})
}

// live answers GET search/live: lines of JSON while the search runs. It ends
// when the client goes.
func (a *API) live(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), liveTimeout)
	defer cancel()
	l := &liveWriter{w: w}
	err := a.answerLive(ctx, r, l)
	switch {
	case err == nil || r.Context().Err() != nil: // or nobody is there to be told
	case !l.began:
		a.fail(w, r, err)
	default:
		p := problemFor(err)
		p.Type, p.Instance = "about:blank", r.URL.Path
		_ = l.line(liveLine{Problem: &p}) // the client may be gone
	}
}

func (a *API) answerLive(ctx context.Context, r *http.Request, l *liveWriter) error {
	asked, err := a.pipeline(r)
	if err != nil {
		return err
	}
	if asked.Pipeline.Piped() {
		return a.liveTable(ctx, asked, l)
	}
	req := search.Request{Query: asked.Pipeline.Query, From: asked.From, To: asked.To, CountFor: liveCount}
	if req.Limit, err = intParam(r, "limit", 200, 1000); err != nil {
		return err
	}
	if req.Oldest, err = oldestFirst(r); err != nil {
		return err
	}
	return a.liveEvents(ctx, req, l)
}

func (a *API) liveEvents(ctx context.Context, req search.Request, l *liveWriter) error {
	result, err := a.node.Stream(ctx, CallerFrom(ctx).ID, req, func(p search.Part) error {
		if len(p.Rows) > 0 {
			rows, err := a.rows(ctx, &search.Result{Rows: p.Rows})
			if err != nil {
				return err
			}
			if err := l.line(liveLine{Events: rows}); err != nil {
				return err
			}
		}
		return l.progress(liveProgress{p.Done, p.All, p.Total})
	})
	if err != nil {
		return err
	}
	return l.line(liveLine{End: &liveEnd{
		Total: result.Total, TotalExact: result.TotalExact, After: result.After,
		TookMS: result.Took.Milliseconds(), Files: result.Files, HotRows: result.HotRows,
		From: timeOrNil(req.From), To: timeOrNil(req.To),
	}})
}

func (a *API) liveTable(ctx context.Context, req search.TableRequest, l *liveWriter) error {
	chart := chartOf(req.Pipeline)
	show := func(t *search.Table) error {
		body := tableOf(t, req.From, req.To)
		body.Chart = chart
		return l.line(liveLine{Table: &body})
	}
	t, err := a.node.Table(ctx, CallerFrom(ctx).ID, req, func(p search.Progress) error {
		if p.Table != nil {
			if err := show(p.Table); err != nil {
				return err
			}
		}
		return l.progress(liveProgress{Done: p.Done, All: p.Total})
	})
	if err != nil {
		return err
	}
	if err := show(t); err != nil {
		return err
	}
	return l.line(liveLine{End: &liveEnd{
		Total: int64(len(t.Rows)), TotalExact: !t.More, TookMS: t.Took.Milliseconds(), Files: t.Files,
		HotRows: t.HotRows, From: timeOrNil(req.From), To: timeOrNil(req.To),
	}})
}
