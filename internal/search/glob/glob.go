package glob

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Wildcards inside a glob. They are no Unicode code points, so that no text can
// be mistaken for them.
const (
	Star = rune(-1) // any text, also none
	Any1 = rune(-2) // any one character
)

// Glob is a text with wildcards. Neighbouring stars are one.
type Glob []rune

// Add appends a rune or wildcard.
func (g Glob) Add(r rune) Glob {
	if r == Star && len(g) > 0 && g[len(g)-1] == Star {
		return g
	}
	return append(g, r)
}

// String returns the text with wildcards as * and ?, for messages.
func (g Glob) String() string {
	var b strings.Builder
	for _, r := range g {
		switch r {
		case Star:
			b.WriteByte('*')
		case Any1:
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Literal returns the text of a glob without wildcards.
func (g Glob) Literal() (string, bool) {
	for _, r := range g {
		if r < 0 {
			return "", false
		}
	}
	return string(g), true
}

// Anything reports whether the glob is a lone Star.
func (g Glob) Anything() bool { return len(g) == 1 && g[0] == Star }

// Wildcards returns how many there are.
func (g Glob) Wildcards() (n int) {
	for _, r := range g {
		if r < 0 {
			n++
		}
	}
	return n
}

// Within returns the glob that matches texts containing a match of g.
func (g Glob) Within() Glob {
	out := Glob{Star}
	for _, r := range g {
		out = out.Add(r)
	}
	return out.Add(Star)
}

// Fold returns the glob in lower case.
func (g Glob) Fold() Glob {
	out := make(Glob, len(g))
	for i, r := range g {
		if out[i] = r; r >= 0 {
			out[i] = unicode.ToLower(r)
		}
	}
	return out
}

// Match reports whether the whole text matches. Both have the same case. It
// takes time proportional to the product of the lengths at worst.
func (g Glob) Match(text string) bool {
	s := []rune(text)
	i, j, lastStar, resume := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(g) && g[i] == Star:
			lastStar, resume = i, j
			i++
		case i < len(g) && (g[i] == Any1 || g[i] == s[j]):
			i, j = i+1, j+1
		case lastStar >= 0:
			resume++
			i, j = lastStar+1, resume
		default:
			return false
		}
	}
	for i < len(g) && g[i] == Star {
		i++
	}
	return i == len(g)
}

// Caseless reports whether the glob holds nothing that has two cases, so that
// a column can be compared as it is and its statistics and Bloom filters used.
func (g Glob) Caseless() bool {
	for _, r := range g {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if letter || r >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// pattern returns the glob as an RE2 expression over the whole text. It has no
// anchor beside a Star, so that RE2 can look for the first literal quickly.
func (g Glob) pattern() string {
	head, tail := `\A`, `\z`
	if len(g) > 0 && g[0] == Star {
		g, head = g[1:], ""
	}
	if len(g) > 0 && g[len(g)-1] == Star {
		g, tail = g[:len(g)-1], ""
	}
	return `(?s)` + head + g.Expression(`.`) + tail
}

// Expression returns the glob as an RE2 expression in which wildcards stand
// for characters of the class.
func (g Glob) Expression(class string) string {
	var b strings.Builder
	for _, r := range g {
		switch r {
		case Star:
			b.WriteString(class + "*")
		case Any1:
			b.WriteString(class)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return b.String()
}

// SQL returns a condition that holds where the text expression matches; arg
// makes a parameter of what the glob holds.
func (g Glob) SQL(expr string, arg func(any) string) string {
	inner := g
	head := len(g) > 0 && g[0] == Star
	if head {
		inner = inner[1:]
	}
	tail := len(inner) > 0 && inner[len(inner)-1] == Star
	if tail {
		inner = inner[:len(inner)-1]
	}
	text, plain := inner.Literal()
	switch {
	case !plain:
		return "regexp_matches(" + expr + ", " + arg(g.pattern()) + ")"
	case text == "" && head:
		return "true"
	case head && tail:
		return "contains(" + expr + ", " + arg(text) + ")"
	case head:
		return "ends_with(" + expr + ", " + arg(text) + ")"
	case tail:
		return "starts_with(" + expr + ", " + arg(text) + ")"
	}
	return expr + " = " + arg(text)
}
