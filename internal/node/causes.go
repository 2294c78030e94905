package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
)

// events lets a reconstruction read events: whole ones by identifier, streams
// through the query engine.
type events struct{ n *Node }

func (s events) Event(ctx context.Context, id event.ID) (event.Event, error) {
	ev, _, err := s.n.Event(ctx, id)
	if errors.Is(err, ErrNoEvent) {
		return event.Event{}, fmt.Errorf("%w: %w", reconstruct.ErrNotFound, err)
	}
	if err != nil {
		return event.Event{}, err
	}
	return *ev, nil
}

func (s events) Each(ctx context.Context, q reconstruct.Query, visit func(*event.Event) error) error {
	query, err := search.ParseOwn(queryText(q))
	if err != nil {
		return fmt.Errorf("ask for events: %w", err)
	}
	req := search.Request{Query: query, From: q.From, To: q.To}
	return s.n.search.Each(ctx, req, func(r search.Row) error { return visit(EventOf(&r)) })
}

// queryText writes the conditions in the query language.
func queryText(q reconstruct.Query) string {
	var parts []string
	if len(q.Hosts) > 0 {
		parts = append(parts, "device.hostname:("+join(q.Hosts)+")")
	}
	if len(q.Classes) > 0 {
		texts := make([]string, len(q.Classes))
		for i, c := range q.Classes {
			texts[i] = strconv.FormatUint(uint64(c), 10)
		}
		parts = append(parts, "class_uid:("+strings.Join(texts, " OR ")+")")
	}
	if q.Address != "" {
		// An address comes from a log; only a real one may become a query.
		if _, err := netip.ParseAddr(q.Address); err != nil {
			return `metadata.uid:"0-0"`
		}
		parts = append(parts, fmt.Sprintf("(src_endpoint.ip:%q OR device.ip:%q)", q.Address, q.Address))
	}
	if q.Session != "" {
		session := search.Quote(q.Session)
		parts = append(parts, fmt.Sprintf("(session.uid:%s OR actor.session.uid:%s)", session, session))
	}
	if q.Named != "" {
		name := search.Quote(q.Named)
		parts = append(parts, fmt.Sprintf(
			"(actor.user.uid:%s OR actor.user.name:%s OR resource.name:%s OR app.name:%s)",
			name, name, name, name))
	}
	return strings.Join(parts, " AND ")
}

func join(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = search.Quote(name)
	}
	return strings.Join(quoted, " OR ")
}

// findings lets a reconstruction read what rules said.
type findings struct{ n *Node }

func (s findings) Between(ctx context.Context, from, to time.Time) ([]reconstruct.Finding, error) {
	found, _, err := s.n.state.Findings(ctx, state.Filter{From: from, To: to})
	if err != nil {
		return nil, err
	}
	out := make([]reconstruct.Finding, len(found))
	for i, f := range found {
		if out[i], err = findingOf(f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func findingOf(f state.Finding) (reconstruct.Finding, error) {
	var body detect.Finding
	if err := json.Unmarshal(f.Body, &body); err != nil {
		return reconstruct.Finding{}, fmt.Errorf("read finding %s: %w", f.UID, err)
	}
	out := reconstruct.Finding{
		UID: f.UID, Rule: f.Rule, Title: f.Title, Event: f.Event, Time: f.Time,
		Level: strings.ToLower(detect.SeverityName(f.Severity)),
	}
	for _, a := range body.Info.Attacks {
		if a.Technique != nil {
			out.Techniques = append(out.Techniques, a.Technique.UID)
		}
		if a.Tactic != nil {
			out.Tactics = append(out.Tactics, a.Tactic.Name)
		}
	}
	return out, nil
}

func (n *Node) openCauses(context.Context) (err error) {
	if n.search == nil {
		return nil
	}
	n.causes, err = reconstruct.New(reconstruct.Deps{Events: events{n}, Edges: n.edges, Findings: findings{n}})
	return err
}

// Reconstruct tells the story around an incident, a finding or an event for
// the caller, and records that it was read.
func (n *Node) Reconstruct(ctx context.Context, caller, id string) (*reconstruct.Result, error) {
	if err := n.Record(ctx, Act{Operation: "reconstruct", Caller: caller, Detail: id}); err != nil {
		return nil, err
	}
	return n.result(ctx, id)
}

// result is the kept reconstruction of an incident, else a new one around a
// finding or an event.
func (n *Node) result(ctx context.Context, id string) (*reconstruct.Result, error) {
	kept, err := n.state.Incident(ctx, id)
	if err == nil {
		var r reconstruct.Result
		if err := json.Unmarshal(kept.Body, &r); err != nil {
			return nil, fmt.Errorf("read incident %s: %w", id, err)
		}
		return &r, nil
	}
	if !errors.Is(err, state.ErrNotFound) {
		return nil, err
	}
	return n.rerun(ctx, id)
}

// rerun reconstructs around a finding or an event anew.
func (n *Node) rerun(ctx context.Context, id string) (*reconstruct.Result, error) {
	seed, err := n.seed(ctx, id)
	if err != nil {
		return nil, err
	}
	result, err := n.causes.Incident(ctx, seed)
	if errors.Is(err, reconstruct.ErrNotFound) {
		return nil, fmt.Errorf("reconstruct %s: %w", id, ErrNoEvent)
	}
	return result, err
}

// seed is the event an identifier means: a finding's, or the event itself.
func (n *Node) seed(ctx context.Context, id string) (event.ID, error) {
	f, err := n.state.Finding(ctx, id)
	if err == nil {
		return f.Event, nil
	}
	if !errors.Is(err, state.ErrNotFound) {
		return event.ID{}, err
	}
	seed, parseErr := event.ParseID(id)
	if parseErr != nil {
		return event.ID{}, fmt.Errorf("reconstruct %q: it is neither a finding nor an incident nor an event: %w",
			id, state.ErrNotFound)
	}
	return seed, nil
}
