package reconstruct

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// bones are how far the skeleton, the control edges of hosts that the incident has
// not reached, is loaded: from the seed outward, in rings that double it, until it
// holds as much as it may. Hosts that the incident reaches are loaded whole all the
// same, and so is what names their addresses.
type bones struct {
	from, to time.Time
	loaded   int
	cut      bool // it ends before the window does
}

// firstRing is how far around the seed the skeleton is always loaded.
const firstRing = 90 * time.Minute

// skeleton makes the skeleton reach the ends of the window, or its limit.
func (sc *scope) skeleton(ctx context.Context) error {
	b := &sc.bones
	for !b.cut && !sc.truncated && (sc.from.Before(b.from) || b.to.Before(sc.to)) {
		width := b.to.Sub(b.from)
		step := max(firstRing, width/2)
		ring := []Query{
			{From: later(sc.from, b.from.Add(-step)), To: b.from},
			{From: b.to, To: earlier(sc.to, b.to.Add(step))},
		}
		more := 0.0 // expected, should the ring be like what it surrounds
		if width > 0 {
			more = float64(b.loaded) * float64(ring[1].To.Sub(ring[0].From)-width) / float64(width)
		}
		if float64(b.loaded)+more > float64(sc.r.limits.Skeleton) {
			var err error
			if b.cut, err = sc.exceeds(ctx, ring, sc.r.limits.Skeleton-b.loaded); err != nil || b.cut {
				return err
			}
		}
		had := sc.visited
		for _, q := range ring {
			q.Classes = causal.Skeleton()
			if err := sc.load(ctx, q); err != nil {
				return err
			}
		}
		b.from, b.to, b.loaded = ring[0].From, ring[1].To, b.loaded+sc.visited-had
	}
	return nil
}

// exceeds reports whether the skeleton has more than so many events in a ring.
func (sc *scope) exceeds(ctx context.Context, ring []Query, most int) (bool, error) {
	n := 0
	count := func() error {
		if n++; n > most {
			return errBudget
		}
		return nil
	}
	for _, q := range ring {
		q.Classes = causal.Skeleton()
		var err error
		if sc.r.edges != nil {
			err = sc.r.edges.Each(ctx, q, func(*edge.Record) error { return count() })
		} else {
			err = sc.r.events.Each(ctx, q, func(*event.Event) error { return count() })
		}
		if errors.Is(err, errBudget) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("count events: %w", err)
		}
	}
	return false, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
