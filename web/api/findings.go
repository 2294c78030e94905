package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/instant"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/state"
)

// findings answers GET findings.
func (a *API) findings(ctx context.Context, r *http.Request) (any, error) {
	q := r.URL.Query()
	from, to, err := timeRange(r)
	if err != nil {
		return nil, err
	}
	limit, err := intParam(r, "limit", 500, 10_000)
	if err != nil {
		return nil, err
	}
	f := state.Filter{
		Rule: q.Get("rule"), Host: q.Get("host"), Incident: q.Get("incident"),
		From: from, To: to, Limit: limit,
	}
	if s := q.Get("severity"); s != "" {
		f.Severity = detect.SeverityID(s)
		if severityName(f.Severity) != s { // SeverityID takes an unknown word for medium
			return nil, badRequest("bad-severity", "There is no such severity",
				"Give critical, high, medium, low or informational.")
		}
	}
	found, total, err := a.node.Findings(ctx, CallerFrom(ctx).ID, f)
	if err != nil {
		return nil, err
	}
	bodies, err := findingBodies(found)
	if err != nil {
		return nil, err
	}
	return map[string]any{"findings": bodies, "total": total}, nil
}

// finding answers GET findings/{uid}.
func (a *API) finding(ctx context.Context, r *http.Request) (any, error) {
	uid := r.PathValue("uid")
	f, err := a.node.State().Finding(ctx, uid)
	if err != nil {
		return nil, err
	}
	err = a.node.Record(ctx, node.Act{
		Operation: "read-finding", Caller: CallerFrom(ctx).ID, Detail: uid,
	})
	if err != nil {
		return nil, err
	}
	return findingBody(f)
}

func findingBodies(found []state.Finding) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, len(found))
	for i := range found {
		body, err := findingBody(found[i])
		if err != nil {
			return nil, err
		}
		out[i] = body
	}
	return out, nil
}

// findingBody is the stored finding plus the incident it came to belong to.
func findingBody(f state.Finding) (json.RawMessage, error) {
	if f.Incident == "" {
		return f.Body, nil
	}
	var full detect.Finding
	if err := json.Unmarshal(f.Body, &full); err != nil {
		return nil, fmt.Errorf("read finding %s: %w", f.UID, err)
	}
	full.Evident.Incident = f.Incident
	body, err := json.Marshal(full)
	if err != nil {
		return nil, fmt.Errorf("encode finding %s: %w", f.UID, err)
	}
	return body, nil
}

// findingsOf returns the findings of one event.
func (a *API) findingsOf(ctx context.Context, id event.ID) ([]json.RawMessage, error) {
	found, _, err := a.node.State().Findings(ctx, state.Filter{Event: id})
	if err != nil {
		return nil, err
	}
	return findingBodies(found)
}

// timeRange reads from and to; zero where they are not given.
func timeRange(r *http.Request) (from, to time.Time, err error) {
	for name, at := range map[string]*time.Time{"from": &from, "to": &to} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		if back, ok := instant.Relative(text, time.Now()); ok {
			*at = back
			continue
		}
		if *at, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return from, to, badRequest("bad-time", "The time "+strconv.Quote(text)+" cannot be read",
				"Write times as 2026-11-18T02:11:00Z or -24h.")
		}
		*at = at.UTC()
	}
	return from, to, nil
}

// intParam reads a whole number from 1 to most.
func intParam(r *http.Request, name string, otherwise, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, badRequest("bad-number", "The value of "+name+" cannot be used",
			"Give a whole number from 1 to "+strconv.Itoa(most)+".")
	}
	return n, nil
}
