package edgelake_test

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/edgelake"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/mappings"
)

// world is a lake with its edges, and beside it the same events in memory.
type world struct {
	dir    string
	table  *lake.Table
	store  *edgelake.Store
	memory memory
	places map[place]event.ID
	seq    uint64
}

// place is a record by the file it stood in.
type place struct {
	source string
	line   int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), memory: memory{byID: map[event.ID]int{}}, places: map[place]event.ID{}}
	w.open(t)
	t.Cleanup(func() { w.close(t) })
	return w
}

func (w *world) open(t testing.TB) {
	t.Helper()
	var err error
	w.table, err = lake.Open(t.Context(), lake.Config{Dir: w.dir, SealEvents: math.MaxInt, SealBytes: math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	w.store, err = edgelake.Open(t.Context(), edgelake.Config{Table: w.table})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) close(t testing.TB) {
	t.Helper()
	if err := w.store.Close(); err != nil {
		t.Error(err)
	}
	if err := w.table.Close(); err != nil {
		t.Error(err)
	}
}

// append gives an entry to lake, edges and memory.
func (w *world) append(t testing.TB, e *event.Entry, evs []event.Event) {
	t.Helper()
	if err := w.table.Append(t.Context(), e, evs); err != nil {
		t.Fatal(err)
	}
	w.store.Append(e.Seq, evs)
	for i := range evs {
		w.memory.add(evs[i])
	}
}

func (w *world) seal(t testing.TB) {
	t.Helper()
	if err := w.table.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.store.Sealed()
}

// entry makes an entry of events, which get their identifiers.
func (w *world) entry(evs []event.Event) (*event.Entry, []event.Event) {
	w.seq++
	e := &event.Entry{
		Seq: w.seq, Source: "test", Format: event.FormatJSON, Received: time.Unix(1_800_000_000, 0).UTC(),
		Records: make([]event.Record, len(evs)),
	}
	for i := range evs {
		evs[i].ID = event.ID{Entry: w.seq, Leaf: uint32(i)}
		evs[i].Received = e.Received
		e.Records[i] = event.Record{Raw: []byte("{}"), Position: int64(i + 1)}
		e.Records[i].Salt[0] = byte(i)
	}
	return e, evs
}

// ingest reads logs into the world and seals every so many entries.
func (w *world) ingest(t testing.TB, sealEvery uint64, paths ...string) {
	t.Helper()
	n, err := normalize.New(mappings.FS)
	if err != nil {
		t.Fatal(err)
	}
	r, err := source.New(source.Config{
		Known: func(event.BatchID) bool { return false },
		Append: func(_ context.Context, e *event.Entry) error {
			w.seq++
			e.Seq = w.seq
			evs := n.Entry(e)
			for i := range evs {
				w.places[place{e.Source, e.Records[i].Position}] = evs[i].ID
			}
			w.append(t, e, evs)
			if e.Seq%sealEvery == 0 {
				w.seal(t)
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Ingest(t.Context(), paths, nil); err != nil {
		t.Fatal(err)
	}
	w.memory.seal()
}

// records returns what a query visits, copied.
func (w *world) records(t testing.TB, q edge.Query) []edge.Record {
	t.Helper()
	var out []edge.Record
	err := w.store.Each(t.Context(), q, func(r *edge.Record) error {
		c := *r
		c.Edges = slices.Clone(r.Edges)
		out = append(out, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// memory is reconstruct.Events over a slice: the oracle.
type memory struct {
	events  []event.Event
	origins []edge.Origin
	byID    map[event.ID]int
}

// add keeps an event as the columns give it.
func (m *memory) add(ev event.Event) {
	ev.Native, ev.Raw = nil, nil
	ev.Time = time.UnixMicro(ev.Time.UnixMicro()).UTC()
	attrs := make(event.Attributes, len(ev.Attrs))
	for i, a := range ev.Attrs {
		attrs[i] = event.AttrValue{Attr: a.Attr, Text: strings.Clone(a.Text)}
	}
	ev.Attrs = attrs
	m.events = append(m.events, ev)
}

func (m *memory) seal() {
	slices.SortStableFunc(m.events, func(a, b event.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID.Entry, b.ID.Entry),
			cmp.Compare(a.ID.Leaf, b.ID.Leaf))
	})
	m.origins = make([]edge.Origin, len(m.events))
	for i := range m.events {
		m.byID[m.events[i].ID] = i
		m.origins[i] = edge.RecordOf(&m.events[i], nil).Origin
	}
}

func (m *memory) Event(_ context.Context, id event.ID) (event.Event, error) {
	i, ok := m.byID[id]
	if !ok {
		return event.Event{}, reconstruct.ErrNotFound
	}
	return m.events[i], nil
}

func (m *memory) Each(_ context.Context, q edge.Query, visit func(*event.Event) error) error {
	for i := range m.events {
		ev := &m.events[i]
		if ev.Time.Before(q.From) || !ev.Time.Before(q.To) || !q.Wants(&m.origins[i]) {
			continue
		}
		if err := visit(ev); err != nil {
			return err
		}
	}
	return nil
}
