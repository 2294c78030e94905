package sigma

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
)

// group is the part of a plan for one kind of event: its rules over numbered
// slots (fields) and predicates, and the index that finds candidates.
type group struct {
	rules  []groupRule
	slots  []slot
	preds  []groupPred
	always []int32 // rules without a trigger
	scan   []int32 // slots with an index
}

// groupRule is a rule's condition over the group's predicates.
type groupRule struct {
	rule int32 // index into Plan.rules
	root groupNode
}

// groupNode is a node of a condition. The children of and and or stand in
// order of cost.
type groupNode struct {
	kind exprKind
	pred int32
	kids []groupNode
	work int // rank of what evaluating it costs
}

// slot is a field as events of this kind have it.
type slot struct {
	keywords bool    // every value of the event
	names    []int32 // native names, the first present counts
	index    *slotIndex
}

// groupPred is a predicate on a slot. When indexed, the slot's index finds it,
// or finds that it must be verified; else it is computed when asked for.
type groupPred struct {
	*predicate
	slot, other int32 // other: the slot of fieldref
	indexed     bool
	exact       bool
	triggers    []int32 // rules that become candidates
	shape       shape   // of the folded pattern, shapeNone for wildcards within
	literal     []byte
}

// slotIndex finds the predicates of a slot that hold for a folded text, or may.
type slotIndex struct {
	equal    map[string][]int32
	prefix   *textmatch.Trie
	suffix   *textmatch.Trie
	anywhere *textmatch.Automaton
}

// builder collects a group.
type builder struct {
	plan  *Plan
	g     group
	slots map[string]int32
	preds map[string]int32
	wit   []witness // by predicate

	source string // of the rule being added
	fields map[fieldOf]int32
}

// add compiles a rule into the group and chooses its triggers.
func (b *builder) add(index int32, r *Rule, sources []int, rename map[string][]string) {
	memo := map[*expr]groupNode{}
	b.source = fmt.Sprint(sources)
	root := b.lower(r.detection, rename, memo)
	at := int32(len(b.g.rules))
	b.g.rules = append(b.g.rules, groupRule{index, root})
	set, _, ok := b.trigger(&root)
	if !ok {
		b.g.always = append(b.g.always, at)
		return
	}
	for id := range set {
		b.g.preds[id].indexed = true
		b.g.preds[id].triggers = append(b.g.preds[id].triggers, at)
	}
}

// lower turns an expression into a node over numbered predicates.
func (b *builder) lower(e *expr, rename map[string][]string, memo map[*expr]groupNode) groupNode {
	if n, ok := memo[e]; ok {
		return n
	}
	n := groupNode{kind: e.kind}
	if e.kind == exprPred {
		n.pred = b.predicate(e.pred, rename)
		n.work = b.work(n.pred)
	}
	for _, k := range e.kids {
		kid := b.lower(k, rename, memo)
		n.kids = append(n.kids, kid)
		n.work = min(n.work+kid.work, maxWork)
	}
	if e.kind == exprAnd || e.kind == exprOr {
		sort.SliceStable(n.kids, func(i, j int) bool { return n.kids[i].work < n.kids[j].work })
	}
	memo[e] = n
	return n
}

// fieldOf is a rule field under the names of some log sources.
type fieldOf struct{ source, field string }

// slot numbers a field.
func (b *builder) slot(field string, rename map[string][]string) int32 {
	key := fieldOf{b.source, field}
	id, ok := b.fields[key]
	if !ok {
		id = b.newSlot(field, rename)
		b.fields[key] = id
	}
	return id
}

// newSlot numbers a field by its native names.
func (b *builder) newSlot(field string, rename map[string][]string) int32 {
	var names []string
	if field != "" {
		names = b.plan.ls.names(field, rename)
	}
	key := strings.Join(names, "\x00")
	if id, ok := b.slots[key]; ok {
		return id
	}
	s := slot{keywords: field == ""}
	for _, n := range names {
		s.names = append(s.names, b.plan.names[n])
	}
	id := int32(len(b.g.slots))
	b.slots[key] = id
	b.g.slots = append(b.g.slots, s)
	return id
}

// predicate numbers a predicate; equal ones get one number.
func (b *builder) predicate(p *predicate, rename map[string][]string) int32 {
	gp := groupPred{predicate: p, slot: b.slot(p.field, rename), other: -1}
	key := p.key()
	if p.kind == predField {
		gp.other = b.slot(p.other, rename)
		key += "\x00" + strconv.Itoa(int(gp.other))
	}
	key = strconv.Itoa(int(gp.slot)) + "\x00" + key
	if id, ok := b.preds[key]; ok {
		return id
	}
	if p.kind == predString {
		text := ""
		gp.shape, text = simpleShape(p.folded)
		gp.literal = []byte(text)
	}
	w := witnessOf(p)
	gp.exact = w.exact
	id := int32(len(b.g.preds))
	b.preds[key] = id
	b.g.preds = append(b.g.preds, gp)
	b.wit = append(b.wit, w)
	return id
}

// maxWork bounds the sum of ranks.
const maxWork = 1 << 30

// work ranks what computing a predicate costs.
func (b *builder) work(id int32) int {
	p := &b.g.preds[id]
	switch {
	case p.kind == predRegex:
		return 1000
	case p.kind == predString && b.g.slots[p.slot].keywords:
		return 200
	case p.kind == predString && p.shape == shapeNone:
		return 30
	case p.kind == predString && p.shape == shapeAnywhere:
		return 10
	case p.kind == predCIDR || p.kind == predNumber || p.kind == predTime:
		return 15
	}
	return 2
}

// trigger returns predicates of which one holds whenever the node does, chosen
// to hold rarely: the rarest child of an and, all children of an or.
func (b *builder) trigger(n *groupNode) (set map[int32]bool, cost float64, ok bool) {
	switch n.kind {
	case exprPred:
		w := &b.wit[n.pred]
		if w.shape == shapeNone {
			return nil, 0, false
		}
		return map[int32]bool{n.pred: true}, w.cost(), true
	case exprAnd:
		for i := range n.kids {
			s, c, has := b.trigger(&n.kids[i])
			if has && (!ok || c < cost) {
				set, cost, ok = s, c, true
			}
		}
		return set, cost, ok
	case exprOr:
		set = map[int32]bool{}
		for i := range n.kids {
			s, c, has := b.trigger(&n.kids[i])
			if !has {
				return nil, 0, false
			}
			cost += c
			for id := range s {
				set[id] = true
			}
		}
		return set, cost, true
	}
	return nil, 0, false
}

// finish builds the indexes of the slots that have triggers.
func (b *builder) finish() *group {
	collect := make([]indexParts, len(b.g.slots))
	for id := range b.g.preds {
		if b.g.preds[id].indexed {
			collect[b.g.preds[id].slot].add(&b.wit[id], int32(id))
		}
	}
	for s := range collect {
		if collect[s].any {
			b.g.slots[s].index = collect[s].build()
			b.g.scan = append(b.g.scan, int32(s))
		}
	}
	return &b.g
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
	if len(x.prefix.ids) > 0 {
		out.prefix = textmatch.NewTrie(x.prefix.literals, x.prefix.ids)
	}
	if len(x.suffix.ids) > 0 {
		out.suffix = textmatch.NewTrie(x.suffix.literals, x.suffix.ids)
	}
	if len(x.anywhere.ids) > 0 {
		out.anywhere = textmatch.NewAutomaton(x.anywhere.literals, x.anywhere.ids)
	}
	return out
}

// find reports every predicate whose literal the folded text has.
func (x *slotIndex) find(folded []byte, hit func(id int32)) {
	for _, id := range x.equal[string(folded)] {
		hit(id)
	}
	if x.prefix != nil {
		x.prefix.Prefixes(folded, hit)
	}
	if x.suffix != nil {
		x.suffix.Suffixes(folded, hit)
	}
	if x.anywhere != nil {
		x.anywhere.Find(folded, hit)
	}
}
