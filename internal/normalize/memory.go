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
	items  []event.Value
	stack  []event.Value // members of the lists that are being read
	within event.Fields  // see inner
	again  bool          // see forget
}

const (
	textChunk  = 64 << 10
	fieldChunk = 1024
	attrChunk  = 1024
	itemChunk  = 64
)

// forget makes the storage free for the next record: what was handed out is
// valid no longer. It is for readers of one record at a time.
func (m *memory) forget() {
	m.again = true
	m.text, m.items = m.text[:0], m.items[:0]
}

// inner decodes a JSON object in a field's text. The fields are valid until the
// next call.
func (m *memory) inner(text string) (event.Fields, error) {
	fields, err := decodeJSON(m, text, m.within[:0])
	m.within = fields
	return fields, err
}

// keepItems turns the stack from first on into a list of its own.
func (m *memory) keepItems(first int) []event.Value {
	list := m.stack[first:]
	m.stack = m.stack[:first]
	if cap(m.items)-len(m.items) < len(list) || m.items == nil {
		m.items = make([]event.Value, 0, max(len(list), itemChunk))
	}
	from := len(m.items)
	m.items = append(m.items, list...)
	return m.items[from:len(m.items):len(m.items)]
}

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

// keepFields copies the scratch fields to storage of their own, unless they
// are forgotten before the next are read.
func (m *memory) keepFields(scratch event.Fields) event.Fields {
	if m.again {
		return scratch
	}
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
