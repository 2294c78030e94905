package sigma

import (
	"bytes"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
)

// eval decides a condition, looking at no more predicates than it needs.
func (m *Matcher) eval(n *groupNode) bool {
	switch n.kind {
	case exprAnd:
		for i := range n.kids {
			if !m.eval(&n.kids[i]) {
				return false
			}
		}
		return true
	case exprOr:
		for i := range n.kids {
			if m.eval(&n.kids[i]) {
				return true
			}
		}
		return false
	case exprNot:
		return !m.eval(&n.kids[0])
	}
	return m.truth(n.pred)
}

// truth decides a predicate, once per event.
func (m *Matcher) truth(id int32) bool {
	mark := m.s.memo[id]
	p := &m.s.g.preds[id]
	if mark>>2 == m.epoch {
		if mark&3 != truthMaybe {
			return mark&3 == truthTrue
		}
	} else if p.indexed {
		return false // the slot was scanned and the literal not found
	}
	holds := m.compute(p) >= 0
	state := truthFalse
	if holds {
		state = truthTrue
	}
	m.s.memo[id] = m.epoch<<2 | state
	return holds
}

// compute returns the first text of the slot that the predicate holds for, -1
// for none. Predicates on presence hold for text 0.
func (m *Matcher) compute(p *groupPred) int32 {
	st := m.load(p.slot)
	switch p.kind {
	case predNull:
		return found(st.null)
	case predExists:
		return found(st.present)
	case predField:
		return m.computeField(p, st)
	}
	for i := st.from; i < st.to; i++ {
		if m.holds(p, i) {
			return i
		}
	}
	return -1
}

func found(ok bool) int32 {
	if ok {
		return 0
	}
	return -1
}

// computeField compares two slots, any text of the one with any of the other.
func (m *Matcher) computeField(p *groupPred, st slotState) int32 {
	other := m.load(p.other)
	for i := st.from; i < st.to; i++ {
		for o := other.from; o < other.to; o++ {
			if m.related(p, i, o) {
				return i
			}
		}
	}
	return -1
}

// related tests one text against one of the referenced field.
func (m *Matcher) related(p *groupPred, i, o int32) bool {
	var a, b []byte
	if p.cased {
		a, b = []byte(m.text[i].raw), []byte(m.text[o].raw)
	} else {
		a, b = m.fold(i), m.fold(o)
	}
	switch p.relation {
	case relStarts:
		return bytes.HasPrefix(a, b)
	case relEnds:
		return bytes.HasSuffix(a, b)
	case relContains:
		return bytes.Contains(a, b)
	}
	return bytes.Equal(a, b)
}

// holds tests one text.
func (m *Matcher) holds(p *groupPred, i int32) bool {
	switch p.kind {
	case predString:
		if p.cased {
			return p.matchText([]byte(textmatch.ValidText(m.text[i].raw)))
		}
		return p.matchText(m.fold(i))
	case predRegex:
		return m.regex(p).Match(m.text[i].raw)
	case predCIDR:
		return inPrefix(p.prefix, m.text[i].raw)
	case predNumber:
		v, ok := parseNumber(m.text[i].raw)
		return ok && p.op.holds(v, p.operand)
	case predTime:
		v, ok := datePart(p.part, m.text[i].raw)
		return ok && p.op.holds(v, p.operand)
	}
	return false
}

// regex returns this matcher's automaton of a regular expression.
func (m *Matcher) regex(p *groupPred) *textmatch.LazyDFA {
	d := m.regexes[p.re]
	if d == nil {
		d = textmatch.NewLazyDFA(p.re)
		m.regexes[p.re] = d
	}
	return d
}

// matchText tests a text, folded unless the predicate is cased.
func (p *groupPred) matchText(text []byte) bool {
	switch p.shape {
	case shapeEqual:
		return bytes.Equal(text, p.literal)
	case shapePrefix:
		return bytes.HasPrefix(text, p.literal)
	case shapeSuffix:
		return bytes.HasSuffix(text, p.literal)
	case shapeAnywhere:
		return bytes.Contains(text, p.literal)
	}
	return p.folded.match(text)
}

// collect appends the fields whose values made the condition true: those of
// the predicates that hold and are not under a negation. from is where the
// rule's fields begin.
func (m *Matcher) collect(n *groupNode, from int) {
	if n.kind == exprNot {
		return
	}
	for i := range n.kids {
		if m.eval(&n.kids[i]) {
			m.collect(&n.kids[i], from)
		}
	}
	if n.kind != exprPred {
		return
	}
	p := &m.s.g.preds[n.pred]
	switch p.kind {
	case predNull:
		return
	case predExists:
		m.addPresent(p, from)
		return
	}
	at := m.load(p.slot).from
	if m.load(p.slot).to > at+1 {
		at = m.compute(p)
	}
	t := &m.text[at]
	m.addMatched(m.ev.Native[t.field].Name, t.raw, from)
}

// addPresent appends the field of a predicate on presence.
func (m *Matcher) addPresent(p *groupPred, from int) {
	if at := m.find(m.s.g.slots[p.slot].names); at >= 0 {
		texts := flatten(nil, m.ev.Native[at].Value)
		m.addMatched(m.ev.Native[at].Name, strings.Join(texts, ", "), from)
	}
}

// addMatched appends a field once.
func (m *Matcher) addMatched(name, value string, from int) {
	for _, f := range m.matched[from:] {
		if f.Field == name && f.Value == value {
			return
		}
	}
	m.matched = append(m.matched, MatchedField{name, value})
}
