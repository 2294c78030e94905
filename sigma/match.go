package sigma

import (
	"regexp"
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/textmatch"
)

// maxEpoch is when the per-event marks are cleared: two bits of a mark are
// state.
const maxEpoch = 1<<30 - 1

// maxRouteFields bounds the fields that a mapping routes by.
const maxRouteFields = 16

// routeKey is the numbers of an event's routing values.
type routeKey [maxRouteFields]uint16

// Matcher finds the rules that hold for events, one event at a time. It keeps
// scratch memory and must not be used by two goroutines at once.
type Matcher struct {
	plan   *Plan
	epoch  uint32
	fields []fieldMark // by name id
	routes map[routeKey]*scratch
	groups map[*group]*scratch
	hit    func(id int32)

	regexes map[*regexp.Regexp]*textmatch.LazyDFA

	ev   *event.Event
	s    *scratch // of the event's group
	text []textState
	buf  []byte // folded texts

	matches []Match
	matched []MatchedField
}

// fieldMark says at which place of the event a name was seen.
type fieldMark struct {
	epoch uint32
	at    int32
}

// scratch is the state of one group for the current event.
type scratch struct {
	g         *group
	memo      []uint32 // by predicate: epoch<<2 | truth
	slots     []slotState
	seen      []uint32 // by rule: epoch in which it became a candidate
	candidate []int32
}

// The states of a predicate in the current event.
const (
	truthFalse uint32 = 1
	truthTrue  uint32 = 2
	truthMaybe uint32 = 3 // its literal occurs, to be verified
)

// slotState is a field of the current event: text[from:to] are its values.
type slotState struct {
	epoch         uint32
	present, null bool
	from, to      int32
}

// textState is one text of a field, folded when first needed.
type textState struct {
	raw    string
	field  int32 // place in the event's fields
	folded []byte
	done   bool
}

// Matcher returns a new matcher over the plan.
func (p *Plan) Matcher() *Matcher {
	m := &Matcher{plan: p, regexes: map[*regexp.Regexp]*textmatch.LazyDFA{}}
	m.reset()
	m.hit = m.mark
	return m
}

// reset forgets all marks.
func (m *Matcher) reset() {
	m.epoch = 0
	m.fields = make([]fieldMark, len(m.plan.names))
	m.routes = map[routeKey]*scratch{}
	m.groups = map[*group]*scratch{}
}

// Match returns the rules that hold for the event, in rule order. The result is
// valid until the next call.
func (m *Matcher) Match(ev *event.Event) []Match {
	if m.epoch++; m.epoch >= maxEpoch {
		m.reset()
		m.epoch = 1
	}
	m.ev, m.text, m.buf = ev, m.text[:0], m.buf[:0]
	m.matches, m.matched = m.matches[:0], m.matched[:0]
	for i := range ev.Native {
		if id, ok := m.name(ev.Native[i].Name); ok && m.fields[id].epoch != m.epoch {
			m.fields[id] = fieldMark{m.epoch, int32(i)}
		}
	}
	m.s = m.route()
	m.s.candidate = append(m.s.candidate[:0], m.s.g.always...)
	for _, slot := range m.s.g.scan {
		m.scan(slot)
	}
	m.evaluate()
	return m.matches
}

// name returns the number of a native name. Spaces in it do not count, since
// rules are written without.
func (m *Matcher) name(name string) (int32, bool) {
	if strings.IndexByte(name, ' ') < 0 {
		id, ok := m.plan.names[name]
		return id, ok
	}
	m.buf = m.buf[:0]
	for i := 0; i < len(name); i++ {
		if name[i] != ' ' {
			m.buf = append(m.buf, name[i])
		}
	}
	id, ok := m.plan.names[string(m.buf)]
	return id, ok
}

// evaluate decides the candidates.
func (m *Matcher) evaluate() {
	slices.Sort(m.s.candidate)
	for _, c := range m.s.candidate {
		r := &m.s.g.rules[c]
		if !m.eval(&r.root) {
			continue
		}
		from := len(m.matched)
		m.collect(&r.root, from)
		m.matches = append(m.matches, Match{
			Rule: m.plan.rules[r.rule], Fields: m.matched[from:len(m.matched):len(m.matched)],
		})
	}
}

// route finds the group of the event.
func (m *Matcher) route() *scratch {
	key, ok := m.routeKey()
	if ok {
		if s := m.routes[key]; s != nil {
			return s
		}
	}
	g := m.plan.group(m.plan.ls.route(m.ev))
	s := m.groups[g]
	if s == nil {
		s = &scratch{
			g: g, memo: make([]uint32, len(g.preds)), slots: make([]slotState, len(g.slots)),
			seen: make([]uint32, len(g.rules)),
		}
		m.groups[g] = s
	}
	if ok {
		m.routes[key] = s
	}
	return s
}

// routeKey numbers the routing values of the event: 0 absent, 1 a value that no
// clause names. It fails on lists and where the mapping has too many fields.
func (m *Matcher) routeKey() (key routeKey, ok bool) {
	fields := m.plan.router.fields
	if len(fields) > maxRouteFields {
		return key, false
	}
	for i := range fields {
		f := &fields[i]
		text := ""
		if f.own != "" {
			text = f.ownText(m.ev)
		} else {
			at := m.find(f.names)
			if at < 0 {
				continue
			}
			v := &m.ev.Native[at].Value
			if v.Kind == event.List || v.Kind == event.Null {
				return key, false
			}
			text = v.Text
		}
		key[i] = 1
		m.buf = textmatch.AppendFold(m.buf[:0], text)
		if id, known := f.values[string(trimSpace(m.buf))]; known {
			key[i] = id
		}
	}
	m.buf = m.buf[:0]
	return key, true
}

// find returns the place of the first of names that the event has, -1 for none.
func (m *Matcher) find(names []int32) int32 {
	for _, n := range names {
		if m.fields[n].epoch == m.epoch {
			return m.fields[n].at
		}
	}
	return -1
}

// scan runs the slot's index over its texts.
func (m *Matcher) scan(id int32) {
	st := m.load(id)
	index := m.s.g.slots[id].index
	for i := st.from; i < st.to; i++ {
		index.find(m.fold(i), m.hit)
	}
}

// mark notes that the index found a predicate.
func (m *Matcher) mark(id int32) {
	if m.s.memo[id]>>2 == m.epoch {
		return
	}
	p := &m.s.g.preds[id]
	state := truthMaybe
	if p.exact {
		state = truthTrue
	}
	m.s.memo[id] = m.epoch<<2 | state
	for _, r := range p.triggers {
		if m.s.seen[r] != m.epoch {
			m.s.seen[r] = m.epoch
			m.s.candidate = append(m.s.candidate, r)
		}
	}
}

// load finds the slot's texts, once per event.
func (m *Matcher) load(id int32) slotState {
	st := &m.s.slots[id]
	if st.epoch == m.epoch {
		return *st
	}
	*st = slotState{epoch: m.epoch, from: int32(len(m.text))}
	sl := &m.s.g.slots[id]
	if sl.keywords {
		st.present = true
		for i := range m.ev.Native {
			m.addTexts(m.ev.Native[i].Value, int32(i), 0)
		}
	} else if at := m.find(sl.names); at >= 0 {
		st.present = true
		st.null = isNull(m.ev.Native[at].Value)
		m.addTexts(m.ev.Native[at].Value, at, 0)
	} else {
		st.null = true
	}
	st.to = int32(len(m.text))
	return *st
}

// addTexts appends the texts of a value: none for null, all of a list's.
func (m *Matcher) addTexts(v event.Value, field int32, depth int) {
	switch {
	case v.Kind == event.Null:
	case v.Kind != event.List:
		m.text = append(m.text, textState{raw: v.Text, field: field})
	case depth < maxListDepth:
		for _, item := range v.Items {
			m.addTexts(item, field, depth+1)
		}
	}
}

// fold returns the case-folded text, valid until the next event.
func (m *Matcher) fold(i int32) []byte {
	t := &m.text[i]
	if !t.done {
		start := len(m.buf)
		m.buf = textmatch.AppendFold(m.buf, t.raw)
		t.folded = m.buf[start:len(m.buf):len(m.buf)]
		t.done = true
	}
	return t.folded
}

// trimSpace trims as clauses do.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	for n := len(b); n > 0; n-- {
		if c := b[n-1]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			break
		}
		b = b[:n-1]
	}
	return b
}
