package textmatch

import (
	"regexp/syntax"
	"unicode/utf8"
)

// leastRun is how long a run of alike characters must be to look for it first.
const leastRun = 8

// charRun is a run of characters of one class that every match of an
// expression contains: 64 hexadecimal digits, a thousand of anything. It is
// looked for before the expression, in large steps.
type charRun struct {
	length int // bytes at least
	within [256]bool
	whole  bool // the expression asks for nothing else
}

// requiredRun returns the longest run that every match has, its length 0 for
// none.
func requiredRun(re *syntax.Regexp) charRun {
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		run := requiredRun(re.Sub[0])
		run.whole = run.whole && re.Op == syntax.OpCapture
		return run
	case syntax.OpConcat:
		var best charRun
		for _, sub := range re.Sub {
			if run := requiredRun(sub); run.length > best.length {
				best = run
			}
		}
		best.whole = best.whole && len(re.Sub) == 1
		return best
	case syntax.OpRepeat:
		if within, ok := classBytes(re.Sub[0]); ok && re.Min >= leastRun {
			return charRun{re.Min, within, true}
		}
		if re.Min > 0 {
			run := requiredRun(re.Sub[0])
			run.whole = false
			return run
		}
	}
	return charRun{}
}

// classBytes returns the bytes that may stand in characters of the class: its
// ASCII characters, and all bytes of others.
func classBytes(re *syntax.Regexp) (within [256]bool, ok bool) {
	for b := utf8.RuneSelf; b < len(within); b++ {
		within[b] = true
	}
	for b := range utf8.RuneSelf {
		switch re.Op {
		case syntax.OpAnyChar:
			within[b] = true
		case syntax.OpAnyCharNotNL:
			within[b] = b != '\n'
		case syntax.OpCharClass:
			for i := 0; i+1 < len(re.Rune); i += 2 {
				within[b] = within[b] || re.Rune[i] <= rune(b) && rune(b) <= re.Rune[i+1]
			}
		default:
			return within, false
		}
	}
	return within, true
}

// in reports whether the text has such a run. A step begins at the far end of
// where the run would stand: one byte outside the class there rules out all
// places before it.
func (r *charRun) in(text string) bool {
	for start := 0; start+r.length <= len(text); {
		at := start + r.length - 1
		for at >= start && r.within[text[at]] {
			at--
		}
		if at < start {
			return true
		}
		start = at + 1
	}
	return false
}
