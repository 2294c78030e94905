package sigma

// step is one test of a condition: where to go on when the leaf holds and when
// it does not. The whole of and, or and not is in the jumps.
type step struct {
	leaf    int32
	yes, no int32 // steps, or one of the ends
}

// The ends of a condition.
const (
	endTrue  int32 = -1
	endFalse int32 = -2
)

// maxProgram bounds a condition's steps: one that names large selections many
// times is evaluated as a tree instead.
const maxProgram = 1 << 14

// notCompiled is the start of a condition without steps.
const notCompiled int32 = -3

// compile writes the steps of the condition, from its end to its beginning, so
// that every jump goes to a step that is there.
func (c *ruleCode) compile() {
	c.start = c.emit(&c.root, endTrue, endFalse)
	if len(c.steps) > maxProgram {
		c.steps, c.start = nil, notCompiled
	}
}

// emit writes a node that goes on at yes or no, and returns where it begins.
func (c *ruleCode) emit(n *node, yes, no int32) int32 {
	if len(c.steps) > maxProgram {
		return no
	}
	next := yes
	switch n.kind {
	case exprNot:
		return c.emit(&n.kids[0], no, yes)
	case exprAnd:
		for i := len(n.kids) - 1; i >= 0; i-- {
			next = c.emit(&n.kids[i], next, no)
		}
		return next
	case exprOr:
		next = no
		for i := len(n.kids) - 1; i >= 0; i-- {
			next = c.emit(&n.kids[i], yes, next)
		}
		return next
	}
	c.steps = append(c.steps, step{n.leaf, yes, no})
	return int32(len(c.steps) - 1)
}

// run decides the condition of a rule in the current event, looking at no more
// leaves than it needs.
func (m *Matcher) run(r *groupRule) bool {
	c := r.code
	if c.start == notCompiled {
		return m.eval(r, &c.root)
	}
	at := c.start
	for at >= 0 {
		s := &c.steps[at]
		if m.truth(r.preds[s.leaf]) {
			at = s.yes
		} else {
			at = s.no
		}
	}
	return at == endTrue
}

// eval decides a part of the condition.
func (m *Matcher) eval(r *groupRule, n *node) bool {
	switch n.kind {
	case exprAnd:
		for i := range n.kids {
			if !m.eval(r, &n.kids[i]) {
				return false
			}
		}
		return true
	case exprOr:
		for i := range n.kids {
			if m.eval(r, &n.kids[i]) {
				return true
			}
		}
		return false
	case exprNot:
		return !m.eval(r, &n.kids[0])
	}
	return m.truth(r.preds[n.leaf])
}
