package textmatch

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// FoldRune maps a rune to the one that stands for all its case variants under
// Unicode simple case folding: 'K', 'k' and the Kelvin sign all give 'k'.
func FoldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
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

// AppendFold appends the case-folded text to dst. Bytes that are not UTF-8
// become U+FFFD each, as in a conversion to runes.
func AppendFold(dst []byte, text string) []byte {
	start := len(dst)
	dst = slices.Grow(dst, len(text))[:start+len(text)]
	out := dst[start:]
	for i := range out {
		c := text[i]
		if c >= utf8.RuneSelf {
			return appendFoldSlow(dst[:start+i], text, i)
		}
		out[i] = lowerASCII[c]
	}
	return dst
}

func appendFoldSlow(dst []byte, text string, from int) []byte {
	for _, r := range text[from:] {
		dst = utf8.AppendRune(dst, FoldRune(r))
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

// ValidText returns text with each byte that is not UTF-8 replaced by U+FFFD.
func ValidText(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return string([]rune(text))
}
