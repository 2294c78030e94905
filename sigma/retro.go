package sigma

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
)

// Known is what is known of a kind of events without their records. A field in
// Fields is that of the record under exactly this name, with one text.
type Known struct {
	Product, Service, Category string
	Fields                     map[string]string
}

// Sieve says of events of one kind, of which only the texts of some native
// fields are known, whether any rule may hold. It keeps scratch memory and must
// not be used by two goroutines at once.
type Sieve struct {
	g       *group
	m       *Matcher // for its memory, shared
	columns []sieveColumn
	column  []int32 // by predicate: of its field, -1 for unknown
	rules   []int32 // without a trigger among the columns: always to be looked at
	blind   bool    // one of them has no test of a column at all

	answers [][]int32 // distinct ones: the predicates; the first is Unknown's
	loose   []bool    // by answer: the predicates may hold, others do not
	ids     map[string]int32
	tuples  map[string]bool
	key     []byte
	found   []int32
	now     []int32  // the answers at hand
	epoch   uint32   // of marks
	held    []uint32 // by predicate
	seen    []uint32 // by rule
}

// sieveColumn is a field whose texts are known.
type sieveColumn struct {
	field    string
	used     bool
	index    *slotIndex // of texts
	anywhere *slotIndex // of texts that may be a list's
	rest     []int32    // predicates that no index finds
	triggers map[int32][]int32
	rules    []int32 // that have a trigger here
}

// Unknown is the answer for an event whose field is not known.
const Unknown int32 = 0

// Bounds of what a Sieve remembers.
const (
	maxTuples  = 1 << 16
	maxAnswers = 1 << 16
)

// Sieves makes sieves for one goroutine; kinds of events that are alike to the
// rules share one.
type Sieves struct {
	plan  *Plan
	m     *Matcher
	names []string // by number
	made  map[sieveKey]*Sieve
}

// sieveKey is what a sieve depends on.
type sieveKey struct {
	group  *group
	fields string
}

// Sieves returns a maker of sieves for the plan.
func (p *Plan) Sieves() *Sieves {
	x := &Sieves{plan: p, m: p.Matcher(), names: make([]string, len(p.names)), made: map[sieveKey]*Sieve{}}
	for name, id := range p.names {
		x.names[id] = name
	}
	return x
}

// Of returns the sieves for events of the kind, of which these native fields
// are known one by one later: one for each set of log sources that such events
// may be of. There are none where those are too many: any rule may hold.
func (x *Sieves) Of(k *Known, fields []string) []*Sieve {
	var out []*Sieve
	for _, route := range x.plan.knownRoutes(k) {
		key := sieveKey{x.plan.group(route), strings.Join(fields, "\x00")}
		if x.made[key] == nil {
			x.made[key] = x.sieve(key.group, fields)
		}
		if !slices.Contains(out, x.made[key]) {
			out = append(out, x.made[key])
		}
	}
	return out
}

func (x *Sieves) sieve(g *group, fields []string) *Sieve {
	s := &Sieve{
		g: g, m: x.m, answers: make([][]int32, 1), loose: make([]bool, 1),
		ids: map[string]int32{}, tuples: map[string]bool{},
		held: make([]uint32, len(g.preds)), seen: make([]uint32, len(g.rules)),
	}
	for _, f := range fields {
		s.columns = append(s.columns, sieveColumn{field: f, triggers: map[int32][]int32{}})
	}
	s.index(x.names)
	for i := range g.rules {
		s.add(int32(i))
	}
	return s
}

// maxRoutes bounds the sets of log sources that one kind of events may be of.
const maxRoutes = 8

// knownRoutes are those of which one is what Logsources.route returns, none
// where they are too many.
func (p *Plan) knownRoutes(k *Known) [][]byte {
	if p.ls == nil {
		return [][]byte{nil}
	}
	routes := [][]byte{make([]byte, len(p.ls.sources))}
	for i := range p.ls.sources {
		options := k.options(&p.ls.sources[i])
		if len(options)*len(routes) > maxRoutes {
			return nil
		}
		var longer [][]byte
		for _, option := range options {
			for _, r := range routes {
				r = slices.Clone(r)
				r[i] = option
				longer = append(longer, r)
			}
		}
		routes = longer
	}
	return routes
}

// options are the branches of a source that may be the first that fits.
func (k *Known) options(s *mappedSource) []byte {
	var out []byte
	for b := range s.branches {
		fits, known := k.fits(&s.branches[b])
		if fits {
			out = append(out, byte(b))
		}
		if fits && known {
			return out
		}
	}
	return append(out, noBranch)
}

// fits reports whether events of the kind may fit the branch, and whether that is
// known.
func (k *Known) fits(b *branch) (fits, known bool) {
	known = true
	for i := range b.when {
		holds, sure := k.holds(&b.when[i])
		if sure && !holds {
			return false, true
		}
		known = known && sure
	}
	return true, known
}

func (k *Known) holds(c *clause) (holds, known bool) {
	text, known := "", true
	switch c.field {
	case ownProduct:
		text = k.Product
	case ownCategory:
		text = k.Category
	case ownService:
		text = k.Service
	default:
		if text, known = k.Fields[c.names[0]]; known && c.present {
			return true, true
		}
	}
	folded := trimSpace(textmatch.AppendFold(nil, text))
	return slices.Contains(c.values, string(folded)), known
}

// index prepares the tests of the columns.
func (s *Sieve) index(names []string) {
	s.column = make([]int32, len(s.g.preds))
	strict, loose := make([]indexParts, len(s.columns)), make([]indexParts, len(s.columns))
	for id := range s.g.preds {
		p := &s.g.preds[id]
		at := s.columnOf(&s.g.slots[p.slot], names)
		if p.kind == predField {
			at = -1
		}
		if s.column[id] = int32(at); at < 0 {
			continue
		}
		c := &s.columns[at]
		c.used = true
		switch {
		case p.kind == predNull || p.kind == predExists:
		case p.witness.shape == shapeNone || emptyLiteral(&p.witness):
			c.rest = append(c.rest, int32(id))
		default:
			strict[at].add(&p.witness, int32(id))
			loose[at].add(&witness{shape: shapeAnywhere, literals: p.witness.literals}, int32(id))
		}
	}
	for i := range s.columns {
		s.columns[i].index, s.columns[i].anywhere = strict[i].build(), loose[i].build()
	}
}

// emptyLiteral reports whether a witness has an empty literal: only the empty
// text has it, and no column.
func emptyLiteral(w *witness) bool { return slices.Contains(w.literals, "") }

// columnOf returns the column that holds a slot's texts wherever it has any: that
// of the name that counts first.
func (s *Sieve) columnOf(slot *slot, names []string) int {
	if slot.keywords {
		return -1
	}
	return slices.IndexFunc(s.columns, func(c sieveColumn) bool { return c.field == names[slot.names[0]] })
}

// add files a rule under its trigger.
func (s *Sieve) add(rule int32) {
	r := &s.g.rules[rule]
	t, ok := s.trigger(r, &r.code.root)
	if !ok {
		s.rules = append(s.rules, rule)
		s.blind = s.blind || !slices.ContainsFunc(r.preds, func(p int32) bool { return s.column[p] >= 0 })
		return
	}
	for _, id := range t.leaves {
		c := &s.columns[s.column[id]]
		c.triggers[id] = append(c.triggers[id], rule)
		if n := len(c.rules); n == 0 || c.rules[n-1] != rule {
			c.rules = append(c.rules, rule)
		}
	}
}

// trigger returns predicates of columns of which one holds whenever the node
// does, as ruleLowering.trigger does of all fields.
func (s *Sieve) trigger(r *groupRule, n *node) (best trigger, ok bool) {
	switch n.kind {
	case exprPred:
		id := r.preds[n.leaf]
		if p := &s.g.preds[id]; s.column[id] >= 0 && p.kind != predNull && p.kind != predExists {
			return trigger{[]int32{id}, p.cost}, true
		}
	case exprAnd:
		for i := range n.kids {
			t, has := s.trigger(r, &n.kids[i])
			if has && (!ok || t.cost < best.cost) {
				best, ok = t, true
			}
		}
		return best, ok
	case exprOr:
		for i := range n.kids {
			t, has := s.trigger(r, &n.kids[i])
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
