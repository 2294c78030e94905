package reconstruct

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// errBudget stops a load; it never leaves the package.
var errBudget = errors.New("event budget used up")

// scope is the loaded surroundings of a seed: control edges of every host, all
// events of the hosts the incident touches.
type scope struct {
	r         *Reconstructor
	builder   *causal.Builder
	graph     *causal.Graph
	seed      time.Time
	from, to  time.Time
	full      map[string]bool // hosts loaded whole
	addresses map[string]bool // addresses asked for
	sessions  map[string]bool // sessions asked for
	names     map[string]bool // accounts and applications of identity providers asked for
	tags      map[event.ID][]Finding
	bones     bones
	visited   int // records that queries gave
	built     int // records in all graphs built so far
	truncated bool
}

// open loads the findings and the skeleton around t.
func (r *Reconstructor) open(ctx context.Context, t time.Time) (*scope, error) {
	sc := &scope{
		r: r, builder: causal.NewBuilder(), seed: t, from: t, to: t,
		full: map[string]bool{}, addresses: map[string]bool{}, sessions: map[string]bool{},
		names: map[string]bool{}, tags: map[event.ID][]Finding{}, bones: bones{from: t, to: t},
	}
	_, err := sc.extend(ctx, t, t)
	return sc, err
}

// extend makes the window reach Before and After around from and to, within
// Span of the seed. It returns whether anything was added.
func (sc *scope) extend(ctx context.Context, from, to time.Time) (bool, error) {
	l := &sc.r.limits
	from, to = from.Add(-l.Before), to.Add(l.After)
	if first := sc.seed.Add(-l.Span); from.Before(first) {
		from = first
	}
	if last := sc.seed.Add(l.Span); to.After(last) {
		to = last
	}
	had := sc.builder.Events()
	if from.Before(sc.from) {
		if err := sc.slice(ctx, from, sc.from); err != nil {
			return false, err
		}
		sc.from = from
	}
	if to.After(sc.to) {
		if err := sc.slice(ctx, sc.to, to); err != nil {
			return false, err
		}
		sc.to = to
	}
	if err := sc.skeleton(ctx); err != nil {
		return false, err
	}
	return sc.builder.Events() > had, nil
}

// slice loads one more stretch of time: findings, and everything asked for so far.
func (sc *scope) slice(ctx context.Context, from, to time.Time) error {
	if sc.r.findings != nil {
		list, err := sc.r.findings.Between(ctx, from, to)
		if err != nil {
			return fmt.Errorf("load findings: %w", err)
		}
		slices.SortFunc(list, compareFindings)
		for _, f := range list {
			sc.tags[f.Event] = append(sc.tags[f.Event], f)
		}
	}
	var queries []Query
	if len(sc.full) > 0 {
		queries = append(queries, Query{Hosts: keys(sc.full)})
	}
	for _, a := range keys(sc.addresses) {
		queries = append(queries, Query{Address: a})
	}
	for _, s := range keys(sc.sessions) {
		queries = append(queries, Query{Session: s})
	}
	for _, n := range keys(sc.names) {
		queries = append(queries, Query{Named: n})
	}
	for _, q := range queries {
		q.From, q.To = from, to
		if err := sc.load(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func keys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// load adds the events of a query until the budget is used up.
func (sc *scope) load(ctx context.Context, q Query) error {
	if sc.truncated {
		return nil
	}
	err := sc.each(ctx, q)
	if errors.Is(err, errBudget) {
		sc.truncated = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("load events: %w", err)
	}
	return nil
}

// each adds the events of a query from the stored edges, else from the events.
func (sc *scope) each(ctx context.Context, q Query) error {
	full := func() bool { return sc.builder.Events() >= sc.r.limits.Events }
	if sc.r.edges == nil {
		return sc.r.events.Each(ctx, q, func(ev *event.Event) error {
			if full() {
				return errBudget
			}
			sc.visited++
			sc.builder.Add(ev, len(sc.tags[ev.ID]) > 0)
			return nil
		})
	}
	return sc.r.edges.Each(ctx, q, func(r *edge.Record) error {
		if full() {
			return errBudget
		}
		sc.visited++
		if sc.builder.AddRecord(r, len(sc.tags[r.ID]) > 0) {
			return nil
		}
		ev, err := sc.r.events.Event(ctx, r.ID) // a finding is on it: whoever acted is wanted
		if errors.Is(err, ErrNotFound) {
			return nil // gone since
		}
		if err != nil {
			return err
		}
		ev.Time = r.Time // as it is stored
		sc.builder.Add(&ev, true)
		return nil
	})
}

// ask loads what a query names, once.
func (sc *scope) ask(ctx context.Context, asked map[string]bool, name string, q Query) (bool, error) {
	if name == "" || asked[name] {
		return false, nil
	}
	asked[name] = true
	q.From, q.To = sc.from, sc.to
	had := sc.builder.Events()
	err := sc.load(ctx, q)
	return sc.builder.Events() > had, err
}

// around loads what the seed itself names.
func (sc *scope) around(ctx context.Context, seed *event.Event) error {
	sc.builder.Add(seed, true)
	h := causal.ShortHost(seed.Attrs.Get(event.AttrHost))
	if _, err := sc.ask(ctx, sc.full, h, Query{Hosts: []string{h}}); err != nil {
		return err
	}
	ip := seed.Attrs.Get(event.AttrSrcIP)
	if !causal.PrivateAddress(ip) {
		return nil
	}
	if _, err := sc.ask(ctx, sc.addresses, ip, Query{Address: ip}); err != nil || h != "" {
		return err
	}
	// what the network saw belongs to a process of the host behind the address
	owner := sc.builder.Build().Owner(ip)
	_, err := sc.ask(ctx, sc.full, owner, Query{Hosts: []string{owner}})
	return err
}

// spine finds the spine of the seed, widening the scope to the hosts and the
// time it leads to until nothing new comes up.
func (sc *scope) spine(ctx context.Context, seed *event.Event) (*causal.Spine, error) {
	if err := sc.around(ctx, seed); err != nil {
		return nil, err
	}
	for round := 1; ; round++ {
		sc.graph = sc.builder.Build()
		sc.built += sc.builder.Events()
		sp := sc.graph.Spine(seed.ID, sc.r.limits.Search)
		grown, err := sc.widen(ctx, sp)
		if err != nil {
			return nil, err
		}
		if !grown {
			return sp, nil
		}
		if round >= sc.r.limits.Rounds || sc.truncated || sc.built >= 2*sc.r.limits.Events {
			sc.truncated = true
			sc.graph = sc.builder.Build()
			return sc.graph.Spine(seed.ID, sc.r.limits.Search), nil
		}
	}
}

// widen loads the hosts, addresses, sessions and days a spine reaches.
func (sc *scope) widen(ctx context.Context, sp *causal.Spine) (grown bool, err error) {
	hosts, addresses, sessions, names := sc.graph.Reach(sp)
	for _, list := range []struct {
		names []string
		asked map[string]bool
		query func(string) Query
	}{
		{hosts, sc.full, func(s string) Query { return Query{Hosts: []string{s}} }},
		{addresses, sc.addresses, func(s string) Query { return Query{Address: s} }},
		{sessions, sc.sessions, func(s string) Query { return Query{Session: s} }},
		{names, sc.names, func(s string) Query { return Query{Named: s} }},
	} {
		for _, name := range list.names {
			more, err := sc.ask(ctx, list.asked, name, list.query(name))
			if err != nil {
				return false, err
			}
			grown = grown || more
		}
	}
	if from, to := sp.Span(sc.graph); !from.IsZero() {
		more, err := sc.extend(ctx, from, to)
		if err != nil {
			return false, err
		}
		grown = grown || more
	}
	return grown, nil
}
