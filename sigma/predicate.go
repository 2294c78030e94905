package sigma

import (
	"net/netip"
	"regexp"
	"strconv"
)

// predKind is what a predicate asks of a field.
type predKind uint8

const (
	predString     predKind = iota // text matches pattern
	predNull                       // missing or null
	predExists                     // present
	predRegex                      // text contains a match
	predCIDR                       // text is an address within the prefix
	predNumber                     // text is a number that compares so
	predTime                       // part of a date compares so
	predField                      // text relates so to another field's text
	predUnresolved                 // unknown while a rule is loaded; no Rule has one
)

// compareOp is a numeric comparison.
type compareOp uint8

const (
	opEq compareOp = iota
	opLt
	opLte
	opGt
	opGte
)

// relation is how fieldref relates two texts.
type relation uint8

const (
	relEqual relation = iota
	relStarts
	relEnds
	relContains
)

// timePart is the part of a date that a time modifier extracts.
type timePart uint8

const (
	partMinute timePart = iota
	partHour
	partDay
	partWeek
	partMonth
	partYear
)

// predicate is one test of one field. An empty field means every value of the
// event (keywords).
type predicate struct {
	field string
	kind  predKind
	cased bool // predString, predField

	pat      pattern        // predString: as written
	folded   pattern        // predString: case-folded unless cased
	re       *regexp.Regexp // predRegex
	prefix   netip.Prefix   // predCIDR
	op       compareOp      // predNumber, predTime
	operand  number         // predNumber, predTime
	part     timePart       // predTime
	other    string         // predField
	relation relation       // predField
	late     *late          // predUnresolved
}

// key identifies the test apart from the field: equal keys, equal answers.
func (p *predicate) key() string {
	head := string(rune('a'+p.kind)) + strconv.FormatBool(p.cased) + ":"
	switch p.kind {
	case predString:
		return head + p.folded.String()
	case predRegex:
		return head + p.re.String()
	case predCIDR:
		return head + p.prefix.String()
	case predNumber, predTime:
		return head + strconv.Itoa(int(p.op)) + ":" + strconv.Itoa(int(p.part)) + ":" + p.operand.text
	case predField:
		return head + strconv.Itoa(int(p.relation)) + ":" + p.other
	}
	return head
}

// exprKind is the connective of an expression.
type exprKind uint8

const (
	exprPred exprKind = iota
	exprAnd
	exprOr
	exprNot
)

// expr is a rule's detection as a tree (a graph where the condition names a
// selection twice). And holds for no children, or does not.
type expr struct {
	kind exprKind
	pred *predicate
	kids []*expr

	label string // of a search identifier: its name and line in the rule
	line  int
	item  *item // set where a detection item begins
}

// all returns the conjunction of kids.
func all(kids []*expr) *expr {
	if len(kids) == 1 {
		return kids[0]
	}
	return &expr{kind: exprAnd, kids: kids}
}

// anyOf returns the disjunction of kids.
func anyOf(kids []*expr) *expr {
	if len(kids) == 1 {
		return kids[0]
	}
	return &expr{kind: exprOr, kids: kids}
}

// not returns the negation of e.
func not(e *expr) *expr { return &expr{kind: exprNot, kids: []*expr{e}} }
