package printable

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text makes text from a log safe for a terminal: control and bidirectional
// formatting characters are shown as escapes, so that a log line can neither
// move the cursor nor pretend to be our own output.
func Text(s string) string {
	if strings.IndexFunc(s, Hostile) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1: // a terminal may read it in Latin-1
			fmt.Fprintf(&b, "\\x%02x", s[0])
		case Hostile(r):
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// Hostile reports whether a terminal may take the character for an order, or
// show what is beside it elsewhere.
func Hostile(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// JSON escapes what JSON lets through and a terminal may obey: DEL, the
// C1 controls, bidirectional formatting. Such characters stand in strings only,
// where the escape means the same.
func JSON(body []byte) []byte {
	if bytes.IndexFunc(body, Hostile) < 0 {
		return body
	}
	var out []byte
	for _, r := range string(body) {
		if !Hostile(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			out = fmt.Appendf(out, "\\u%04x\\u%04x", high, low)
			continue
		}
		out = fmt.Appendf(out, "\\u%04x", r)
	}
	return out
}

// Count says how many there are of something, e.g. "1 rule", "2 rules".
func Count[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
