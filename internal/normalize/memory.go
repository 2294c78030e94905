package normalize

import (
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/evident-sec/evident/event"
)

// memory hands out storage that the records of one entry share, so that a
// record costs a few allocations instead of one for each field.
type memory struct {
	text   []byte
	fields []event.Field
	values []event.AttrValue
}

const (
	textChunk  = 64 << 10
	fieldChunk = 1024
	attrChunk  = 1024
)

// alias returns the bytes as a string without copying. The bytes of a record
// are never changed after it was read, which makes this safe.
func alias(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// room returns an empty slice with at least n bytes of spare capacity. The
// caller appends at most n bytes and passes the result to keep.
func (m *memory) room(n int) []byte {
	if cap(m.text)-len(m.text) < n {
		m.text = make([]byte, 0, max(n, textChunk))
	}
	return m.text[len(m.text):len(m.text)]
}

// keep turns what was appended to room's slice into a string.
func (m *memory) keep(b []byte) string {
	m.text = m.text[:len(m.text)+len(b)]
	return alias(b)
}

// join returns a + sep + b.
func (m *memory) join(a, sep, b string) string {
	buf := m.room(len(a) + len(sep) + len(b))
	buf = append(append(append(buf, a...), sep...), b...)
	return m.keep(buf)
}

// keepFields copies the scratch fields to storage of their own.
func (m *memory) keepFields(scratch event.Fields) event.Fields {
	n := len(scratch)
	if len(m.fields) < n {
		m.fields = make([]event.Field, max(n, fieldChunk))
	}
	out := m.fields[:n:n]
	m.fields = m.fields[n:]
	copy(out, scratch)
	return out
}

// keepAttrs copies the scratch attributes to storage of their own, with one
// spare place.
func (m *memory) keepAttrs(scratch event.Attributes) event.Attributes {
	n := len(scratch) + 1
	if len(m.values) < n {
		m.values = make([]event.AttrValue, max(n, attrChunk))
	}
	out := m.values[: n-1 : n]
	m.values = m.values[n:]
	copy(out, scratch)
	return out
}

// validText returns the bytes as text. Where they are not UTF-8, a repaired
// copy in which each run of bad bytes is one U+FFFD.
func validText(raw []byte) string {
	s := alias(raw)
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// clip shortens text to at most n bytes at a rune boundary.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
