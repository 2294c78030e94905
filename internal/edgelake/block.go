package edgelake

import (
	"slices"
	"sort"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// Block is the records of some journal entries, ordered by time, entry and
// leaf. It never changes.
type Block struct {
	texts    texts
	origins  [13]ints // class, then originTexts
	places   int      // how many of them
	entities entities
	facts    []byte // packed one after the other; the first byte stands for none

	// of each record
	time, entry, leaf, seq, from ints
	clock                        ints // nanoseconds, noClock where not known
	first                        ints // its first edge; one more than there are records

	// of each edge
	src, dst, fact ints
	what           ints // verb, and in the second byte strength

	noClock        int64
	records, edges int
}

// origin is an edge.Origin by the numbers of its texts.
type origin struct {
	class uint32
	texts [12]uint32
}

// originTexts are the texts of an edge.Origin, in the order in which blocks
// number and files name them.
var originTexts = []struct {
	column string
	of     func(*edge.Origin) *string
}{
	{"host", func(o *edge.Origin) *string { return &o.Host }},
	{"place", func(o *edge.Origin) *string { return &o.Place }},
	{"log_name", func(o *edge.Origin) *string { return &o.Log }},
	{"own_ip", func(o *edge.Origin) *string { return &o.OwnIP }},
	{"device.ip", func(o *edge.Origin) *string { return &o.DeviceIP }},
	{"src_endpoint.ip", func(o *edge.Origin) *string { return &o.SrcIP }},
	{"session.uid", func(o *edge.Origin) *string { return &o.Session }},
	{"actor.session.uid", func(o *edge.Origin) *string { return &o.ActorSession }},
	{"actor.user.uid", func(o *edge.Origin) *string { return &o.ActorUID }},
	{"actor.user.name", func(o *edge.Origin) *string { return &o.ActorUser }},
	{"resource.name", func(o *edge.Origin) *string { return &o.Resource }},
	{"app.name", func(o *edge.Origin) *string { return &o.Application }},
}

// entities are edge.Entity, column by column; number 0 names nothing.
type entities struct {
	kind, host, key, name, pid ints
}

// nameGives is the number of a key that follows from the name; other keys are
// the number of their text and one.
const nameGives = 0

// Records returns how many records there are.
func (b *Block) Records() int { return b.records }

// Edges returns how many edges they have.
func (b *Block) Edges() int { return b.edges }

// Bytes returns about how much memory the block takes.
func (b *Block) Bytes() int64 {
	n := b.texts.size() + len(b.facts)
	for _, c := range []*ints{
		&b.time, &b.entry, &b.leaf, &b.seq, &b.from, &b.clock, &b.first, &b.src, &b.dst, &b.fact,
		&b.what, &b.entities.kind, &b.entities.host, &b.entities.key,
		&b.entities.name, &b.entities.pid,
	} {
		n += c.size()
	}
	for i := range b.origins {
		n += b.origins[i].size()
	}
	return int64(n)
}

// origin returns where records of number i come from.
func (b *Block) origin(i int) edge.Origin {
	o := edge.Origin{Class: uint32(b.origins[0].at(i))}
	for k := range originTexts {
		*originTexts[k].of(&o) = b.texts.at(b.origins[k+1].at(i))
	}
	return o
}

// wants is q.Wants of origin i, of which only what q compares is read, into o.
func (b *Block) wants(i int, q *edge.Query, o *edge.Origin) bool {
	o.Class = uint32(b.origins[0].at(i))
	if len(q.Classes) > 0 && !slices.Contains(q.Classes, o.Class) {
		return false
	}
	read := func(from, to int) {
		for k := from; k < to; k++ {
			*originTexts[k].of(o) = b.texts.at(b.origins[k+1].at(i))
		}
	}
	if len(q.Hosts) > 0 {
		read(0, 1)
	}
	if q.Address != "" {
		read(4, 6)
	}
	if q.Session != "" {
		read(6, 8)
	}
	if q.Named != "" {
		read(8, 12)
	}
	return q.Wants(o)
}

// place returns where record i comes from.
func (x *reading) place(i int) *edge.Origin {
	n := x.from.at(i)
	o := x.told[n]
	if o == nil {
		read := x.origin(int(n))
		o = &read
		x.told[n] = o
	}
	return o
}

// entity returns entity i.
func (x *reading) entity(i int64) edge.Entity {
	if i == 0 {
		return edge.Entity{}
	}
	b, n := x.Block, int(i)
	e := edge.Entity{
		Kind: edge.Kind(b.entities.kind.at(n)), Host: b.texts.at(b.entities.host.at(n)),
		Name: b.texts.at(b.entities.name.at(n)), PID: b.entities.pid.at(n),
	}
	key := b.entities.key.at(n)
	if key != nameGives {
		e.Key = b.texts.at(key - 1)
		return e
	}
	ok := false
	if e.Key, ok = x.keys[i]; !ok {
		e.Key = edge.KeyOf(e.Kind, e.Name)
		x.keys[i] = e.Key
	}
	return e
}

// at returns the time of record i.
func (b *Block) at(i int) time.Time { return time.UnixMicro(b.time.at(i)).UTC() }

func (b *Block) id(i int) event.ID {
	return event.ID{Entry: uint64(b.entry.at(i)), Leaf: uint32(b.leaf.at(i))}
}

// until returns how many records lie before t.
func (b *Block) until(t time.Time) int {
	return sort.Search(b.records, func(i int) bool { return !b.at(i).Before(t) })
}

// reading is what one reader of a block keeps: the facts it has unpacked, so
// that equal ones are one in its memory.
type reading struct {
	*Block
	wanted []bool // by origin
	known  map[int64]*edge.Facts
	keys   map[int64]string       // of entities, where the name gives them
	told   map[int64]*edge.Origin // origins by number
}

func newReading(b *Block) *reading {
	return &reading{
		Block: b, known: map[int64]*edge.Facts{}, keys: map[int64]string{},
		told: map[int64]*edge.Origin{},
	}
}

// of reads record i into r, whose edges are used again.
func (x *reading) of(i int, r *edge.Record) {
	b := x.Block
	r.ID, r.Time, r.Seq = b.id(i), b.at(i), b.seq.at(i)
	r.Clock, r.Timed = 0, false
	if c := b.clock.at(i); c != b.noClock {
		r.Clock, r.Timed = time.Duration(c), true
	}
	r.Origin = *x.place(i)
	host := r.HostName()
	r.Edges = r.Edges[:0]
	for k, end := b.first.at(i), b.first.at(i+1); k < end; k++ {
		n := int(k)
		e := edge.Edge{
			Time: r.Time, Seq: r.Seq, ID: r.ID, Host: host,
			Src: x.entity(b.src.at(n)), Dst: x.entity(b.dst.at(n)),
			Verb: edge.Verb(b.what.at(n) & 0xff), Strength: edge.Strength(b.what.at(n) >> 8),
			Facts: x.fact(b.fact.at(n)),
		}
		e.Restored()
		r.Edges = append(r.Edges, e)
	}
}

func (x *reading) fact(at int64) *edge.Facts {
	if at == 0 {
		return nil
	}
	f := x.known[at]
	if f == nil {
		f = readFacts(x.facts[at:], x.texts.at)
		x.known[at] = f
	}
	return f
}
