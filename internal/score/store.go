package score

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/mappings"
)

// store is reconstruct.Events over memory, ordered by time.
type store struct {
	events   []event.Event
	byID     map[event.ID]int
	places   map[string]map[int64]event.ID // source to record number to event
	problems []string
	bytes    int64
}

// loader reads logs as an ingest does. Entries of all stores are numbered in
// one row, so that stores can be laid together.
type loader struct {
	norm *normalize.Normalizer
	seq  uint64
}

func newLoader() (*loader, error) {
	n, err := normalize.New(mappings.FS)
	if err != nil {
		return nil, fmt.Errorf("load mappings: %w", err)
	}
	return &loader{norm: n}, nil
}

func (l *loader) load(ctx context.Context, paths []string) (*store, error) {
	s := &store{byID: map[event.ID]int{}, places: map[string]map[int64]event.ID{}}
	r, err := source.New(source.Config{
		Known: func(event.BatchID) bool { return false },
		Append: func(_ context.Context, e *event.Entry) error {
			l.seq++
			e.Seq = l.seq
			s.take(e, l.norm)
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("read logs: %w", err)
	}
	rep, err := r.Ingest(ctx, paths, nil)
	if err != nil {
		return nil, fmt.Errorf("read logs: %w", err)
	}
	for _, p := range rep.Problems {
		s.problems = append(s.problems, p.String())
	}
	s.seal()
	return s, nil
}

func (s *store) take(e *event.Entry, n *normalize.Normalizer) {
	file := s.places[e.Source]
	if file == nil {
		file = map[int64]event.ID{}
		s.places[e.Source] = file
	}
	for i, ev := range n.Entry(e) {
		file[e.Records[i].Position] = ev.ID
		s.bytes += int64(len(ev.Raw))
		s.events = append(s.events, slim(ev))
	}
}

// slim copies what reconstruction reads, so that the entries can be freed.
func slim(ev event.Event) event.Event {
	ev.Native, ev.Raw = nil, nil
	attrs := make(event.Attributes, len(ev.Attrs))
	for i, a := range ev.Attrs {
		attrs[i] = event.AttrValue{Attr: a.Attr, Text: strings.Clone(a.Text)}
	}
	ev.Attrs = attrs
	return ev
}

func (s *store) seal() {
	slices.SortStableFunc(s.events, func(a, b event.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), compareIDs(a.ID, b.ID))
	})
	for i := range s.events {
		s.byID[s.events[i].ID] = i
	}
}

func compareIDs(a, b event.ID) int {
	return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Leaf, b.Leaf))
}

// at returns the event of a record.
func (s *store) at(r Record) (event.ID, bool) {
	for _, src := range sortedKeys(s.places) {
		if id, ok := s.places[src][r.Line]; ok && isEndOf(r.File, src) {
			return id, true
		}
	}
	return event.ID{}, false
}

// isEndOf reports whether name is the last elements of a source's path.
func isEndOf(name, src string) bool {
	if name == "" {
		return true
	}
	src = strings.ReplaceAll(strings.ReplaceAll(src, "!", "/"), `\`, "/")
	return src == name || strings.HasSuffix(src, "/"+strings.TrimPrefix(name, "/"))
}

// Event returns one event; reconstruct.ErrNotFound where there is none.
func (s *store) Event(_ context.Context, id event.ID) (event.Event, error) {
	i, ok := s.byID[id]
	if !ok {
		return event.Event{}, reconstruct.ErrNotFound
	}
	return s.events[i], nil
}

// Each visits the matching events in order.
func (s *store) Each(
	_ context.Context, q reconstruct.Query, visit func(*event.Event) error,
) error {
	from, _ := slices.BinarySearchFunc(s.events, q.From, func(ev event.Event, t time.Time) int {
		return ev.Time.Compare(t)
	})
	for i := from; i < len(s.events) && s.events[i].Time.Before(q.To); i++ {
		if ev := &s.events[i]; wanted(&q, ev) {
			if err := visit(ev); err != nil {
				return err
			}
		}
	}
	return nil
}

func wanted(q *reconstruct.Query, ev *event.Event) bool {
	a := &ev.Attrs
	switch {
	case len(q.Classes) > 0 && !slices.Contains(q.Classes, ev.Class):
		return false
	case q.Session != "" && a.Get(event.AttrSession) != q.Session &&
		a.Get(event.AttrActorSession) != q.Session:
		return false
	case q.Address != "" && a.Get(event.AttrSrcIP) != q.Address &&
		a.Get(event.AttrHostIP) != q.Address:
		return false
	case q.Named != "" && a.Get(event.AttrActorUID) != q.Named &&
		a.Get(event.AttrActorUser) != q.Named && a.Get(event.AttrResourceName) != q.Named &&
		a.Get(event.AttrApp) != q.Named:
		return false
	case len(q.Hosts) > 0 &&
		!slices.Contains(q.Hosts, causal.ShortHost(a.Get(event.AttrHost))):
		return false
	}
	return true
}

// graph builds the causal graph of everything stored.
func (s *store) graph() *causal.Graph {
	b := causal.NewBuilder()
	for i := range s.events {
		b.Add(&s.events[i], false)
	}
	return b.Build()
}

// without returns a store that lacks the given events.
func (s *store) without(gone map[event.ID]bool) *store {
	out := &store{byID: make(map[event.ID]int, len(s.byID)), places: s.places}
	out.events = make([]event.Event, 0, len(s.events))
	for i := range s.events {
		if ev := &s.events[i]; !gone[ev.ID] {
			out.byID[ev.ID] = len(out.events)
			out.events = append(out.events, *ev)
		}
	}
	return out
}
