package reconstruct

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/mappings"
)

// memoryStore is Events over a slice, as the search engine would answer.
type memoryStore struct {
	events []event.Event
	byID   map[event.ID]int
	places map[place]event.ID
}

// place is a record by file and 1-based number, as answer keys name it.
type place struct {
	file   string
	record int64
}

func newMemoryStore(events []event.Event) *memoryStore {
	m := &memoryStore{byID: map[event.ID]int{}, places: map[place]event.ID{}}
	m.add(events)
	m.seal()
	return m
}

func (m *memoryStore) add(events []event.Event) { m.events = append(m.events, events...) }

func (m *memoryStore) seal() {
	slices.SortStableFunc(m.events, func(a, b event.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), compareIDs(a.ID, b.ID))
	})
	for i := range m.events {
		m.byID[m.events[i].ID] = i
	}
}

func (m *memoryStore) Event(_ context.Context, id event.ID) (event.Event, error) {
	i, ok := m.byID[id]
	if !ok {
		return event.Event{}, ErrNotFound
	}
	return m.events[i], nil
}

func (m *memoryStore) Each(_ context.Context, q Query, visit func(*event.Event) error) error {
	for i := range m.events {
		ev := &m.events[i]
		if ev.Time.Before(q.From) || !ev.Time.Before(q.To) || !wanted(q, ev) {
			continue
		}
		if err := visit(ev); err != nil {
			return err
		}
	}
	return nil
}

func wanted(q Query, ev *event.Event) bool {
	host := causal.ShortHost(ev.Attrs.Get(event.AttrHost))
	if q.Session != "" && ev.Attrs.Get(event.AttrSession) != q.Session &&
		ev.Attrs.Get(event.AttrActorSession) != q.Session {
		return false
	}
	if q.Named != "" && !slices.Contains([]string{
		ev.Attrs.Get(event.AttrActorUID), ev.Attrs.Get(event.AttrActorUser),
		ev.Attrs.Get(event.AttrResourceName), ev.Attrs.Get(event.AttrApp),
	}, q.Named) {
		return false
	}
	return (len(q.Hosts) == 0 || slices.Contains(q.Hosts, host)) &&
		(len(q.Classes) == 0 || slices.Contains(q.Classes, ev.Class)) &&
		(q.Address == "" || ev.Attrs.Get(event.AttrSrcIP) == q.Address ||
			ev.Attrs.Get(event.AttrHostIP) == q.Address)
}

// ingest reads files as evident would: framed by source, mapped by normalize.
func ingest(t testing.TB, paths ...string) *memoryStore {
	t.Helper()
	n, err := normalize.New(mappings.FS)
	if err != nil {
		t.Fatal(err)
	}
	m := &memoryStore{byID: map[event.ID]int{}, places: map[place]event.ID{}}
	seq := uint64(0)
	r, err := source.New(source.Config{
		Known: func(event.BatchID) bool { return false },
		Append: func(_ context.Context, e *event.Entry) error {
			seq++
			e.Seq = seq
			for i, ev := range n.Entry(e) {
				m.places[place{tail(e.Source), e.Records[i].Position}] = ev.ID
				m.events = append(m.events, slim(ev))
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	rep, err := r.Ingest(context.Background(), paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rep.Problems {
		t.Logf("ingest problem: %s", p)
	}
	m.seal()
	return m
}

// slim copies what reconstruction needs, so that entries can be freed.
func slim(ev event.Event) event.Event {
	ev.Native, ev.Raw = nil, nil
	attrs := make(event.Attributes, len(ev.Attrs))
	for i, a := range ev.Attrs {
		attrs[i] = event.AttrValue{Attr: a.Attr, Text: string([]byte(a.Text))}
	}
	ev.Attrs = attrs
	return ev
}

// tail returns the last two elements of a source or path: enough to tell the
// logs of one host from those of another.
func tail(path string) string {
	path = filepath.ToSlash(strings.TrimPrefix(path, "file:"))
	parts := strings.Split(path, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}
