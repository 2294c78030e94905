package normalize

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads the string at the position. Without escapes it aliases the
// record; control characters inside are tolerated.
func (sc *jsonScanner) text() (string, error) {
	rest := sc.s[sc.pos+1:]
	end := strings.IndexByte(rest, '"')
	if end < 0 {
		return "", sc.fail("string does not end")
	}
	escape := strings.IndexByte(rest[:end], '\\')
	if escape < 0 {
		sc.pos += end + 2
		return rest[:end], nil
	}
	return sc.unescape(rest, escape)
}

// unescape decodes the string whose first escape is at index i of rest. What it
// writes is never longer than what it reads.
func (sc *jsonScanner) unescape(rest string, i int) (string, error) {
	need := len(rest)
	if need > textChunk/4 {
		if need = stringEnd(rest, i); need < 0 {
			return "", sc.fail("string does not end")
		}
	}
	buf := append(sc.mem.room(need), rest[:i]...)
	for i < len(rest) {
		start := i
		for i < len(rest) && rest[i] != '\\' && rest[i] != '"' {
			i++
		}
		buf = append(buf, rest[start:i]...)
		if i >= len(rest)-1 {
			break
		}
		if rest[i] == '"' {
			sc.pos += i + 2
			return sc.mem.keep(buf), nil
		}
		if c := simpleEscapes[rest[i+1]]; c != 0 {
			buf = append(buf, c)
			i += 2
			continue
		}
		r, n := unicodeEscape(rest[i:])
		if n == 0 {
			return "", sc.fail("bad escape in string")
		}
		buf = utf8.AppendRune(buf, r)
		i += n
	}
	return "", sc.fail("string does not end")
}

// stringEnd returns the index of the quote that ends the string whose first
// escape is at i, -1 where there is none.
func stringEnd(s string, i int) int {
	for i < len(s) {
		switch s[i] {
		case '\\':
			i += 2
		case '"':
			return i
		default:
			i++
		}
	}
	return -1
}

// simpleEscapes maps the letter after a backslash to its character.
var simpleEscapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unicodeEscape decodes \uXXXX, or a surrogate pair of two, at the start of s
// and returns how many bytes it took; 0 where s is no such escape. A lone
// surrogate becomes U+FFFD.
func unicodeEscape(s string) (rune, int) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low, ok := hex4(s[6:]); ok {
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return both, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for i := 2; i < 6; i++ {
		d, ok := hexDigit(s[i])
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
