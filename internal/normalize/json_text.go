package normalize

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Bytes of a word that are all alike.
const (
	ones      = 0x0101010101010101
	highs     = 0x80 * ones
	quotes    = '"' * ones
	backslash = '\\' * ones
)

// marks sets the high bit of the first byte of w that is a quote or a
// backslash; bits of bytes after it mean nothing.
func marks(w uint64) uint64 {
	q, b := w^quotes, w^backslash
	return ((q-ones)&^q | (b-ones)&^b) & highs
}

// text reads the string at the position. Without escapes it aliases the
// record; control characters inside are tolerated.
func (sc *jsonScanner) text() (string, error) {
	start := sc.pos + 1
	end := nextMark(bytesOf(sc.s), start)
	if end == len(sc.s) {
		return "", sc.fail("string does not end")
	}
	if sc.s[end] == '"' {
		sc.pos = end + 1
		return sc.s[start:end], nil
	}
	return sc.unescape(start, end)
}

// bytesOf returns the text as bytes that are only read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// nextMark returns the place of the next quote or backslash at i or later, the
// length where there is none.
func nextMark(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if m := marks(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(b); i++ {
		if b[i] == '"' || b[i] == '\\' {
			return i
		}
	}
	return i
}

// unescape decodes the string that starts at start and has its first escape at
// i. What it writes is never longer than what it reads.
func (sc *jsonScanner) unescape(start, i int) (string, error) {
	src := bytesOf(sc.s)
	need := len(src) - start
	if need > textChunk/4 {
		end := stringEnd(src, i)
		if end < 0 {
			return "", sc.fail("string does not end")
		}
		need = end - start
	}
	buf := sc.mem.room(need + 8)
	buf = buf[:need+8]
	n := copy(buf, src[start:i])
	for {
		i, n = copyText(buf, n, src, i)
		if i >= len(src)-1 && (i == len(src) || src[i] != '"') {
			return "", sc.fail("string does not end")
		}
		if src[i] == '"' {
			sc.pos = i + 1
			return sc.mem.keep(buf[:n]), nil
		}
		r, size := unicodeEscape(sc.s[i:])
		if size == 0 {
			return "", sc.fail("bad escape in string")
		}
		n += utf8.EncodeRune(buf[n:], r)
		i += size
	}
}

// copyText copies src from i on to dst from n on, simple escapes decoded, up to
// a quote or another escape, and returns where it stopped in both. It works on
// eight bytes at a time; dst has room for eight more than the string needs.
func copyText(dst []byte, n int, src []byte, i int) (int, int) {
	for i+8 <= len(src) && n+8 <= len(dst) {
		w := binary.LittleEndian.Uint64(src[i:])
		binary.LittleEndian.PutUint64(dst[n:], w)
		m := marks(w)
		if m == 0 {
			i, n = i+8, n+8
			continue
		}
		plain := bits.TrailingZeros64(m) / 8
		i, n = i+plain, n+plain
		if src[i] == '"' || i+1 == len(src) {
			return i, n
		}
		c := simpleEscapes[src[i+1]]
		if c == 0 {
			return i, n
		}
		dst[n] = c
		i, n = i+2, n+1
	}
	for i < len(src) && src[i] != '"' {
		c := src[i]
		if c == '\\' {
			if i+1 == len(src) || simpleEscapes[src[i+1]] == 0 {
				return i, n
			}
			i++
			c = simpleEscapes[src[i]]
		}
		dst[n] = c
		i, n = i+1, n+1
	}
	return i, n
}

// stringEnd returns the index of the quote that ends the string whose first
// escape is at i, -1 where there is none.
func stringEnd(b []byte, i int) int {
	for {
		i = nextMark(b, i)
		if i >= len(b) {
			return -1
		}
		if b[i] == '"' {
			return i
		}
		i += 2
	}
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
