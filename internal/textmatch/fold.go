package textmatch

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// FoldRune maps a rune to the one that stands for all its case variants under
// Unicode simple case folding: 'K', 'k' and the Kelvin sign all give 'k'.
func FoldRune(r rune) rune {
	if r < rune(len(foldLow)) {
		return rune(foldLow[r])
	}
	return foldRune(r)
}

// foldLow is the table of FoldRune for characters of one or two bytes.
var foldLow = func() (t [0x800]uint16) {
	for r := range t {
		t[r] = uint16(foldRune(rune(r)))
	}
	return t
}()

func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return rune(lowerASCII[r])
	}
	low := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		low = min(low, f)
	}
	if 'A' <= low && low <= 'Z' {
		return low + 'a' - 'A'
	}
	return low
}

// Bytes of a word that are all alike.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// lowerWord maps the eight ASCII bytes of w to lower case.
func lowerWord(w uint64) uint64 {
	upper := (w + (0x80-'A')*ones) &^ (w + (0x7F-'Z')*ones) & highs
	return w | upper>>2
}

// IsASCII reports whether the text has no byte above 0x7F.
func IsASCII(text string) bool {
	b := unsafe.Slice(unsafe.StringData(text), len(text))
	for len(b) >= 16 {
		if (binary.LittleEndian.Uint64(b)|binary.LittleEndian.Uint64(b[8:]))&highs != 0 {
			return false
		}
		b = b[16:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// AppendFold appends the case-folded text to dst. Bytes that are not UTF-8
// become U+FFFD each, as in a conversion to runes.
func AppendFold(dst []byte, text string) []byte {
	at := len(dst)
	dst = slices.Grow(dst, len(text)+8)[:at+len(text)]
	n := foldASCII(dst[at:], text)
	if n == len(text) {
		return dst
	}
	return appendFoldMixed(dst[:at+n], text[n:])
}

// foldASCII writes the lower case of text to out, up to the first byte that is
// not ASCII, and returns how many bytes that is.
func foldASCII(out []byte, text string) int {
	b := unsafe.Slice(unsafe.StringData(text), len(text))
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		if high := w & highs; high != 0 {
			n := bits.TrailingZeros64(high) / 8
			for j := i; j < i+n; j++ {
				out[j] = lowerASCII[b[j]]
			}
			return i + n
		}
		binary.LittleEndian.PutUint64(out[i:], lowerWord(w))
	}
	for ; i < len(b); i++ {
		if b[i] >= utf8.RuneSelf {
			return i
		}
		out[i] = lowerASCII[b[i]]
	}
	return i
}

// appendFoldMixed folds text that has characters beyond ASCII, run by run.
func appendFoldMixed(dst []byte, text string) []byte {
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			at := len(dst)
			dst = slices.Grow(dst, len(text)+8)[:at+len(text)]
			n := foldASCII(dst[at:], text)
			dst, text = dst[:at+n], text[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		dst, text = utf8.AppendRune(dst, FoldRune(r)), text[n:]
	}
	return dst
}

// Fold returns the case-folded text.
func Fold(text string) string { return string(AppendFold(nil, text)) }

// lowerASCII maps bytes to lower case, the rest to themselves.
var lowerASCII = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			t[i] = byte(i) + 'a' - 'A'
		}
	}
	return t
}()

// equalFold reports whether text, ASCII in any case or folded, is the folded
// literal of the same length.
func equalFold(text, literal []byte) bool {
	for len(literal) >= 8 {
		w := binary.LittleEndian.Uint64(text)
		if w&highs == 0 {
			w = lowerWord(w)
		}
		if w != binary.LittleEndian.Uint64(literal) {
			return false
		}
		text, literal = text[8:], literal[8:]
	}
	for i, c := range literal {
		if lowerASCII[text[i]] != c {
			return false
		}
	}
	return true
}

// ValidText returns text with each byte that is not UTF-8 replaced by U+FFFD.
func ValidText(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return string([]rune(text))
}
