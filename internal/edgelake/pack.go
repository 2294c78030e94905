package edgelake

import (
	"cmp"
	"math"
	"slices"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// maxArena bounds the texts of one block: their places are 32-bit numbers.
const maxArena = math.MaxUint32

// packer makes a Block of records that come in any order.
type packer struct {
	collected
	origins  []origin
	originOf map[edge.Origin]uint32
	entities []entity
	entityOf map[edge.Entity]uint32
	keys     map[kindName]string
	facts    []byte
	factOf   map[string]uint32
	rows     []row
	edges    []packed
	first    uint64 // lowest and highest entry
	last     uint64
}

// entity is an edge.Entity by numbers.
type entity struct {
	kind            edge.Kind
	host, key, name uint32
	pid             int64
}

type row struct {
	time, seq, clock int64
	timed            bool // clock is known
	entry            uint64
	leaf, from       uint32
	first, edges     uint32
}

type packed struct {
	src, dst, fact uint32
	what           uint16
}

func newPacker() *packer {
	return &packer{
		collected: newCollected(), originOf: map[edge.Origin]uint32{},
		entities: make([]entity, 1), entityOf: map[edge.Entity]uint32{},
		keys:  map[kindName]string{},
		facts: []byte{0}, factOf: map[string]uint32{},
	}
}

func (p *packer) entity(e *edge.Entity) uint32 {
	if !e.Is() {
		return 0
	}
	n, ok := p.entityOf[*e]
	if ok {
		return n
	}
	kept := *e
	packed := entity{e.Kind, p.keep(&kept.Host), nameGives, p.keep(&kept.Name), e.PID}
	if e.Key != p.keyOf(e.Kind, packed.name, kept.Name) {
		packed.key = p.keep(&kept.Key) + 1
	} else {
		kept.Key = p.keyOf(e.Kind, packed.name, kept.Name)
	}
	n = uint32(len(p.entities))
	p.entities = append(p.entities, packed)
	p.entityOf[kept] = n
	return n
}

// keyOf is edge.KeyOf, worked out once for every name.
func (p *packer) keyOf(kind edge.Kind, number uint32, name string) string {
	switch kind {
	case edge.KindProcess, edge.KindSession, edge.KindPrincipal:
		return ""
	}
	k := kindName{kind, number}
	key, ok := p.keys[k]
	if !ok {
		key = edge.KeyOf(kind, name)
		p.keys[k] = key
	}
	return key
}

// kindName is a name of a kind of entities.
type kindName struct {
	kind edge.Kind
	name uint32
}

func (p *packer) origin(o *edge.Origin) uint32 {
	n, ok := p.originOf[*o]
	if ok {
		return n
	}
	kept, packed := *o, origin{class: o.Class}
	for i := range originTexts {
		packed.texts[i] = p.keep(originTexts[i].of(&kept))
	}
	n = uint32(len(p.origins))
	p.origins = append(p.origins, packed)
	p.originOf[kept] = n
	return n
}

func (p *packer) fact(f *edge.Facts) uint32 {
	if f == nil {
		return 0
	}
	from := len(p.facts)
	p.facts = appendFacts(p.facts, f, p.text)
	n, ok := p.factOf[string(p.facts[from:])]
	if ok {
		p.facts = p.facts[:from]
		return n
	}
	p.factOf[string(p.facts[from:])] = uint32(from)
	return uint32(from)
}

// add takes a record; no text of it is kept.
func (p *packer) add(r *edge.Record) { p.addFrom(r, p.origin(&r.Origin)) }

// addFrom is add for a record whose origin has a number.
func (p *packer) addFrom(r *edge.Record, from uint32) {
	x := row{
		time: r.Time.UnixMicro(), seq: r.Seq, clock: int64(r.Clock), timed: r.Timed, entry: r.ID.Entry,
		leaf: r.ID.Leaf, from: from, first: uint32(len(p.edges)),
		edges: uint32(len(r.Edges)),
	}
	if len(p.rows) == 0 {
		p.first = r.ID.Entry
	}
	p.first, p.last = min(p.first, r.ID.Entry), max(p.last, r.ID.Entry)
	p.rows = append(p.rows, x)
	for i := range r.Edges {
		e := &r.Edges[i]
		p.edges = append(p.edges, packed{
			p.entity(&e.Src), p.entity(&e.Dst), p.fact(e.Facts),
			uint16(e.Verb) | uint16(e.Strength)<<8,
		})
	}
}

// block returns what was added so far. The packer stays usable.
func (p *packer) block() *Block {
	order := make([]uint32, len(p.rows))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, k uint32) int {
		a, b := &p.rows[i], &p.rows[k]
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.entry, b.entry),
			cmp.Compare(a.leaf, b.leaf))
	})
	b := &Block{
		texts: p.texts(), places: len(p.origins), facts: slices.Clone(p.facts),
		records: len(p.rows), edges: len(p.edges),
	}
	b.packRows(p, order)
	b.packEdges(p, order)
	b.packEntities(p)
	return b
}

func (b *Block) packRows(p *packer, order []uint32) {
	column := func(of func(*row) int64) ints {
		values := make([]int64, len(order))
		for i, n := range order {
			values[i] = of(&p.rows[n])
		}
		return packInts(values)
	}
	b.time = column(func(r *row) int64 { return r.time })
	b.entry = column(func(r *row) int64 { return int64(r.entry) })
	b.leaf = column(func(r *row) int64 { return int64(r.leaf) })
	b.seq = column(func(r *row) int64 { return r.seq })
	b.noClock = 0 // below the smallest that is known
	for i := range p.rows {
		if r := &p.rows[i]; r.timed && r.clock <= b.noClock && r.clock > math.MinInt64 {
			b.noClock = r.clock - 1
		}
	}
	b.clock = column(func(r *row) int64 {
		if !r.timed {
			return b.noClock
		}
		return r.clock
	})
	b.from = column(func(r *row) int64 { return int64(r.from) })
}

func (b *Block) packEdges(p *packer, order []uint32) {
	firsts := make([]int64, 0, len(order)+1)
	var src, dst, fact, what []int64
	for _, n := range order {
		r := &p.rows[n]
		firsts = append(firsts, int64(len(src)))
		for _, e := range p.edges[r.first : r.first+r.edges] {
			src, dst, fact = append(src, int64(e.src)), append(dst, int64(e.dst)), append(fact, int64(e.fact))
			what = append(what, int64(e.what))
		}
	}
	b.first = packInts(append(firsts, int64(len(src))))
	b.src, b.dst, b.fact = packInts(src), packInts(dst), packInts(fact)
	b.what = packInts(what)
}

func (b *Block) packEntities(p *packer) {
	b.entities = entities{
		kind: columnOf(p.entities, func(e *entity) int64 { return int64(e.kind) }),
		host: columnOf(p.entities, func(e *entity) int64 { return int64(e.host) }),
		key:  columnOf(p.entities, func(e *entity) int64 { return int64(e.key) }),
		name: columnOf(p.entities, func(e *entity) int64 { return int64(e.name) }),
		pid:  columnOf(p.entities, func(e *entity) int64 { return e.pid }),
	}
	b.origins[0] = columnOf(p.origins, func(o *origin) int64 { return int64(o.class) })
	for k := range originTexts {
		b.origins[k+1] = columnOf(p.origins, func(o *origin) int64 { return int64(o.texts[k]) })
	}
}

func columnOf[T any](list []T, of func(*T) int64) ints {
	values := make([]int64, len(list))
	for i := range list {
		values[i] = of(&list[i])
	}
	return packInts(values)
}
