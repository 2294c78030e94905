package search

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Wildcards inside a glob. They are no Unicode code points, so that no text can
// be mistaken for them.
const (
	star = rune(-1) // any text, also none
	any1 = rune(-2) // any one character
)

// glob is a text with wildcards. Neighbouring stars are one.
type glob []rune

// add appends a rune or wildcard.
func (g glob) add(r rune) glob {
	if r == star && len(g) > 0 && g[len(g)-1] == star {
		return g
	}
	return append(g, r)
}

// String returns the text with wildcards as * and ?, for messages.
func (g glob) String() string {
	var b strings.Builder
	for _, r := range g {
		switch r {
		case star:
			b.WriteByte('*')
		case any1:
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// literal returns the text of a glob without wildcards.
func (g glob) literal() (string, bool) {
	for _, r := range g {
		if r < 0 {
			return "", false
		}
	}
	return string(g), true
}

// anything reports whether the glob is a lone star.
func (g glob) anything() bool { return len(g) == 1 && g[0] == star }

func (g glob) wildcards() (n int) {
	for _, r := range g {
		if r < 0 {
			n++
		}
	}
	return n
}

// within returns the glob that matches texts containing a match of g.
func (g glob) within() glob {
	out := glob{star}
	for _, r := range g {
		out = out.add(r)
	}
	return out.add(star)
}

// fold returns the glob in lower case.
func (g glob) fold() glob {
	out := make(glob, len(g))
	for i, r := range g {
		if out[i] = r; r >= 0 {
			out[i] = unicode.ToLower(r)
		}
	}
	return out
}

// match reports whether the whole text matches. Both have the same case. It
// takes time proportional to the product of the lengths at worst.
func (g glob) match(text string) bool {
	s := []rune(text)
	i, j, lastStar, resume := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(g) && g[i] == star:
			lastStar, resume = i, j
			i++
		case i < len(g) && (g[i] == any1 || g[i] == s[j]):
			i, j = i+1, j+1
		case lastStar >= 0:
			resume++
			i, j = lastStar+1, resume
		default:
			return false
		}
	}
	for i < len(g) && g[i] == star {
		i++
	}
	return i == len(g)
}

// caseless reports whether the glob holds nothing that has two cases, so that
// a column can be compared as it is and its statistics and Bloom filters used.
func (g glob) caseless() bool {
	for _, r := range g {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if letter || r >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// pattern returns the glob as an RE2 expression over the whole text. It has no
// anchor beside a star, so that RE2 can look for the first literal quickly.
func (g glob) pattern() string {
	head, tail := `\A`, `\z`
	if len(g) > 0 && g[0] == star {
		g, head = g[1:], ""
	}
	if len(g) > 0 && g[len(g)-1] == star {
		g, tail = g[:len(g)-1], ""
	}
	return `(?s)` + head + g.expression(`.`) + tail
}

// expression returns the glob as an RE2 expression in which wildcards stand
// for characters of the class.
func (g glob) expression(class string) string {
	var b strings.Builder
	for _, r := range g {
		switch r {
		case star:
			b.WriteString(class + "*")
		case any1:
			b.WriteString(class)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return b.String()
}

// sql returns a condition that holds where the text expression matches.
func (g glob) sql(expr string, b *builder) string {
	inner := g
	head := len(g) > 0 && g[0] == star
	if head {
		inner = inner[1:]
	}
	tail := len(inner) > 0 && inner[len(inner)-1] == star
	if tail {
		inner = inner[:len(inner)-1]
	}
	text, plain := inner.literal()
	switch {
	case !plain:
		return "regexp_matches(" + expr + ", " + b.arg(g.pattern()) + ")"
	case text == "" && head:
		return "true"
	case head && tail:
		return "contains(" + expr + ", " + b.arg(text) + ")"
	case head:
		return "ends_with(" + expr + ", " + b.arg(text) + ")"
	case tail:
		return "starts_with(" + expr + ", " + b.arg(text) + ")"
	}
	return expr + " = " + b.arg(text)
}
