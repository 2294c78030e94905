package sigma

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// tokenKind is what one part of a string pattern stands for.
type tokenKind uint8

const (
	tokenText tokenKind = iota // itself
	tokenStar                  // any characters, none included, newlines too
	tokenOne                   // exactly one character, newlines too
	tokenDash                  // one of dashes: the windash modifier
)

// dashes are the characters that windash treats alike: hyphen, slash, en dash,
// em dash, horizontal bar.
const dashes = "-/\u2013\u2014\u2015"

// token is one part of a pattern.
type token struct {
	kind tokenKind
	text string // of tokenText, never empty
}

// pattern is a Sigma string value: text with wildcards.
type pattern []token

// parsePattern reads a string value. Wildcards are * and ?; a backslash takes
// the meaning from a wildcard or a backslash after it and is itself elsewhere.
func parsePattern(s string) pattern {
	var p pattern
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			p = append(p, token{tokenText, text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`\*?`, s[i+1]) >= 0:
			i++
			text.WriteByte(s[i])
		case c == '*':
			flush()
			p = p.append(token{kind: tokenStar})
		case c == '?':
			flush()
			p = append(p, token{kind: tokenOne})
		default:
			text.WriteByte(c)
		}
	}
	flush()
	return p
}

// append adds a token; stars beside each other are one, texts are joined, an
// empty text is nothing.
func (p pattern) append(t token) pattern {
	if t.kind == tokenText && t.text == "" {
		return p
	}
	if n := len(p); n > 0 {
		switch last := &p[n-1]; {
		case t.kind == tokenStar && last.kind == tokenStar:
			return p
		case t.kind == tokenText && last.kind == tokenText:
			return append(p[:n-1:n-1], token{tokenText, last.text + t.text})
		}
	}
	return append(p, t)
}

// around returns the pattern with stars before and after it as asked.
func (p pattern) around(before, after bool) pattern {
	out := make(pattern, 0, len(p)+2)
	if before {
		out = append(out, token{kind: tokenStar})
	}
	for _, t := range p {
		out = out.append(t)
	}
	if after {
		out = out.append(token{kind: tokenStar})
	}
	return out
}

// wild reports whether the pattern has a token other than text.
func (p pattern) wild() bool {
	return len(p) > 1 || len(p) == 1 && p[0].kind != tokenText
}

// plain returns the pattern's text when it has no wildcard.
func (p pattern) plain() (string, bool) {
	if len(p) == 0 {
		return "", true
	}
	return p[0].text, !p.wild()
}

// mapText returns the pattern with f applied to every text.
func (p pattern) mapText(f func(string) string) pattern {
	out := make(pattern, 0, len(p))
	for _, t := range p {
		if t.kind == tokenText {
			t.text = f(t.text)
		}
		out = append(out, t)
	}
	return out
}

// String writes the pattern back in Sigma's notation, a dash class as \-.
func (p pattern) String() string {
	var b strings.Builder
	for _, t := range p {
		switch t.kind {
		case tokenStar:
			b.WriteByte('*')
		case tokenOne:
			b.WriteByte('?')
		case tokenDash:
			b.WriteString(`\-`)
		default:
			for i := range len(t.text) {
				if c := t.text[i]; c == '\\' || c == '*' || c == '?' {
					b.WriteByte('\\')
				}
				b.WriteByte(t.text[i])
			}
		}
	}
	return b.String()
}

// match reports whether the whole of s matches. Pattern and s must be folded
// alike. Time is at most len(s) times the pattern's length, memory constant:
// after a failure only the last star is moved on.
func (p pattern) match(s []byte) bool {
	i, at := 0, 0
	star, mark := -1, 0
	for {
		if i == len(p) && at == len(s) {
			return true
		}
		if i < len(p) {
			if p[i].kind == tokenStar {
				star, mark = i, at
				i++
				continue
			}
			if n := p[i].take(s[at:]); n > 0 {
				i, at = i+1, at+n
				continue
			}
		}
		if star < 0 || mark == len(s) {
			return false
		}
		mark += p.skip(star, s[mark:])
		i, at = star+1, mark
	}
}

// skip returns how far the star at index may move on in s: at least one
// character, or up to where the text after the star occurs next.
func (p pattern) skip(star int, s []byte) int {
	_, n := utf8.DecodeRune(s)
	if star+1 == len(p) {
		return len(s)
	}
	if next := p[star+1]; next.kind == tokenText {
		if i := bytes.Index(s[n:], []byte(next.text)); i >= 0 {
			return n + i
		}
		return len(s)
	}
	return n
}

// take returns how many bytes at the start of s the token matches, 0 for none.
func (t token) take(s []byte) int {
	switch t.kind {
	case tokenText:
		if len(s) >= len(t.text) && string(s[:len(t.text)]) == t.text {
			return len(t.text)
		}
	case tokenOne:
		_, n := utf8.DecodeRune(s)
		return n
	case tokenDash:
		r, n := utf8.DecodeRune(s)
		if n > 0 && strings.ContainsRune(dashes, r) {
			return n
		}
	}
	return 0
}
