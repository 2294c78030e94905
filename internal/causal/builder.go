package causal

import (
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// Builder collects the edges of events, in any order, and remembers what the
// gap list needs. It is not safe for concurrent use.
type Builder struct {
	chunks  [][]Edge // each of chunkEdges, so that growing copies nothing
	scratch []Edge   // of one event
	seen    map[event.ID]struct{}
	strings map[string]string
	facts   map[Facts]*Facts
	sensors sensors
	told    edge.Commands
}

const chunkEdges = 4096

// NewBuilder returns an empty builder.
func NewBuilder() *Builder {
	return &Builder{
		seen: map[event.ID]struct{}{}, strings: map[string]string{},
		facts: map[Facts]*Facts{}, sensors: newSensors(), told: edge.Commands{},
	}
}

// Add takes the edges of ev; an event added before is ignored. tagged keeps an
// event that yields no edge, because a finding or the analyst points at it.
// Add keeps no reference to ev.
func (b *Builder) Add(ev *event.Event, tagged bool) {
	if _, dup := b.seen[ev.ID]; dup {
		return
	}
	r := edge.RecordOf(ev, b.scratch[:0])
	if len(r.Edges) == 0 && tagged {
		if e, ok := edge.Generic(ev); ok {
			r.Edges = append(r.Edges, e)
		}
	}
	r.Host, r.Place, r.Log = b.str(r.Host), b.str(r.Place), b.str(r.Log)
	for i := range r.Edges {
		b.intern(&r.Edges[i])
	}
	b.take(&r)
	clear(r.Edges) // no reference to ev's texts stays
	b.scratch = r.Edges
}

// AddRecord is Add for an event whose record was stored. It returns false, and
// takes nothing, where the record has no edge and tagged wants one: the event
// itself is then to be added. The texts of r are kept, r is not.
func (b *Builder) AddRecord(r *edge.Record, tagged bool) bool {
	if _, dup := b.seen[r.ID]; dup {
		return true
	}
	if tagged && len(r.Edges) == 0 {
		return false
	}
	b.take(r)
	return true
}

// take files a record that was not there before.
func (b *Builder) take(r *edge.Record) {
	b.seen[r.ID] = struct{}{}
	b.sensors.add(r)
	for i := range r.Edges {
		b.append(&r.Edges[i])
	}
}

func (b *Builder) append(e *Edge) {
	last := len(b.chunks) - 1
	if last < 0 || len(b.chunks[last]) == chunkEdges {
		b.chunks = append(b.chunks, make([]Edge, 0, chunkEdges))
		last++
	}
	b.chunks[last] = append(b.chunks[last], *e)
}

// Len returns the number of edges collected.
func (b *Builder) Len() int {
	if len(b.chunks) == 0 {
		return 0
	}
	return (len(b.chunks)-1)*chunkEdges + len(b.chunks[len(b.chunks)-1])
}

// Events returns the number of different events added.
func (b *Builder) Events() int { return len(b.seen) }

func (b *Builder) intern(e *Edge) {
	e.Host = b.str(e.Host)
	for _, n := range [2]*Entity{&e.Src, &e.Dst} {
		if n.Host == e.Host {
			n.Host = e.Host
		} else {
			n.Host = b.str(n.Host)
		}
		n.Key, n.Name = b.str(n.Key), b.str(n.Name)
	}
	if f := e.Facts; f != nil && e.Strength != Control && f.SrcPort == "" {
		// most of these say what many others say
		same, ok := b.facts[*f]
		if !ok {
			same = f
			b.facts[*f] = f
		}
		e.Facts = same
	}
	if f := e.Facts; f != nil {
		for _, s := range [...]*string{
			&f.User, &f.Session, &f.SessionGUID, &f.SHA256, &f.SrcIP, &f.DstIP, &f.Integrity,
		} {
			*s = b.str(*s)
		}
	}
}

func (b *Builder) str(s string) string {
	if s == "" {
		return ""
	}
	if t, ok := b.strings[s]; ok {
		return t
	}
	b.strings[s] = s
	return s
}

// Build returns the graph of everything added. The builder stays usable: add
// more and build again.
func (b *Builder) Build() *Graph {
	edges := b.sorted()
	sensors := b.sensors.hosts()
	rename(edges, sensors)
	r := newResolver(edges)
	g := newGraph(len(edges), len(r.uids))
	g.sensors, g.events, g.told = sensors, len(b.seen), b.told
	for i := range edges {
		g.addRel(r, i, &edges[i])
	}
	g.index()
	return g
}

// sorted returns the edges in order. Edges are large: what moves while sorting
// are pointers.
func (b *Builder) sorted() []Edge {
	order := make([]*Edge, 0, b.Len())
	for _, chunk := range b.chunks {
		for i := range chunk {
			order = append(order, &chunk[i])
		}
	}
	order = edge.InOrder(order)
	edges := make([]Edge, len(order))
	for i, e := range order {
		edges[i] = *e
	}
	return edges
}

// rename gives records without a host (see host) the host whose name is a
// folder of their source, as collected logs are commonly filed; others keep
// their source as host.
func rename(edges []Edge, sensors []Sensor) {
	known := map[string]string{}
	for _, s := range sensors {
		if !strings.Contains(s.Host, "/") {
			known[s.Host] = s.Host
		}
	}
	if len(known) == len(sensors) {
		return // all records name their host
	}
	hosts := map[string]string{}
	name := func(source string) string {
		if !strings.Contains(source, "/") {
			return source
		}
		if h, ok := hosts[source]; ok {
			return h
		}
		hosts[source] = source
		for _, folder := range strings.Split(source, "/") {
			if h := known[ShortHost(folder)]; h != "" {
				hosts[source] = h
			}
		}
		return hosts[source]
	}
	for i := range edges {
		e := &edges[i]
		e.Host, e.Src.Host, e.Dst.Host = name(e.Host), name(e.Src.Host), name(e.Dst.Host)
	}
}
