package sigma

import (
	"encoding/binary"
	"slices"
)

// Rules returns how many rules there are for events of the kind.
func (s *Sieve) Rules() int { return len(s.g.rules) }

// Blind reports whether May is true for every event of the kind, because a rule
// asks for nothing that is known.
func (s *Sieve) Blind() bool { return s.blind }

// Uses reports whether any rule asks for a field, by its place in those that
// the sieve was made with.
func (s *Sieve) Uses(field int) bool { return s.columns[field].used }

// Answer returns a number for what the rules find in a text of a field; texts
// that are alike to them have the same number. list says that the text may be
// the members of a list with commas between them. Numbers are valid until
// Forget.
func (s *Sieve) Answer(field int, text string, list bool) int32 {
	c, m := &s.columns[field], s.m
	m.text, m.buf = append(m.text[:0], textState{raw: text}), m.buf[:0]
	index := c.index
	if list {
		index = c.anywhere
	}
	s.found = index.find(s.found[:0], m, 0)
	if !list {
		s.found = slices.DeleteFunc(s.found, func(id int32) bool {
			p := &s.g.preds[id]
			return !p.exact && !m.holds(p, 0)
		})
	}
	for _, id := range c.rest {
		if list || m.holds(&s.g.preds[id], 0) {
			s.found = append(s.found, id)
		}
	}
	slices.Sort(s.found)
	return s.intern(slices.Compact(s.found), list)
}

// intern numbers an answer.
func (s *Sieve) intern(found []int32, list bool) int32 {
	s.key = append(s.key[:0], 0)
	if list {
		s.key[0] = 1
	}
	for _, id := range found {
		s.key = binary.LittleEndian.AppendUint32(s.key, uint32(id))
	}
	id, ok := s.ids[string(s.key)]
	if !ok {
		id = int32(len(s.answers))
		s.ids[string(s.key)] = id
		s.answers = append(s.answers, slices.Clone(found))
		s.loose = append(s.loose, list)
	}
	return id
}

// Forget frees what is remembered when that has become much, and reports
// whether it did: all answers have to be asked for again then.
func (s *Sieve) Forget() bool {
	if len(s.answers) < maxAnswers {
		return false
	}
	s.answers, s.loose = s.answers[:1], s.loose[:1]
	clear(s.ids)
	clear(s.tuples)
	return true
}

// May reports whether any rule may hold for an event with these answers, one a
// field.
func (s *Sieve) May(answers []int32) bool {
	if s.blind || len(s.g.rules) == 0 {
		return s.blind
	}
	s.key = s.key[:0]
	for _, a := range answers {
		s.key = binary.LittleEndian.AppendUint32(s.key, uint32(a))
	}
	may, ok := s.tuples[string(s.key)]
	if !ok {
		if len(s.tuples) >= maxTuples {
			clear(s.tuples)
		}
		may = s.decide(answers)
		s.tuples[string(s.key)] = may
	}
	return may
}

// decide looks at the rules that have a trigger in the answers, or might have.
func (s *Sieve) decide(answers []int32) bool {
	if s.epoch++; s.epoch == 0 {
		clear(s.held)
		clear(s.seen)
		s.epoch = 1
	}
	s.now = answers
	for _, a := range answers {
		for _, id := range s.answers[a] {
			s.held[id] = s.epoch
		}
	}
	if s.any(s.rules) {
		return true
	}
	for at, a := range answers {
		c := &s.columns[at]
		if a == Unknown && s.any(c.rules) {
			return true
		}
		for _, id := range s.answers[a] {
			if s.any(c.triggers[id]) {
				return true
			}
		}
	}
	return false
}

// any reports whether one of the rules may hold.
func (s *Sieve) any(rules []int32) bool {
	for _, rule := range rules {
		if s.seen[rule] == s.epoch {
			continue
		}
		s.seen[rule] = s.epoch
		r := &s.g.rules[rule]
		if r.code.start == notCompiled {
			return true
		}
		if may, _ := s.eval(r, &r.code.root); may {
			return true
		}
	}
	return false
}

// eval reports whether a part of a condition may hold, and whether it must.
func (s *Sieve) eval(r *groupRule, n *node) (may, must bool) {
	switch n.kind {
	case exprAnd:
		must = true
		for i := range n.kids {
			m, sure := s.eval(r, &n.kids[i])
			if !m {
				return false, false
			}
			must = must && sure
		}
		return true, must
	case exprOr:
		for i := range n.kids {
			m, sure := s.eval(r, &n.kids[i])
			if sure {
				return true, true
			}
			may = may || m
		}
		return may, false
	case exprNot:
		may, must = s.eval(r, &n.kids[0])
		return !must, !may
	}
	return s.leaf(r.preds[n.leaf])
}

// leaf is eval of one test.
func (s *Sieve) leaf(id int32) (may, must bool) {
	at := s.column[id]
	if at < 0 || s.now[at] == Unknown {
		return true, false
	}
	switch s.g.preds[id].kind {
	case predNull:
		return false, false
	case predExists:
		return true, true
	}
	holds := s.held[id] == s.epoch
	return holds, holds && !s.loose[s.now[at]]
}

// Open returns the rules that no event of the kind can be skipped for on account
// of a single field that is known.
func (s *Sieve) Open() []*Rule {
	var out []*Rule
	for _, rule := range s.rules {
		out = append(out, s.m.plan.rules[s.g.rules[rule].rule])
	}
	return out
}
