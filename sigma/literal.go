package sigma

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/evident-sec/evident/internal/textmatch"
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
	maxSpelled = 2 // dash classes spelled out: 5² literals
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
		return patternWitness(p.pat.mapText(textmatch.Fold), p.cased)
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
	set := textmatch.Required(tree.Simplify())
	if len(set) == 0 {
		return witness{}
	}
	return witness{shape: shapeAnywhere, literals: set}
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
