package reconstruct

import (
	"context"
	"fmt"
	"slices"
	"time"

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
	if w.oldest, err = r.oldest(ctx); err != nil {
		return nil, fmt.Errorf("reconstruct %s: %w", ev.ID, err)
	}
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
	oldest  time.Time // of all events kept, zero where that is not known
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
	w.unordered(steps)
	res := &Result{Steps: publish(steps), Graph: w.graph(steps), Gaps: w.gaps(steps)}
	res.Hosts = w.hosts()
	res.Incident = w.head(steps, res)
	return res
}

// orderWindow is how far back steps are compared: no clock is off by more and
// still unnoticed.
const orderWindow = time.Minute

// unordered notes the earlier steps of other hosts that may as well have come
// later: the clocks do not tell, and neither step leads to the other.
func (w *writer) unordered(steps []step) {
	for i := range steps {
		b := &steps[i]
		for k := i - 1; k >= 0 && b.From.Sub(steps[k].From) <= orderWindow; k-- {
			a := &steps[k]
			if !w.g.Ordered(a.Host, a.From, b.Host, b.From) && !w.leads(&a.acts[0], &b.acts[0]) {
				b.Unordered = append(b.Unordered, a.N)
			}
		}
		slices.Sort(b.Unordered)
	}
}

// leads reports whether one act is a cause of another by a link of the spine:
// then their order is known without a clock.
func (w *writer) leads(a, b *act) bool {
	from := []int{a.actor, a.object}
	for _, n := range []int{b.actor, b.object} {
		if n < 0 {
			continue
		}
		if slices.Contains(from, n) {
			return true
		}
		for _, l := range w.links[n] {
			if slices.Contains(from, l.Src) {
				return true
			}
		}
	}
	return false
}
