package score

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Honesty is what is said about links whose every record was deleted.
type Honesty struct {
	Trials   int      `json:"trials"`
	Deleted  int      `json:"deleted_events"`
	Broken   int      `json:"broken_links"`
	Reported int      `json:"reported_as_gap"`
	Beyond   int      `json:"beyond_another_break"`               // both ends out of reach
	Holes    int      `json:"reported_as_missing_record_numbers"` // where no gap names it
	Traces   int      `json:"with_a_trace"`                       // another record names its target
	Invented int      `json:"invented_links"`
	Silent   []string `json:"silent,omitempty"`
	Made     []string `json:"made,omitempty"`

	store  *store
	traces map[string][]event.ID // events that name each entity
	named  map[event.ID][]string // entities that each event names
}

// deletedShare is the part of the control events that a trial deletes.
const deletedShare = 0.10

// ofEvent is a drawn link in terms that outlive a new numbering.
type ofEvent struct {
	src, dst reconstruct.Node
	events   []event.ID
	verb     string
}

// links returns the control links of a result that records show.
func links(res *reconstruct.Result) []ofEvent {
	nodes := map[string]reconstruct.Node{}
	for _, n := range res.Graph.Nodes {
		n.Entity = lasting(n.Entity)
		nodes[n.ID] = n
	}
	var list []ofEvent
	for _, e := range res.Graph.Edges {
		l := ofEvent{nodes[e.Src], nodes[e.Dst], e.Events, e.Verb}
		if e.Strength == causal.Control.String() && belongs(l.dst.Verdict) && len(e.Events) > 0 {
			list = append(list, l)
		}
	}
	return list
}

// numberedLife is the key of a process that only its pid names: which of the
// pid's lives it is depends on the records that are there.
var numberedLife = regexp.MustCompile(`/pid-(\d+)-e?\d+$`)

// lasting is how an entity is called whatever records are missing.
func lasting(entity string) string { return numberedLife.ReplaceAllString(entity, "/pid $1") }

// control lists the events of the store that carry control, in order.
func (s *store) control() []event.ID {
	var ids []event.ID
	for i := range s.events {
		for _, e := range causal.EdgesOf(&s.events[i]) {
			if e.Strength == causal.Control {
				ids = append(ids, s.events[i].ID)
				break
			}
		}
	}
	return ids
}

// doom chooses what a trial deletes: a tenth of all control events, and all
// records of a tenth of the story's links, at least one. Most acts have several
// records, so that chance alone would seldom break a link. Never the seed.
func (s *store) doom(story []ofEvent, seed event.ID, rnd *rand.Rand) map[event.ID]bool {
	gone := map[event.ID]bool{}
	for _, id := range s.control() {
		if rnd.Float64() < deletedShare {
			gone[id] = true
		}
	}
	order := rnd.Perm(len(story))
	for _, k := range order[:min(len(order), max(1, int(deletedShare*float64(len(order)))))] {
		for _, id := range story[k].events {
			gone[id] = true
		}
	}
	delete(gone, seed)
	return gone
}

// delete runs one trial: which links of the whole story are gone, and what does
// the result say about them?
func (h *Honesty) delete(
	ctx context.Context, s *store, whole *reconstruct.Result, seed event.ID, rnd *rand.Rand,
) error {
	gone := s.doom(links(whole), seed, rnd)
	left := s.without(gone)
	rec, err := reconstruct.New(reconstruct.Deps{Events: left})
	if err != nil {
		return fmt.Errorf("reconstruct without records: %w", err)
	}
	part, err := rec.Incident(ctx, seed)
	if err != nil {
		return fmt.Errorf("reconstruct without records: %w", err)
	}
	h.Trials++
	h.Deleted += len(gone)
	told := links(part)
	have := map[string]bool{}
	for _, l := range told {
		have[l.src.Entity+">"+l.dst.Entity] = true
	}
	reached := map[string]bool{}
	for _, n := range part.Graph.Nodes {
		reached[lasting(n.Entity)] = belongs(n.Verdict)
	}
	story := links(whole)
	for _, l := range story {
		switch {
		case !allGone(l.events, gone) || have[l.src.Entity+">"+l.dst.Entity]:
		case !reached[l.src.Entity] && !reached[l.dst.Entity] && !leads(story, l.dst.Entity, reached):
			h.Beyond++
		default:
			h.judge(part, story, gone, l)
		}
	}
	h.invented(whole, told)
	return nil
}

func allGone(ids []event.ID, gone map[event.ID]bool) bool {
	return !slices.ContainsFunc(ids, func(id event.ID) bool { return !gone[id] })
}

// leads reports whether a node directly caused something that is still reached.
func leads(story []ofEvent, n string, reached map[string]bool) bool {
	return slices.ContainsFunc(story, func(l ofEvent) bool {
		return l.src.Entity == n && reached[l.dst.Entity]
	})
}

// judge asks whether a gap names what the lost records named, or what the second
// of the two directly caused: that is where the story now begins.
func (h *Honesty) judge(
	part *reconstruct.Result, story []ofEvent, gone map[event.ID]bool, l ofEvent,
) {
	h.Broken++
	if !allGone(h.traces[l.dst.Entity], gone) {
		h.Traces++
	}
	near := map[string]bool{l.src.Entity: true, l.dst.Entity: true}
	for _, id := range l.events {
		for _, name := range h.named[id] {
			near[name] = true
		}
	}
	for _, next := range story {
		if next.src.Entity == l.dst.Entity {
			near[next.dst.Entity] = true
		}
	}
	for _, g := range part.Gaps {
		if near[lasting(g.About)] {
			h.Reported++
			return
		}
	}
	if h.holes(part, l.events) {
		h.Holes++
		return
	}
	h.Silent = append(h.Silent, fmt.Sprintf("%s %s %s", l.src.Label, l.verb, l.dst.Label))
}

// holes reports whether missing record numbers are told for where and when one of
// the lost records stood.
func (h *Honesty) holes(part *reconstruct.Result, lost []event.ID) bool {
	for _, id := range lost {
		ev := &h.store.events[h.store.byID[id]]
		host := causal.ShortHost(ev.Attrs.Get(event.AttrHost))
		for _, g := range part.Gaps {
			here := g.Kind == causal.GapHole && g.Host == host
			if here && !ev.Time.Before(g.From) && !ev.Time.After(g.To) {
				return true
			}
		}
	}
	return false
}

// newHonesty prepares the trials of one set of logs.
func newHonesty(s *store) Honesty {
	h := Honesty{store: s, traces: map[string][]event.ID{}, named: map[event.ID][]string{}}
	for i := range s.events {
		for _, e := range causal.EdgesOf(&s.events[i]) {
			for _, ent := range []causal.Entity{e.Src, e.Dst} {
				if ent.Is() {
					name := ent.String()
					h.traces[name] = append(h.traces[name], e.ID)
					h.named[e.ID] = append(h.named[e.ID], name)
				}
			}
		}
	}
	return h
}

// invented counts links to members that the whole logs do not know as members,
// and links between members that the whole logs do not join in that direction.
func (h *Honesty) invented(whole *reconstruct.Result, told []ofEvent) {
	causes := map[string][]string{}
	member := map[string]bool{}
	for _, l := range links(whole) {
		causes[l.dst.Entity] = append(causes[l.dst.Entity], l.src.Entity)
		member[l.dst.Entity], member[l.src.Entity] = true, true
	}
	for _, n := range whole.Graph.Nodes {
		member[lasting(n.Entity)] = true
	}
	for _, l := range told {
		if l.src.Type == causal.KindEndpoint.String() || l.src.Type == causal.KindAccount.String() {
			continue // what the record of a logon says by itself
		}
		src, dst := l.src.Entity, l.dst.Entity
		if member[src] && member[dst] && leadsTo(causes, dst, src, map[string]bool{}) {
			continue
		}
		h.Invented++
		h.Made = append(h.Made, fmt.Sprintf("%s %s %s", l.src.Label, l.verb, l.dst.Label))
	}
}

// leadsTo reports whether src is a cause of n, directly or over others.
func leadsTo(causes map[string][]string, n, src string, seen map[string]bool) bool {
	if n == src {
		return true
	}
	if seen[n] {
		return false
	}
	seen[n] = true
	return slices.ContainsFunc(causes[n], func(c string) bool { return leadsTo(causes, c, src, seen) })
}
