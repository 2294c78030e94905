package sigma

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// shape is where a literal must stand in the folded text for a predicate to
// hold.
type shape uint8

const (
	shapeNone     shape = iota // no literal must occur
	shapeEqual                 // is the text
	shapePrefix                // begins the text
	shapeSuffix                // ends the text
	shapeAnywhere              // occurs in the text
)

// Bounds on the literals of one predicate.
const (
	maxLiterals    = 64
	maxSpelled     = 2 // dash classes spelled out: 5² literals
	maxLiteralRune = 8 // runes of a character class spelled out
)

// witness is what the index looks for on behalf of a predicate: when the
// predicate holds, one of the literals occurs in the folded text.
type witness struct {
	shape    shape
	literals []string
	exact    bool // and when one occurs, the predicate holds
}

// witnessOf returns a predicate's witness.
func witnessOf(p *predicate) witness {
	switch p.kind {
	case predString:
		return patternWitness(p.pat.mapText(fold), p.cased)
	case predRegex:
		return regexWitness(p)
	}
	return witness{}
}

// patternWitness returns the witness of a folded pattern.
func patternWitness(p pattern, cased bool) witness {
	if spelled, ok := spellDashes(p, maxSpelled); ok {
		if w, ok := simpleWitness(spelled); ok {
			w.exact = !cased
			return w
		}
	}
	longest := ""
	for _, t := range p {
		if t.kind == tokenText && len(t.text) > len(longest) {
			longest = t.text
		}
	}
	if longest == "" {
		return witness{}
	}
	return witness{shape: shapeAnywhere, literals: []string{longest}}
}

// simpleWitness covers patterns that are one text with or without stars around
// it.
func simpleWitness(alternatives []pattern) (witness, bool) {
	var w witness
	for _, p := range alternatives {
		s, text := simpleShape(p)
		if s == shapeNone || (s != shapeEqual && text == "") {
			return witness{}, false
		}
		w.shape = s
		w.literals = append(w.literals, text)
	}
	return w, true
}

// simpleShape returns the shape and text of a pattern, shapeNone where it is
// not a simple one.
func simpleShape(p pattern) (shape, string) {
	before := len(p) > 0 && p[0].kind == tokenStar
	after := len(p) > 1 && p[len(p)-1].kind == tokenStar
	core := p
	if before {
		core = core[1:]
	}
	if after {
		core = core[:len(core)-1]
	}
	text, plain := core.plain()
	switch {
	case !plain || before && text == "":
		return shapeNone, ""
	case before && after:
		return shapeAnywhere, text
	case before:
		return shapeSuffix, text
	case after:
		return shapePrefix, text
	}
	return shapeEqual, text
}

// regexWitness returns literals of which one is in every text that the regular
// expression matches.
func regexWitness(p *predicate) witness {
	tree, err := syntax.Parse(p.re.String(), syntax.Perl)
	if err != nil {
		return witness{}
	}
	set := required(tree.Simplify())
	if len(set) == 0 {
		return witness{}
	}
	return witness{shape: shapeAnywhere, literals: set}
}

// required returns the best set of folded literals for a syntax tree, nil for
// none.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{fold(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			set := required(sub)
			if set == nil {
				return nil
			}
			out = append(out, set...)
		}
		return capSet(unique(out))
	case syntax.OpConcat:
		return requiredConcat(re.Sub)
	case syntax.OpCharClass:
		return spelledClass(re)
	}
	return nil
}

// requiredConcat joins neighbours whose whole text is known and returns the
// best set that results.
func requiredConcat(subs []*syntax.Regexp) []string {
	var best, run []string
	keep := func(set []string) {
		if better(set, best) {
			best = set
		}
	}
	for _, sub := range subs {
		if whole := complete(sub); whole != nil {
			if joined := cross(run, whole); joined != nil {
				run = joined
				continue
			}
		}
		keep(run)
		run = complete(sub)
		if run == nil {
			keep(required(sub))
		}
	}
	keep(run)
	return best
}

// complete returns all texts a tree matches, folded, when they are few.
func complete(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{fold(string(re.Rune))}
	case syntax.OpCharClass:
		return spelledClass(re)
	case syntax.OpCapture:
		return complete(re.Sub[0])
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			set := complete(sub)
			if set == nil {
				return nil
			}
			out = append(out, set...)
		}
		return capSet(unique(out))
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			if out = cross(out, complete(sub)); out == nil {
				return nil
			}
		}
		return out
	}
	return nil
}

// cross returns every text of a followed by every text of b, nil where they
// are too many.
func cross(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > maxLiterals/2 {
		return nil
	}
	var out []string
	for _, x := range a {
		for _, y := range b {
			out = append(out, x+y)
		}
	}
	return unique(out)
}

// spelledClass returns the members of a small character class, folded.
func spelledClass(re *syntax.Regexp) []string {
	var out []string
	for i := 0; i+1 < len(re.Rune); i += 2 {
		if re.Rune[i+1]-re.Rune[i] > maxLiteralRune {
			return nil
		}
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			if out = append(out, string(foldRune(r))); len(out) > 2*maxLiteralRune {
				return nil
			}
		}
	}
	return unique(out)
}

func capSet(set []string) []string {
	if len(set) > maxLiterals {
		return nil
	}
	return set
}

// better reports whether a is more selective than b: its shortest literal is
// longer.
func better(a, b []string) bool {
	if len(a) == 0 || shortest(a) == 0 {
		return false
	}
	return len(b) == 0 || shortest(a) > shortest(b) || shortest(a) == shortest(b) && len(a) < len(b)
}

func shortest(set []string) int {
	n := len(set[0])
	for _, s := range set[1:] {
		n = min(n, len(s))
	}
	return n
}

// cost estimates how often a witness occurs, from the length of its shortest
// literal and whether it is part of most paths.
func (w witness) cost() float64 {
	n := 0
	for _, l := range w.literals {
		if u := informative(l); n == 0 || u < n {
			n = u
		}
	}
	c := 1.0
	for range min(n, 12) {
		c *= 0.6
	}
	if w.shape == shapeEqual {
		c *= 0.2
	}
	if w.shape == shapePrefix || w.shape == shapeSuffix {
		c *= 0.5
	}
	if !w.exact {
		c = c*2 + 0.001
	}
	return c * (1 + float64(len(w.literals))/100)
}

// commonTexts stand in most file paths, command lines or keys of a source and
// select little.
var commonTexts = []string{
	`c:\windows\system32`, `c:\windows`, `c:\program files`, `c:\users`, `c:\`, `\system32\`,
	`\syswow64\`, `\windows\`, `\microsoft`, `windows`, `system32`, `\software\`, `\users\`,
	`.exe`, `.dll`, `http`, `0x`, `hklm\`, `/usr/bin`, `/bin`, `true`, `false`, `success`,
}

// informative counts the characters of a literal that are not of a common
// text, each of which counts as one.
func informative(literal string) int {
	for _, c := range commonTexts {
		literal = strings.ReplaceAll(literal, c, " ")
	}
	return utf8.RuneCountInString(literal)
}
