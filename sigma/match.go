package sigma

import (
	"slices"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/textmatch"
)

// maxEpoch is when the per-event marks are cleared: two bits of a mark are
// state.
const maxEpoch = 1<<30 - 1

// Matcher finds the rules that hold for events, one event at a time. It keeps
// scratch memory and must not be used by two goroutines at once.
type Matcher struct {
	plan   *Plan
	epoch  uint32
	routes map[routeKey]*scratch
	groups map[*group]*scratch

	places  []namePlace // by name id
	placed  uint32      // epoch in which they were written
	layouts []layout
	views   []view
	serial  uint64 // of the last layout
	layoutMemory
	seenRoutes [][seenValues]seenValue
	memo       valueMemo
	found      []int32

	regexes  []*textmatch.LazyDFA // by atom.regex
	automata int                  // their size

	ev     *event.Event
	s      *scratch // of the event's group
	view   *view
	fields []fieldState
	text   []textState
	whole  textRange // the texts of the whole event
	buf    []byte    // folded texts

	matches []Match
	matched []MatchedField

	values map[valueKey][]string // native names, see Values
}

// scratch is the state of one group for the current event.
type scratch struct {
	g         *group
	serial    uint64
	memo      []uint32 // by predicate: epoch<<2 | truth
	seen      []uint32 // by rule: epoch in which it became a candidate
	stats     []memoStats
	candidate []int32
}

// The states of a predicate in the current event.
const (
	truthFalse uint32 = 1
	truthTrue  uint32 = 2
	truthMaybe uint32 = 3 // its literal occurs, to be verified
)

// textRange is some texts of the current event.
type textRange struct{ from, to int32 }

// fieldState is the texts of a native field, once they are loaded.
type fieldState struct {
	epoch uint32
	textRange
}

// textState is one text of a field, folded when first needed.
type textState struct {
	raw    string
	folded []byte
	field  int32 // place in the event's fields
	state  textKnown
}

// textKnown is what is known of a text.
type textKnown uint8

const (
	textASCII  textKnown = 1 << iota // it is ASCII
	textMixed                        // it is not
	textFolded                       // folded is set
)

// Matcher returns a new matcher over the plan.
func (p *Plan) Matcher() *Matcher {
	m := &Matcher{
		plan: p, memo: newValueMemo(), layouts: make([]layout, 1<<layoutBits),
		views: make([]view, 1<<viewBits), places: make([]namePlace, len(p.names)), regexes: make([]*textmatch.LazyDFA, p.regexes),
		seenRoutes: make([][seenValues]seenValue, len(p.router.fields)),
	}
	m.reset()
	return m
}

// reset forgets all marks.
func (m *Matcher) reset() {
	m.epoch = 0
	m.routes = map[routeKey]*scratch{}
	m.groups = map[*group]*scratch{}
	m.placed = 0
	clear(m.places)
	clear(m.fields)
	clear(m.views)
	m.memo = newValueMemo()
}

// newScratch makes the state of a group. Its serial tells the matcher's groups
// apart.
func newScratch(g *group, serial uint64) *scratch {
	s := &scratch{
		g: g, serial: serial, memo: make([]uint32, len(g.preds)), seen: make([]uint32, len(g.rules)),
		stats: make([]memoStats, len(g.slots)),
	}
	for i := range s.stats {
		s.stats[i].id = uint32(serial)<<16 ^ uint32(i)
	}
	return s
}

// Match returns the rules that hold for the event, in rule order. The result is
// valid until the next call.
func (m *Matcher) Match(ev *event.Event) []Match {
	if m.epoch++; m.epoch >= maxEpoch {
		m.reset()
		m.epoch = 1
	}
	m.ev, m.text, m.buf, m.whole = ev, m.text[:0], m.buf[:0], textRange{-1, -1}
	m.matches, m.matched = m.matches[:0], m.matched[:0]
	if n := len(ev.Native); n > len(m.fields) {
		m.fields = make([]fieldState, n+n/2)
	}
	l := m.layoutOf(ev.Native)
	m.s = m.route(l)
	m.buf = m.buf[:0]
	m.view = m.viewOf(l, m.s)
	m.s.candidate = append(m.s.candidate[:0], m.s.g.always...)
	m.scan()
	m.evaluate()
	return m.matches
}

// scan runs the indexes over the event's texts.
func (m *Matcher) scan() {
	if m.s.g.keywords {
		m.scanWhole()
	}
	for _, v := range m.view.scan {
		index := m.s.g.slots[v.slot].index
		stats := &m.s.stats[v.slot]
		t := m.load(v.at)
		for i := t.from; i < t.to; i++ {
			m.lookUp(index, stats, i)
		}
	}
}

// scanWhole runs the index of the keywords over every text. Most of them are
// found nothing in, so they are not worth remembering.
func (m *Matcher) scanWhole() {
	all := m.wholeEvent()
	for _, slot := range m.s.g.scan {
		if s := &m.s.g.slots[slot]; s.keywords {
			for i := all.from; i < all.to; i++ {
				m.found = s.index.find(m.found[:0], m, i)
				m.mark(m.found)
			}
		}
	}
}

// lookUp marks what the index finds in a text, from memory where the text is
// known.
func (m *Matcher) lookUp(index *slotIndex, stats *memoStats, i int32) {
	text := m.text[i].raw
	if len(text) > memoLongest || !stats.pays() {
		m.found = index.find(m.found[:0], m, i)
		m.mark(m.found)
		return
	}
	e, found, ok := m.memo.get(stats.id, text)
	if ok {
		stats.known++
		m.mark(found)
		return
	}
	m.found = index.find(m.found[:0], m, i)
	m.memo.put(e, text, m.found)
	m.mark(m.found)
}

// mark notes that the index found predicates.
func (m *Matcher) mark(found []int32) {
	s := m.s
	for _, id := range found {
		if s.memo[id]>>2 == m.epoch {
			continue
		}
		p := &s.g.preds[id]
		state := truthMaybe
		if p.exact {
			state = truthTrue
		}
		s.memo[id] = m.epoch<<2 | state
		for _, r := range s.g.triggers[p.from:p.to] {
			if s.seen[r] != m.epoch {
				s.seen[r] = m.epoch
				s.candidate = append(s.candidate, r)
			}
		}
	}
}

// evaluate decides the candidates.
func (m *Matcher) evaluate() {
	held := m.s.candidate[:0]
	for _, c := range m.s.candidate {
		if m.run(&m.s.g.rules[c]) {
			held = append(held, c)
		}
	}
	slices.Sort(held)
	for _, c := range held {
		r := &m.s.g.rules[c]
		from := len(m.matched)
		m.collect(r, &r.code.root, from)
		m.matches = append(m.matches, Match{
			Rule: m.plan.rules[r.rule], Fields: m.matched[from:len(m.matched):len(m.matched)],
		})
	}
}

// load returns the texts of a native field, loaded once per event.
func (m *Matcher) load(at int32) textRange {
	f := &m.fields[at]
	if f.epoch != m.epoch {
		f.epoch = m.epoch
		f.from = int32(len(m.text))
		m.addTexts(&m.ev.Native[at].Value, at, 0)
		f.to = int32(len(m.text))
	}
	return f.textRange
}

// wholeEvent returns the texts of all fields.
func (m *Matcher) wholeEvent() textRange {
	if m.whole.from >= 0 {
		return m.whole
	}
	m.whole.from = int32(len(m.text))
	for i := range m.ev.Native {
		from := int32(len(m.text))
		m.addTexts(&m.ev.Native[i].Value, int32(i), 0)
		if f := &m.fields[i]; f.epoch != m.epoch {
			*f = fieldState{m.epoch, textRange{from, int32(len(m.text))}}
		}
	}
	m.whole.to = int32(len(m.text))
	return m.whole
}

// addTexts appends the texts of a value: none for null, all of a list's.
func (m *Matcher) addTexts(v *event.Value, field int32, depth int) {
	switch {
	case v.Kind == event.Null:
	case v.Kind != event.List:
		m.text = append(m.text, textState{raw: v.Text, field: field})
	case depth < maxListDepth:
		for i := range v.Items {
			m.addTexts(&v.Items[i], field, depth+1)
		}
	}
}

// fold returns the case-folded text, valid until the next event.
func (m *Matcher) fold(i int32) []byte {
	t := &m.text[i]
	if t.state&textFolded == 0 {
		start := len(m.buf)
		m.buf = textmatch.AppendFold(m.buf, t.raw)
		t.folded = m.buf[start:len(m.buf):len(m.buf)]
		t.state |= textFolded
	}
	return t.folded
}

// searchable returns the text as literals are looked for in it: as it is when
// it is ASCII, else folded.
func (m *Matcher) searchable(i int32) string {
	t := &m.text[i]
	if t.state&(textASCII|textMixed) == 0 {
		t.state |= textMixed
		if textmatch.IsASCII(t.raw) {
			t.state ^= textMixed | textASCII
		}
	}
	if t.state&textASCII != 0 {
		return t.raw
	}
	return viewText(m.fold(i))
}
