package sigma

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// atom is a test apart from the field it looks at. Tests that many rules make
// are one atom.
type atom struct {
	*predicate
	witness
	cost    float64 // estimate of how often the witness occurs
	shape   shape   // of the folded pattern, shapeNone for wildcards within
	literal string  // of the folded pattern
	regex   int32   // number of the regular expression, -1 for none
	work    int     // rank of what computing it costs
}

// leaf is an atom on a field of the rule.
type leaf struct {
	atom, field int32
	other       int32 // the field of fieldref, -1 for none
}

// ruleCode is a rule's condition over its leaves, the same for all kinds of
// events.
type ruleCode struct {
	set      int32 // of sources
	leaves   []leaf
	root     node
	steps    []step
	start    int32
	triggers []int32 // leaves of which one must hold if the rule does
	always   bool    // there are none to be found: always run
}

// node is a part of a condition. The children of and and or stand in order of
// cost.
type node struct {
	kind exprKind
	leaf int32
	kids []node
	work int // rank of what evaluating it costs
}

// lowering turns the rules' expressions into code.
type lowering struct {
	plan     *Plan
	atoms    map[string]int32
	fields   map[string]int32
	sets     map[string]int32
	interned map[fieldOf]bool
}

// fieldOf is a rule field under the names of some log sources.
type fieldOf struct{ source, field string }

func newLowering(p *Plan) *lowering {
	return &lowering{
		plan: p, atoms: map[string]int32{}, fields: map[string]int32{}, sets: map[string]int32{},
		interned: map[fieldOf]bool{},
	}
}

// rule lowers one rule.
func (c *lowering) rule(r *Rule, sources []int) ruleCode {
	l := ruleLowering{
		lowering: c, source: fmt.Sprint(sources), sources: sources,
		numbers: map[leaf]int32{}, memo: map[*expr]node{},
	}
	set, ok := c.sets[l.source]
	if !ok {
		set = int32(len(c.plan.sets))
		c.sets[l.source] = set
		c.plan.sets = append(c.plan.sets, sources)
	}
	l.code.set = set
	l.code.root = l.lower(r.detection)
	l.code.compile()
	t, ok := l.trigger(&l.code.root)
	if l.code.always = !ok; ok {
		slices.Sort(t.leaves)
		l.code.triggers = slices.Compact(t.leaves)
	}
	return l.code
}

// ruleLowering is the state for one rule.
type ruleLowering struct {
	*lowering
	source  string
	sources []int
	code    ruleCode
	numbers map[leaf]int32
	memo    map[*expr]node
}

// lower turns an expression into a node over numbered leaves.
func (l *ruleLowering) lower(e *expr) node {
	if n, ok := l.memo[e]; ok {
		return n
	}
	n := node{kind: e.kind}
	if e.kind == exprPred {
		n.leaf = l.leaf(e.pred)
		n.work = l.work(n.leaf)
	}
	for _, k := range e.kids {
		kid := l.lower(k)
		n.kids = append(n.kids, kid)
		n.work = min(n.work+kid.work, maxWork)
	}
	if e.kind == exprAnd || e.kind == exprOr {
		sort.SliceStable(n.kids, func(i, j int) bool { return n.kids[i].work < n.kids[j].work })
	}
	l.memo[e] = n
	return n
}

// leaf numbers a predicate within the rule; equal ones get one number.
func (l *ruleLowering) leaf(p *predicate) int32 {
	f := leaf{atom: l.atom(p), field: l.field(p.field), other: -1}
	if p.kind == predField {
		f.other = l.field(p.other)
	}
	id, ok := l.numbers[f]
	if !ok {
		id = int32(len(l.code.leaves))
		l.numbers[f] = id
		l.code.leaves = append(l.code.leaves, f)
	}
	return id
}

// field numbers a rule field and the native names it may have, so that names
// are not numbered after Compile.
func (l *ruleLowering) field(field string) int32 {
	id, ok := l.fields[field]
	if !ok {
		id = int32(len(l.plan.fields))
		l.fields[field] = id
		l.plan.fields = append(l.plan.fields, field)
	}
	key := fieldOf{l.source, field}
	if field == "" || l.interned[key] {
		return id
	}
	l.interned[key] = true
	l.intern(field, nil)
	for _, s := range l.sources {
		for i := range l.plan.ls.sources[s].branches {
			l.intern(field, l.plan.ls.sources[s].branches[i].rename)
		}
	}
	return id
}

func (l *ruleLowering) intern(field string, rename map[string][]string) {
	for _, n := range l.plan.ls.names(field, rename) {
		l.plan.nameID(n)
	}
}

// atom numbers a test.
func (c *lowering) atom(p *predicate) int32 {
	key := p.key()
	if id, ok := c.atoms[key]; ok {
		return id
	}
	a := atom{predicate: p, witness: witnessOf(p), regex: -1}
	a.cost = a.witness.cost()
	switch p.kind {
	case predString:
		a.shape, a.literal = simpleShape(p.folded)
	case predRegex:
		a.regex = c.plan.regexes
		c.plan.regexes++
	}
	a.work = a.rank()
	id := int32(len(c.plan.atoms))
	c.atoms[strings.Clone(key)] = id
	c.plan.atoms = append(c.plan.atoms, a)
	return id
}

// maxWork bounds the sum of ranks.
const maxWork = 1 << 30

// rank says what computing the atom costs.
func (a *atom) rank() int {
	switch {
	case a.kind == predRegex:
		return 1000
	case a.kind == predString && a.shape == shapeNone:
		return 30
	case a.kind == predString && a.shape == shapeAnywhere:
		return 10
	case a.kind == predCIDR || a.kind == predNumber || a.kind == predTime:
		return 15
	}
	return 2
}

// work ranks a leaf: one that looks at the whole event costs most.
func (l *ruleLowering) work(id int32) int {
	f := l.code.leaves[id]
	work := l.plan.atoms[f.atom].work
	if l.plan.fields[f.field] == "" {
		return max(work, 200)
	}
	return work
}

// trigger is leaves of which one holds whenever the node does.
type trigger struct {
	leaves []int32
	cost   float64
}

// trigger returns the one that is likely to hold rarely: the rarest child of
// an and, all children of an or.
func (l *ruleLowering) trigger(n *node) (best trigger, ok bool) {
	switch n.kind {
	case exprPred:
		a := &l.plan.atoms[l.code.leaves[n.leaf].atom]
		if a.witness.shape == shapeNone {
			return trigger{}, false
		}
		return trigger{[]int32{n.leaf}, a.cost}, true
	case exprAnd:
		for i := range n.kids {
			t, has := l.trigger(&n.kids[i])
			if has && (!ok || t.cost < best.cost) {
				best, ok = t, true
			}
		}
		return best, ok
	case exprOr:
		for i := range n.kids {
			t, has := l.trigger(&n.kids[i])
			if !has {
				return trigger{}, false
			}
			best.cost += t.cost
			best.leaves = append(best.leaves, t.leaves...)
		}
		return best, true
	}
	return trigger{}, false
}
