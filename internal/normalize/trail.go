package normalize

import "strings"

// trail follows a JSON record along the names that records before it had, in
// their order. Records of one kind have the same names in the same order, so
// that a name is mostly compared with the one that is expected instead of read,
// its path is joined once, and what follows from all names together (see
// layout) is worked out once.
//
// A trail without a lexicon follows nothing.
type trail struct {
	lexicon *lexicon
	at      *step // nil once the trail is lost
	uneven  bool  // the fields do not follow from the names alone
}

// step is a name that was seen after the names before it.
type step struct {
	quoted string // as the record has it, with its quotes
	prefix string // path of the object around it
	path   string
	depth  int

	next  *step // last taken
	first *step // of all that were seen
	other *step // next of those that follow the same step
	count int

	layout *layout // where the record ended here
}

// lexicon is the names that one reader has seen.
type lexicon struct {
	root  step
	steps int
	read  int // names read since it was emptied
	idle  int // records to read without it

	kinds [keptKinds]kind // of records that are not JSON
}

// Bounds on a lexicon: an attacker chooses names. When they are reached it is
// emptied; when it held hardly more than names that came once, it rests.
const (
	maxSteps       = 16 << 10
	maxFollowing   = 64
	maxLexiconName = 256
	lexiconRest    = 1024
)

// start begins a record.
func (t *trail) start() {
	t.at, t.uneven = nil, false
	x := t.lexicon
	if x == nil {
		return
	}
	if x.idle > 0 {
		x.idle--
		return
	}
	if x.steps >= maxSteps {
		if x.read < 4*maxSteps {
			x.idle = lexiconRest
		}
		x.root, x.steps, x.read = step{}, 0, 0
	}
	t.at = &x.root
}

// member begins an object in a list: each goes on from the list's name.
func (t *trail) member(list *step) {
	t.uneven = true
	if t.at != nil {
		t.at = list
	}
}

// end returns the last step of a record whose fields follow from its names.
func (t *trail) end() *step {
	if t.uneven {
		return nil
	}
	return t.at
}

// expected returns the step that was taken last from here.
func (t *trail) expected(depth int, prefix string) *step {
	if t.at == nil {
		return nil
	}
	t.lexicon.read++
	if next := t.at.next; next != nil && next.depth == depth && next.prefix == prefix {
		return next
	}
	return nil
}

// follow takes the step with a name, made when it is new; nil where the trail
// is lost.
func (t *trail) follow(depth int, prefix, quoted, name string) *step {
	from := t.at
	if from == nil {
		return nil
	}
	for s := from.first; s != nil; s = s.other {
		if s.quoted == quoted && s.depth == depth && s.prefix == prefix {
			from.next, t.at = s, s
			return s
		}
	}
	if from.count >= maxFollowing || t.lexicon.steps >= maxSteps || len(prefix)+len(name) > maxLexiconName {
		t.at = nil
		return nil
	}
	t.lexicon.steps++
	s := &step{quoted: strings.Clone(quoted), prefix: strings.Clone(prefix), depth: depth, other: from.first}
	s.path = strings.Clone(name)
	if depth > 1 {
		s.path = prefix + "." + name
	}
	from.first, from.next, t.at = s, s, s
	from.count++
	return s
}
