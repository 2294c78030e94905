package textmatch

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// Bounds on one automaton; beyond them it forgets its states and goes on.
const (
	maxDFAStates = 2000
	maxDFASize   = 1 << 20 // program positions and transitions in all states
)

// LazyDFA answers whether a regular expression matches somewhere in a text,
// building the states of the equivalent automaton as texts need them. It runs
// the program that regexp/syntax compiles, so it gives the answer of the regexp
// package in about a nanosecond a byte. Time is at most that of simulating the
// program, text length times program length; memory is bounded.
type LazyDFA struct {
	re     *regexp.Regexp
	prog   *syntax.Prog // nil where the regexp package must do
	least  int          // bytes of the shortest match
	run    charRun      // that every match has
	class  charClasses
	sets   bool // the program asks for characters beside a position
	states []dfaState
	index  map[string]int32
	size   int
	round  int // how often the states were forgotten

	seen  []uint32 // by position: the step that visited it
	step  uint32
	stack []uint32
	after []uint32
	key   []byte
}

// dfaState is a set of program positions and what the character before was.
type dfaState struct {
	pcs  []uint32
	prev rune     // -1 at the beginning, else a character of its kind
	next []uint16 // by class of character, the last at the end of the text
}

// Special transitions.
const (
	dfaUnknown uint16 = iota
	dfaMatch
	dfaNoMatch
	dfaFirst // state 0 is this
)

// NewLazyDFA prepares the automaton of re.
func NewLazyDFA(re *regexp.Regexp) *LazyDFA {
	d := &LazyDFA{re: re, index: map[string]int32{}}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return d
	}
	d.least, d.run = leastLength(tree), requiredRun(tree)
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return d
	}
	for i := range prog.Inst {
		d.sets = d.sets || prog.Inst[i].Op == syntax.InstEmptyWidth
	}
	d.prog, d.class = prog, classesOf(prog, d.sets)
	d.seen = make([]uint32, len(prog.Inst))
	d.state(nil, -1)
	return d
}

// Match reports whether the expression matches somewhere in text.
func (d *LazyDFA) Match(text string) bool {
	if len(text) < d.least {
		return false
	}
	if d.prog == nil {
		return d.re.MatchString(text)
	}
	if d.run.length > 0 {
		if !d.run.in(text) {
			return false
		}
		if d.run.whole && IsASCII(text) {
			return true
		}
	}
	at := dfaFirst
	for i := 0; i <= len(text); {
		c, size := d.class.end(), 1
		if i < len(text) {
			if b := text[i]; b < utf8.RuneSelf {
				c = int(d.class.ascii[b])
			} else {
				c, size = d.class.other(text[i:])
			}
		}
		next := d.states[at-dfaFirst].next[c]
		if next == dfaUnknown {
			next = d.advance(at-dfaFirst, c)
		}
		if next <= dfaNoMatch {
			return next == dfaMatch
		}
		at = next
		i += size
	}
	return false
}

// Size returns how many program positions and transitions are kept: each takes
// some bytes.
func (d *LazyDFA) Size() int { return d.size }

// advance computes a transition: the positions that are live between the
// previous character and one of class c, then those behind it.
func (d *LazyDFA) advance(from uint16, c int) uint16 {
	r := rune(-1)
	if c < d.class.end() {
		r = d.class.sample[c]
	}
	s := &d.states[from]
	flags := syntax.EmptyOpContext(s.prev, r)
	d.nextStep()
	d.after = d.after[:0]
	matched := d.follow(uint32(d.prog.Start), flags, r)
	for _, pc := range s.pcs {
		matched = d.follow(pc, flags, r) || matched
	}
	next, round := dfaNoMatch, d.round
	switch {
	case matched:
		next = dfaMatch
	case r >= 0:
		next = d.state(d.after, d.kindOf(r))
	}
	if d.round == round {
		d.states[from].next[c] = next
	}
	return next
}

// nextStep begins a step in which no position was visited.
func (d *LazyDFA) nextStep() {
	if d.step++; d.step == 0 {
		clear(d.seen)
		d.step = 1
	}
}

// follow visits the positions reachable from pc without a character and
// collects those behind r. It reports whether a match is among them.
func (d *LazyDFA) follow(pc uint32, flags syntax.EmptyOp, r rune) bool {
	matched := false
	d.stack = append(d.stack[:0], pc)
	for len(d.stack) > 0 {
		pc := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.seen[pc] == d.step {
			continue
		}
		d.seen[pc] = d.step
		inst := &d.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			d.stack = append(d.stack, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			d.stack = append(d.stack, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^flags == 0 {
				d.stack = append(d.stack, inst.Out)
			}
		case syntax.InstMatch:
			matched = true
		case syntax.InstFail:
		default:
			if r >= 0 && inst.MatchRune(r) {
				d.after = append(d.after, inst.Out)
			}
		}
	}
	return matched
}

// state returns the number of a state, made when it is new. When there are too
// many, all are forgotten first, except that state 0 is the beginning.
func (d *LazyDFA) state(pcs []uint32, prev rune) uint16 {
	slices.Sort(pcs)
	pcs = slices.Compact(pcs)
	d.key = binary.AppendVarint(d.key[:0], int64(prev))
	for _, pc := range pcs {
		d.key = binary.AppendUvarint(d.key, uint64(pc))
	}
	if at, ok := d.index[string(d.key)]; ok {
		return uint16(at) + dfaFirst
	}
	key := string(d.key)
	cost := len(pcs) + d.class.end() + 1
	if len(d.states) > 1 && (len(d.states) >= maxDFAStates || d.size+cost > maxDFASize) {
		d.round++
		d.states, d.size = d.states[:0], 0
		clear(d.index)
		d.state(nil, -1)
	}
	at := len(d.states)
	d.size += cost
	d.index[key] = int32(at)
	d.states = append(d.states, dfaState{
		pcs: slices.Clone(pcs), prev: prev, next: make([]uint16, d.class.end()+1),
	})
	return uint16(at) + dfaFirst
}

// kindOf returns a character that stands for all that word boundaries and line
// anchors treat alike.
func (d *LazyDFA) kindOf(r rune) rune {
	switch {
	case !d.sets:
		return ' '
	case r == '\n':
		return r
	case syntax.IsWordChar(r):
		return 'a'
	}
	return ' '
}

// leastLength returns a lower bound on the bytes of a match.
func leastLength(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return leastLength(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * leastLength(re.Sub[0])
	case syntax.OpConcat:
		n := 0
		for _, sub := range re.Sub {
			n += leastLength(sub)
		}
		return n
	case syntax.OpAlternate:
		n := leastLength(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			n = min(n, leastLength(sub))
		}
		return n
	}
	return 0
}
