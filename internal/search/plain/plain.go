package plain

import (
	"strings"
	"unicode/utf8"
)

// Fold returns text as comparisons see it: lower case, and bytes that are not
// UTF-8 replaced the way the lake's columns replace them.
func Fold(text string) string { return strings.ToLower(Column(text)) }

// Column returns text as the text columns keep it: each run of bytes that
// are not UTF-8 becomes one U+FFFD.
func Column(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// Raw returns original bytes as text. Bytes that are not UTF-8 as a whole
// are read byte by byte: printable ASCII as it is, NUL as nothing, so that the
// UTF-16 text of Windows events reads as text, all else as \xNN.
func Raw(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range raw {
		if c >= ' ' && c <= '~' {
			b.WriteByte(c)
			continue
		}
		if c == 0 {
			continue
		}
		b.WriteString(`\x`)
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// RawSQL is Raw in SQL. A BLOB cast to text escapes \ ' and " as well; \ is
// taken back last because the other escapes begin with one.
const RawSQL = `coalesce(TRY(decode(raw)), replace(replace(replace(replace(raw::VARCHAR, ` +
	`'\x00', ''), '\x22', '"'), '\x27', ''''), '\x5C', '\'))`
