package evtxtest

import (
	"crypto/sha256"
	"encoding/binary"
	"unicode/utf16"
)

// XML writes binary XML into a chunk. Names and templates are written where
// they first occur and referred to from then on, as Windows does.
type XML struct {
	c         *chunk
	dependent bool // elements have a dependency identifier: inside templates
}

// Piece writes one piece of content or of an attribute's value.
type Piece func(*XML)

// Attr is an attribute.
type Attr struct {
	Name  string
	Value Piece
}

// Raw writes bytes as they are.
func (w *XML) Raw(b ...byte) { w.c.buf = append(w.c.buf, b...) }

// Uint16 writes a little-endian number.
func (w *XML) Uint16(n int) { w.c.buf = binary.LittleEndian.AppendUint16(w.c.buf, uint16(n)) }

// Uint32 writes a little-endian number.
func (w *XML) Uint32(n int) { w.c.buf = binary.LittleEndian.AppendUint32(w.c.buf, uint32(n)) }

// Offset returns where in the chunk the next byte goes.
func (w *XML) Offset() int { return len(w.c.buf) }

// sized writes a length of four bytes before what write writes.
func (w *XML) sized(write func()) {
	at := w.Offset()
	w.Uint32(0)
	write()
	binary.LittleEndian.PutUint32(w.c.buf[at:], uint32(w.Offset()-at-4))
}

// Fragment begins a document.
func (w *XML) Fragment() { w.Raw(0x0f, 1, 1, 0) }

// End ends a document.
func (w *XML) End() { w.Raw(0) }

// name writes a name's offset, and the name where it is new.
func (w *XML) name(s string) {
	if at, ok := w.c.names[s]; ok {
		w.Uint32(at)
		return
	}
	w.Uint32(w.Offset() + 4)
	w.c.names[s] = w.Offset()
	units := utf16.Encode([]rune(s))
	hash := 0
	for _, u := range units {
		hash = hash*65599 + int(u)
	}
	bucket := w.c.buf[128+4*(hash&0xffff%64):]
	next := binary.LittleEndian.Uint32(bucket)
	binary.LittleEndian.PutUint32(bucket, uint32(w.Offset()))
	w.Uint32(int(next))
	w.Uint16(hash)
	w.Uint16(len(units))
	w.units(units)
	w.Uint16(0)
}

func (w *XML) units(units []uint16) {
	for _, u := range units {
		w.Uint16(int(u))
	}
}

// Element writes an element; without body it is empty.
func (w *XML) Element(name string, attrs []Attr, body func()) {
	token := byte(0x01)
	if len(attrs) > 0 {
		token |= 0x40
	}
	w.Raw(token)
	if w.dependent {
		w.Uint16(0xffff)
	}
	w.sized(func() {
		w.name(name)
		if len(attrs) > 0 {
			w.sized(func() { w.attributes(attrs) })
		}
		if body == nil {
			w.Raw(0x03)
			return
		}
		w.Raw(0x02)
		body()
		w.Raw(0x04)
	})
}

func (w *XML) attributes(attrs []Attr) {
	for i, a := range attrs {
		token := byte(0x06)
		if i < len(attrs)-1 {
			token |= 0x40
		}
		w.Raw(token)
		w.name(a.Name)
		a.Value(w)
	}
}

// Leaf writes an element with pieces as its content.
func (w *XML) Leaf(name string, attrs []Attr, pieces ...Piece) {
	w.Element(name, attrs, func() {
		for _, p := range pieces {
			p(w)
		}
	})
}

// Text is text.
func Text(s string) Piece {
	return func(w *XML) {
		w.Raw(0x05, 0x01)
		w.counted(s)
	}
}

func (w *XML) counted(s string) {
	units := utf16.Encode([]rune(s))
	w.Uint16(len(units))
	w.units(units)
}

// CData is a CDATA section.
func CData(s string) Piece {
	return func(w *XML) {
		w.Raw(0x07)
		w.counted(s)
	}
}

// Character is a reference to a character by its number.
func Character(n int) Piece {
	return func(w *XML) {
		w.Raw(0x08)
		w.Uint16(n)
	}
}

// Entity is a reference to an entity by its name.
func Entity(name string) Piece {
	return func(w *XML) {
		w.Raw(0x09)
		w.name(name)
	}
}

// Instruction is a processing instruction.
func Instruction(target, text string) Piece {
	return func(w *XML) {
		w.Raw(0x0a)
		w.name(target)
		w.Raw(0x0b)
		w.counted(text)
	}
}

// Sub is a substitution by the value with that number.
func Sub(id int, kind byte) Piece {
	return func(w *XML) {
		w.Raw(0x0d)
		w.Uint16(id)
		w.Raw(kind)
	}
}

// Optional is a substitution that may be null.
func Optional(id int, kind byte) Piece {
	return func(w *XML) {
		w.Raw(0x0e)
		w.Uint16(id)
		w.Raw(kind)
	}
}

// Template writes a template instance. define writes the definition the first
// time that the key occurs in the chunk.
func (w *XML) Template(key string, define func(*XML), values ...Value) {
	sum := sha256.Sum256([]byte(key))
	w.Raw(0x0c, 0x01)
	w.Raw(sum[:4]...)
	if at, ok := w.c.templates[key]; ok {
		w.Uint32(at)
	} else {
		w.Uint32(w.Offset() + 4)
		w.c.templates[key] = w.Offset()
		w.definition(sum[:16], define)
	}
	w.Uint32(len(values))
	descriptors := w.Offset()
	for _, v := range values {
		w.Uint16(len(v.Bytes))
		w.Raw(v.Kind, 0)
	}
	for i, v := range values {
		start := w.Offset()
		w.Raw(v.Bytes...)
		if v.Body != nil {
			v.Body(&XML{c: w.c})
			binary.LittleEndian.PutUint16(w.c.buf[descriptors+4*i:], uint16(w.Offset()-start))
		}
	}
}

func (w *XML) definition(guid []byte, define func(*XML)) {
	bucket := w.c.buf[384+4*int(guid[0]%32):]
	next := binary.LittleEndian.Uint32(bucket)
	binary.LittleEndian.PutUint32(bucket, uint32(w.Offset()))
	w.Uint32(int(next))
	w.Raw(guid...)
	w.sized(func() {
		w.Fragment()
		define(&XML{c: w.c, dependent: true})
		w.End()
	})
}

// Last returns the last n bytes written, to change them.
func (w *XML) Last(n int) []byte { return w.c.buf[len(w.c.buf)-n:] }
