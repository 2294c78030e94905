package reconstruct

import (
	"context"
	"fmt"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// Incident reconstructs what caused the seed event and what the same cause did.
// The error wraps ErrNotFound where the seed is not stored.
func (r *Reconstructor) Incident(ctx context.Context, seed event.ID) (*Result, error) {
	ev, err := r.events.Event(ctx, seed)
	if err != nil {
		return nil, fmt.Errorf("reconstruct %s: %w", seed, err)
	}
	sc, err := r.open(ctx, ev.Time)
	if err != nil {
		return nil, fmt.Errorf("reconstruct %s: %w", seed, err)
	}
	return r.within(ctx, sc, &ev)
}

// within reconstructs inside a loaded scope.
func (r *Reconstructor) within(ctx context.Context, sc *scope, ev *event.Event) (*Result, error) {
	sp, err := sc.spine(ctx, ev)
	if err != nil {
		return nil, fmt.Errorf("reconstruct %s: %w", ev.ID, err)
	}
	w := newWriter(sc, sp, ev)
	return w.result(), nil
}

// writer turns a spine into a Result.
type writer struct {
	sc      *scope
	g       *causal.Graph
	sp      *causal.Spine
	seed    *event.Event
	members map[int]*causal.Member
	links   map[int][]*causal.Link // by target
	acts    []act
	folded  int
}

func newWriter(sc *scope, sp *causal.Spine, seed *event.Event) *writer {
	w := &writer{
		sc: sc, g: sc.graph, sp: sp, seed: seed,
		members: map[int]*causal.Member{}, links: map[int][]*causal.Link{},
	}
	for i := range sp.Members {
		w.members[sp.Members[i].Node] = &sp.Members[i]
	}
	for _, l := range sp.Links {
		w.links[l.Dst] = append(w.links[l.Dst], l)
	}
	return w
}

func (w *writer) result() *Result {
	w.collect()
	steps := w.steps()
	res := &Result{Steps: publish(steps), Graph: w.graph(steps), Gaps: w.gaps(steps)}
	res.Hosts = w.hosts()
	res.Incident = w.head(steps, res)
	return res
}
