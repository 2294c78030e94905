package search

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

// Query is a parsed query. It is immutable and may be shared. The zero value
// and nil match every event.
type Query struct {
	root node
}

// node is a part of a query. Parts may be shared between queries.
type node interface {
	// match is the reference meaning: whether the event is an answer.
	match(ev *event.Event) bool
	// sql returns the same as an SQL condition that is never NULL.
	sql(b *builder) string
	// write appends the canonical text; inside says what surrounds it.
	write(w *strings.Builder, inside precedence)
}

// precedence orders the operators from the loosest.
type precedence uint8

const (
	looseOr precedence = iota
	looseAnd
	tight
)

type (
	and  []node
	or   []node
	not  struct{ node }
	all  struct{}
	term struct {
		field *field // nil: free text
		value value
		predicate
	}
)

// predicate is what a term asks of an event.
type predicate interface {
	match(ev *event.Event) bool
	sql(b *builder) string
}

// Match reports whether the event is an answer to the query. It is the
// reference that the SQL form is tested against.
func (q *Query) Match(ev *event.Event) bool { return q.tree().match(ev) }

// String returns the canonical text of the query; parsing it gives the same
// query again. It is "*" for a query that matches everything.
func (q *Query) String() string {
	var w strings.Builder
	q.tree().write(&w, looseOr)
	return w.String()
}

func (q *Query) tree() node {
	if q == nil || q.root == nil {
		return all{}
	}
	return q.root
}

func (all) match(*event.Event) bool                   { return true }
func (all) sql(*builder) string                       { return "true" }
func (all) write(w *strings.Builder, _ precedence)    { w.WriteString("*") }
func (n not) match(ev *event.Event) bool              { return !n.node.match(ev) }
func (n not) sql(b *builder) string                   { return "NOT (" + n.node.sql(b) + ")" }
func (t term) write(w *strings.Builder, _ precedence) { t.value.write(w, t.field) }

func (n not) write(w *strings.Builder, _ precedence) {
	w.WriteString("NOT ")
	n.node.write(w, tight)
}

func (n and) match(ev *event.Event) bool {
	for _, kid := range n {
		if !kid.match(ev) {
			return false
		}
	}
	return true
}

func (n or) match(ev *event.Event) bool {
	for _, kid := range n {
		if kid.match(ev) {
			return true
		}
	}
	return false
}

func (n and) sql(b *builder) string { return joinSQL(n, " AND ", b) }
func (n or) sql(b *builder) string  { return joinSQL(n, " OR ", b) }

func joinSQL(kids []node, with string, b *builder) string {
	parts := make([]string, len(kids))
	for i, kid := range kids {
		parts[i] = "(" + kid.sql(b) + ")"
	}
	return strings.Join(parts, with)
}

func (n and) write(w *strings.Builder, inside precedence) {
	writeList(w, n, " AND ", looseAnd, inside > looseAnd)
}

func (n or) write(w *strings.Builder, inside precedence) {
	writeList(w, n, " OR ", looseOr, inside > looseOr)
}

func writeList(w *strings.Builder, kids []node, with string, own precedence, parens bool) {
	if parens {
		w.WriteByte('(')
	}
	for i, kid := range kids {
		if i > 0 {
			w.WriteString(with)
		}
		kid.write(w, own+1)
	}
	if parens {
		w.WriteByte(')')
	}
}

// both, either and negate build the tree without needless levels.
func both(a, b node) node {
	if list, ok := a.(and); ok {
		return append(list[:len(list):len(list)], b)
	}
	return and{a, b}
}

func either(a, b node) node {
	if list, ok := a.(or); ok {
		return append(list[:len(list):len(list)], b)
	}
	return or{a, b}
}

func negate(n node) node {
	if inner, ok := n.(not); ok {
		return inner.node
	}
	return not{n}
}
