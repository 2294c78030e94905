package sigma

import (
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
)

// group is the part of a plan for one kind of event: its rules over numbered
// slots (fields) and predicates, and the index that finds candidates.
type group struct {
	rules    []groupRule
	slots    []slot
	preds    []groupPred
	triggers []int32 // rules, see groupPred
	always   []int32 // rules without a trigger
	scan     []int32 // slots with an index
	keywords bool    // one of them is every value of the event
}

// groupRule is a rule with the predicates that its leaves are.
type groupRule struct {
	rule  int32 // index into Plan.rules
	code  *ruleCode
	preds []int32
}

// slot is a field as events of this kind have it.
type slot struct {
	keywords bool    // every value of the event
	names    []int32 // native names, the first present counts
	index    *slotIndex
}

// groupPred is an atom on a slot. When indexed, the slot's index finds it, or
// finds that it must be verified; else it is computed when asked for.
type groupPred struct {
	*atom
	slot, other int32 // other: the slot of fieldref, -1 for none
	indexed     bool
	from, to    int32 // of group.triggers: rules that become candidates
}

// builder collects a group.
type builder struct {
	plan    *Plan
	g       group
	byNames map[string]int32
	byField map[setField]int32
	byAtom  map[predKey]int32
	rules   [][]int32 // by predicate: whose trigger it is
}

// setField is a rule field under the names of a set of sources.
type setField struct{ set, field int32 }

// predKey tells predicates apart.
type predKey struct{ atom, slot, other int32 }

func newBuilder(p *Plan) *builder {
	return &builder{
		plan: p, byNames: map[string]int32{}, byField: map[setField]int32{},
		byAtom: map[predKey]int32{},
	}
}

// add takes a rule into the group.
func (b *builder) add(index int32, rename map[string][]string) {
	code := &b.plan.code[index]
	at := int32(len(b.g.rules))
	r := groupRule{rule: index, code: code, preds: make([]int32, len(code.leaves))}
	for i, f := range code.leaves {
		key := predKey{f.atom, b.slot(code.set, f.field, rename), -1}
		if f.other >= 0 {
			key.other = b.slot(code.set, f.other, rename)
		}
		r.preds[i] = b.predicate(key)
	}
	b.g.rules = append(b.g.rules, r)
	if code.always {
		b.g.always = append(b.g.always, at)
	}
	for _, t := range code.triggers {
		b.g.preds[r.preds[t]].indexed = true
		b.rules[r.preds[t]] = append(b.rules[r.preds[t]], at)
	}
}

// slot numbers a field; fields with the same native names are one slot.
func (b *builder) slot(set, field int32, rename map[string][]string) int32 {
	short := setField{set, field}
	if id, ok := b.byField[short]; ok {
		return id
	}
	var names []string
	if b.plan.fields[field] != "" {
		names = b.plan.ls.names(b.plan.fields[field], rename)
	}
	key := strings.Join(names, "\x00")
	id, ok := b.byNames[key]
	if !ok {
		id = int32(len(b.g.slots))
		b.byNames[key] = id
		s := slot{keywords: len(names) == 0}
		for _, n := range names {
			s.names = append(s.names, b.plan.names[n])
		}
		b.g.slots = append(b.g.slots, s)
	}
	b.byField[short] = id
	return id
}

// predicate numbers an atom on a slot.
func (b *builder) predicate(key predKey) int32 {
	id, ok := b.byAtom[key]
	if !ok {
		id = int32(len(b.g.preds))
		b.byAtom[key] = id
		b.g.preds = append(b.g.preds, groupPred{
			atom: &b.plan.atoms[key.atom], slot: key.slot, other: key.other,
		})
		b.rules = append(b.rules, nil)
	}
	return id
}

// finish builds the indexes of the slots that have triggers.
func (b *builder) finish() group {
	collect := make([]indexParts, len(b.g.slots))
	for id := range b.g.preds {
		p := &b.g.preds[id]
		p.from = int32(len(b.g.triggers))
		b.g.triggers = append(b.g.triggers, b.rules[id]...)
		p.to = int32(len(b.g.triggers))
		if p.indexed {
			collect[p.slot].add(&p.witness, int32(id))
		}
	}
	b.others(collect)
	for s := range collect {
		if collect[s].any {
			b.g.slots[s].index = collect[s].build()
			b.g.scan = append(b.g.scan, int32(s))
			b.g.keywords = b.g.keywords || b.g.slots[s].keywords
		}
	}
	return b.g
}

// rarely is the cost up to which a predicate that is no trigger is left to the
// index of its slot too: where it holds it is noted for nothing, but where it
// does not, nothing is left to do.
const rarely = 0.1

// others adds such predicates to the indexes that are there.
func (b *builder) others(collect []indexParts) {
	for id := range b.g.preds {
		p := &b.g.preds[id]
		if !p.indexed && collect[p.slot].any && p.witness.shape != shapeNone && p.cost <= rarely {
			p.indexed = true
			collect[p.slot].add(&p.witness, int32(id))
		}
	}
}

// slotIndex finds the predicates of a slot that hold for a text, or may.
type slotIndex struct {
	equal    map[string][]int32
	lengths  uint64 // bit set of the lengths of equal's texts, modulo 64
	prefix   *textmatch.Trie
	suffix   *textmatch.Trie
	anywhere *textmatch.Literals
}

// literalSet is literals with the predicates they stand for.
type literalSet struct {
	literals []string
	ids      []int32
}

// indexParts collects the literals of one slot by shape.
type indexParts struct {
	any                      bool
	equal                    map[string][]int32
	prefix, suffix, anywhere literalSet
}

func (x *indexParts) add(w *witness, id int32) {
	x.any = true
	for _, l := range w.literals {
		switch w.shape {
		case shapeEqual:
			if x.equal == nil {
				x.equal = map[string][]int32{}
			}
			x.equal[l] = append(x.equal[l], id)
		case shapePrefix:
			x.prefix.put(l, id)
		case shapeSuffix:
			x.suffix.put(textmatch.Reversed(l), id)
		default:
			x.anywhere.put(l, id)
		}
	}
}

func (s *literalSet) put(l string, id int32) {
	s.literals = append(s.literals, l)
	s.ids = append(s.ids, id)
}

func (x *indexParts) build() *slotIndex {
	out := &slotIndex{equal: x.equal}
	for text := range x.equal {
		out.lengths |= 1 << (len(text) & 63)
	}
	if len(x.prefix.ids) > 0 {
		out.prefix = textmatch.NewTrie(x.prefix.literals, x.prefix.ids)
	}
	if len(x.suffix.ids) > 0 {
		out.suffix = textmatch.NewTrie(x.suffix.literals, x.suffix.ids)
	}
	if len(x.anywhere.ids) > 0 {
		out.anywhere = textmatch.NewLiterals(x.anywhere.literals, x.anywhere.ids)
	}
	return out
}

// find appends every predicate whose literal the matcher's text has.
func (x *slotIndex) find(dst []int32, m *Matcher, text int32) []int32 {
	if x.anywhere != nil {
		dst = x.anywhere.AppendFind(dst, m.searchable(text))
	}
	if x.equal == nil && x.prefix == nil && x.suffix == nil {
		return dst
	}
	folded := m.fold(text)
	if x.lengths>>(len(folded)&63)&1 != 0 {
		dst = append(dst, x.equal[string(folded)]...)
	}
	if x.prefix != nil {
		dst = x.prefix.AppendPrefixes(dst, folded)
	}
	if x.suffix != nil {
		dst = x.suffix.AppendSuffixes(dst, folded)
	}
	return dst
}
