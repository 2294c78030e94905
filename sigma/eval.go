package sigma

import (
	"strings"
	"unsafe"

	"github.com/evident-sec/evident/internal/textmatch"
)

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

// texts returns the texts of a slot.
func (m *Matcher) texts(slot int32) textRange {
	if m.s.g.slots[slot].keywords {
		return m.wholeEvent()
	}
	if at := m.view.slots[slot]; at >= 0 {
		return m.load(at)
	}
	return textRange{}
}

// present reports whether the event has the slot's field.
func (m *Matcher) present(slot int32) bool {
	return m.s.g.slots[slot].keywords || m.view.slots[slot] >= 0
}

// null reports whether the field is missing or null.
func (m *Matcher) null(slot int32) bool {
	if m.s.g.slots[slot].keywords {
		return false
	}
	at := m.view.slots[slot]
	return at < 0 || isNull(m.ev.Native[at].Value)
}

// compute returns the first text of the slot that the predicate holds for, -1
// for none. Predicates on presence hold for text 0.
func (m *Matcher) compute(p *groupPred) int32 {
	switch p.kind {
	case predNull:
		return found(m.null(p.slot))
	case predExists:
		return found(m.present(p.slot))
	case predField:
		return m.computeField(p)
	}
	t := m.texts(p.slot)
	for i := t.from; i < t.to; i++ {
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
func (m *Matcher) computeField(p *groupPred) int32 {
	t, other := m.texts(p.slot), m.texts(p.other)
	for i := t.from; i < t.to; i++ {
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
	a, b := m.text[i].raw, m.text[o].raw
	if !p.cased {
		a, b = viewText(m.fold(i)), viewText(m.fold(o))
	}
	switch p.relation {
	case relStarts:
		return strings.HasPrefix(a, b)
	case relEnds:
		return strings.HasSuffix(a, b)
	case relContains:
		return strings.Contains(a, b)
	}
	return a == b
}

// holds tests one text.
func (m *Matcher) holds(p *groupPred, i int32) bool {
	switch p.kind {
	case predString:
		if p.cased {
			return p.matchText(textmatch.ValidText(m.text[i].raw))
		}
		return p.matchText(viewText(m.fold(i)))
	case predRegex:
		return m.matchRegex(p, m.text[i].raw)
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

// maxAutomata bounds what a matcher's automata of regular expressions keep
// together, as LazyDFA.Size counts; some bytes each.
const maxAutomata = 8 << 20

// matchRegex runs this matcher's automaton of a regular expression. When all of
// them have grown too large, they start anew.
func (m *Matcher) matchRegex(p *groupPred, text string) bool {
	d := m.regexes[p.regex]
	if d == nil {
		d = textmatch.NewLazyDFA(p.re)
		m.regexes[p.regex] = d
	}
	before := d.Size()
	holds := d.Match(text)
	if m.automata += d.Size() - before; m.automata > maxAutomata {
		clear(m.regexes)
		m.automata = 0
	}
	return holds
}

// matchText tests a text, folded unless the predicate is cased.
func (a *atom) matchText(text string) bool {
	switch a.shape {
	case shapeEqual:
		return text == a.literal
	case shapePrefix:
		return strings.HasPrefix(text, a.literal)
	case shapeSuffix:
		return strings.HasSuffix(text, a.literal)
	case shapeAnywhere:
		return strings.Contains(text, a.literal)
	}
	return a.folded.match(viewBytes(text))
}

// viewText returns the bytes as a text without copying. The bytes are not
// written while the text is in use.
func viewText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// viewBytes returns the text as bytes that are only read.
func viewBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// collect appends the fields whose values made the condition true: those of
// the predicates that hold and are not under a negation. from is where the
// rule's fields begin.
func (m *Matcher) collect(r *groupRule, n *node, from int) {
	if n.kind == exprNot {
		return
	}
	for i := range n.kids {
		if m.eval(r, &n.kids[i]) {
			m.collect(r, &n.kids[i], from)
		}
	}
	if n.kind != exprPred {
		return
	}
	p := &m.s.g.preds[r.preds[n.leaf]]
	switch p.kind {
	case predNull:
		return
	case predExists:
		m.addPresent(p, from)
		return
	}
	t := m.texts(p.slot)
	at := t.from
	if t.to > at+1 {
		at = m.compute(p)
	}
	text := &m.text[at]
	m.addMatched(m.ev.Native[text.field].Name, text.raw, from)
}

// addPresent appends the field of a predicate on presence.
func (m *Matcher) addPresent(p *groupPred, from int) {
	if at := m.view.slots[p.slot]; at >= 0 {
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
