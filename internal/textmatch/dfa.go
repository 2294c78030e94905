package textmatch

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// Bounds on one automaton; beyond them the regexp package takes over.
const (
	maxDFAStates  = 4000
	maxDFAThreads = 1 << 20 // program positions in all states together
)

// LazyDFA answers whether a regular expression matches somewhere in an ASCII
// text, building the states of the equivalent automaton as texts need them. It
// runs the program that regexp/syntax compiles, so it gives the answer of the
// regexp package in about a nanosecond a byte.
type LazyDFA struct {
	re     *regexp.Regexp
	prog   *syntax.Prog
	least  int // bytes of the shortest match
	states []dfaState
	index  map[string]int32
	size   int  // program positions in all states
	off    bool // beyond the bounds

	seen  []uint32 // by position: the step that visited it
	step  uint32
	stack []uint32
	after []uint32
	key   []byte
}

// dfaState is a set of program positions and what the character before was.
type dfaState struct {
	pcs  []uint32
	prev rune        // -1 at the beginning, else a character of its kind
	next [129]uint16 // by byte, 128 at the end of the text
}

// Special transitions.
const (
	dfaUnknown uint16 = iota
	dfaMatch
	dfaNoMatch
	dfaFirst // state 0 is this
)

const endOfText = 128

// NewLazyDFA compiles the automaton of re.
func NewLazyDFA(re *regexp.Regexp) *LazyDFA {
	d := &LazyDFA{re: re, index: map[string]int32{}}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err == nil {
		d.least = leastLength(tree)
		d.prog, err = syntax.Compile(tree.Simplify())
	}
	if err != nil {
		d.off = true
		return d
	}
	d.seen = make([]uint32, len(d.prog.Inst))
	d.state(nil, -1)
	return d
}

// Match reports whether the expression matches somewhere in text.
func (d *LazyDFA) Match(text string) bool {
	if len(text) < d.least {
		return false
	}
	if d.off {
		return d.re.MatchString(text)
	}
	at := dfaFirst
	for i := 0; i <= len(text); i++ {
		c := byte(endOfText)
		if i < len(text) {
			if c = text[i]; c >= utf8.RuneSelf {
				return d.re.MatchString(text)
			}
		}
		next := d.states[at-dfaFirst].next[c]
		if next == dfaUnknown {
			if next = d.advance(at-dfaFirst, c); d.off {
				return d.re.MatchString(text)
			}
		}
		if next == dfaMatch {
			return true
		}
		at = next
	}
	return false
}

// advance computes a transition: the positions that are live between the
// previous character and c, then those behind c.
func (d *LazyDFA) advance(from uint16, c byte) uint16 {
	r := rune(c)
	if c == endOfText {
		r = -1
	}
	s := &d.states[from]
	flags := syntax.EmptyOpContext(s.prev, r)
	d.step++
	d.after = d.after[:0]
	matched := d.follow(uint32(d.prog.Start), flags, r)
	for _, pc := range s.pcs {
		matched = d.follow(pc, flags, r) || matched
	}
	next := dfaNoMatch
	switch {
	case matched:
		next = dfaMatch
	case r >= 0:
		next = d.state(d.after, kindOf(r))
	}
	if !d.off {
		d.states[from].next[c] = next
	}
	return next
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

// state returns the number of a state, made when it is new.
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
	if d.size += len(pcs) + 1; len(d.states) >= maxDFAStates || d.size > maxDFAThreads {
		d.off, d.states, d.index = true, nil, nil
		return dfaNoMatch
	}
	at := len(d.states)
	d.index[string(d.key)] = int32(at)
	d.states = append(d.states, dfaState{pcs: slices.Clone(pcs), prev: prev})
	return uint16(at) + dfaFirst
}

// kindOf returns a character that stands for all that word boundaries and line
// anchors treat alike.
func kindOf(r rune) rune {
	switch {
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
