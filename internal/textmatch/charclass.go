package textmatch

import (
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// charClasses are sets of characters that no part of a program tells apart.
type charClasses struct {
	ascii  [utf8.RuneSelf]uint16
	cuts   []rune // where classes begin, ascending, from 0
	sample []rune // by class: a character of it
}

// end is the class that stands for the end of the text.
func (c *charClasses) end() int { return len(c.cuts) }

// other returns the class of the character that text begins with, and how many
// bytes it takes. A byte that is not UTF-8 counts as U+FFFD.
func (c *charClasses) other(text string) (class, size int) {
	r, size := utf8.DecodeRuneInString(text)
	at, found := slices.BinarySearch(c.cuts, r)
	if !found {
		at--
	}
	return at, size
}

// classesOf cuts the characters where the program does; with sets also where
// word boundaries and line anchors do.
func classesOf(prog *syntax.Prog, sets bool) charClasses {
	cuts := []rune{0}
	add := func(low, high rune) { cuts = append(cuts, low, high+1) }
	for i := range prog.Inst {
		switch inst := &prog.Inst[i]; inst.Op {
		case syntax.InstRuneAnyNotNL:
			add('\n', '\n')
		case syntax.InstRune, syntax.InstRune1:
			cutInst(inst, add)
		}
	}
	if sets {
		add('\n', '\n')
		add('0', '9')
		add('A', 'Z')
		add('_', '_')
		add('a', 'z')
	}
	slices.Sort(cuts)
	c := charClasses{cuts: slices.Compact(cuts)}
	c.sample = c.cuts
	for b := range c.ascii {
		at, found := slices.BinarySearch(c.cuts, rune(b))
		if !found {
			at--
		}
		c.ascii[b] = uint16(at)
	}
	return c
}

// cutInst adds the ranges of one instruction; a single character may stand for
// its case variants too.
func cutInst(inst *syntax.Inst, add func(low, high rune)) {
	if len(inst.Rune) != 1 {
		for i := 0; i+1 < len(inst.Rune); i += 2 {
			add(inst.Rune[i], inst.Rune[i+1])
		}
		return
	}
	r := inst.Rune[0]
	add(r, r)
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		add(f, f)
	}
}
