package reconstruct

import (
	"strings"

	"github.com/evident-sec/evident/internal/causal"
)

// afterStep says where a gap hurts: the number of the step that it follows, 0
// before the first. A cleared log hurts where it was cleared; what is about an
// entity hurts before the step that first shows it; what began before the story
// hurts before the first step on its host; everything else where it began.
func (w *writer) afterStep(g *causal.Gap, steps []step) int {
	at := g.From
	if g.Kind == causal.GapCleared && !g.To.IsZero() {
		at = g.To
	}
	after := 0
	for i := range steps {
		if !steps[i].From.After(at) {
			after = steps[i].N
		}
	}
	if after > 0 && g.Kind != causal.GapSensor {
		return after
	}
	for i := range steps {
		if w.shows(&steps[i], g) {
			return steps[i].N - 1
		}
	}
	return after
}

// shows reports whether a step is the gap's business: it acts from or on the
// entity, or is on the host or names it.
func (w *writer) shows(s *step, g *causal.Gap) bool {
	for _, a := range s.acts {
		for _, n := range append([]int{a.actor, a.object, a.via}, a.objects...) {
			if n < 0 {
				continue
			}
			node := w.g.Node(n)
			if g.About != "" && node.Entity.String() == g.About {
				return true
			}
			if g.About == "" && g.Host != "" && strings.EqualFold(node.Host, g.Host) {
				return true
			}
		}
		f := a.facts
		if g.About == "" && g.Host != "" && f != nil &&
			(strings.EqualFold(f.SrcHost, g.Host) || strings.EqualFold(f.DstHost, g.Host)) {
			return true
		}
	}
	return g.About == "" && g.Host != "" && strings.EqualFold(s.Host, g.Host)
}
