package node

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
)

// lakeFiles shows the lake to the search engine.
type lakeFiles struct{ table *lake.Table }

func (l lakeFiles) Snapshot(ctx context.Context, from, to time.Time) (search.Snapshot, error) {
	release := l.table.Pin() // before the files are known, so that none can go in between
	s, err := l.table.Snapshot(ctx, from, to)
	if err != nil {
		release()
		return search.Snapshot{}, err
	}
	out := search.Snapshot{
		Through: s.Through, Files: make([]search.File, len(s.Files)), Release: release,
	}
	for i, f := range s.Files {
		out.Files[i] = search.File{
			Path: f.Path, Originals: f.Originals, From: f.From, To: f.To, Rows: f.Rows,
		}
	}
	return out, nil
}

func (n *Node) openSearch(ctx context.Context) (err error) {
	if n.cfg.NoSearch {
		return nil
	}
	n.search, err = search.Open(ctx, search.Config{
		Dir: filepath.Join(n.cfg.Dir, "search"), Lake: n.lakeDir(), Files: lakeFiles{n.lake},
		Originals: n.lake.Originals(),
	})
	if err != nil {
		return err
	}
	n.onClose(n.search.Close)
	return nil
}

// Search answers a query for the caller and records that it was asked.
func (n *Node) Search(ctx context.Context, caller string, r search.Request) (*search.Result, error) {
	err := n.Record(ctx, Act{Operation: "search", Caller: caller, Detail: queryDetail(r)})
	if err != nil {
		return nil, err
	}
	return n.search.Search(ctx, r)
}

// Facets counts the values of a field among the matches for the caller. The
// record of the same caller's same query covers it.
func (n *Node) Facets(ctx context.Context, caller string, r search.Request, field string, count int,
) ([]search.Facet, error) {
	err := n.RecordOnce(ctx, Act{Operation: "count-values", Caller: caller, Detail: queryDetail(r)})
	if err != nil {
		return nil, err
	}
	return n.search.Facets(ctx, r, field, count)
}

// Complete suggests what may be typed next. Values come from records, so a
// field whose values are shown is recorded, once a minute.
func (n *Node) Complete(ctx context.Context, caller, query string, cursor int) (search.Completion, error) {
	c := search.Complete(query, cursor)
	if c.Field == "" {
		return c, nil
	}
	err := n.RecordOnce(ctx, Act{Operation: "complete-values", Caller: caller, Detail: "field " + c.Field})
	if err != nil {
		return c, err
	}
	return n.search.Complete(ctx, query, cursor)
}

func queryDetail(r search.Request) string {
	return fmt.Sprintf("query %q", r.Query.String()) + rangeDetail(r.From, r.To)
}

// Engine is the query engine for what needs no record: counts over time.
func (n *Node) Engine() *search.Engine { return n.search }

// EventOf turns a row of an answer into the event it is, without native
// fields and original bytes.
func EventOf(r *search.Row) *event.Event {
	return &event.Event{
		ID: r.ID, Time: r.Time, Received: r.Received, Class: r.Class, Activity: r.Activity,
		Severity: r.Severity, Product: r.Product, Service: r.Service, Category: r.Category,
		Problem: r.Problem, Attrs: r.Attrs,
	}
}

// Findings lists findings for the caller and records that they were read.
func (n *Node) Findings(ctx context.Context, caller string, f state.Filter) ([]state.Finding, int, error) {
	if err := n.Record(ctx, Act{
		Operation: "list-findings", Caller: caller,
		Detail: fmt.Sprintf("severity %d host %q rule %q limit %d", f.Severity, f.Host, f.Rule, f.Limit),
	}); err != nil {
		return nil, 0, err
	}
	return n.state.Findings(ctx, f)
}

// State is the derived state, for what needs no record.
func (n *Node) State() *state.Store { return n.state }

// Original returns a record with its original bytes for the caller and records
// that they were read.
func (n *Node) Original(ctx context.Context, caller string, id event.ID) (*event.Event, *event.Record, error) {
	ev, record, err := n.Event(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	err = n.Record(ctx, Act{Operation: "read-original", Caller: caller, Detail: "event " + id.String()})
	if err != nil {
		return nil, nil, err
	}
	return ev, record, nil
}
