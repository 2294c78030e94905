package simulate

import (
	"strconv"
	"strings"
)

// object builds one JSON object in a byte slice, members in call order.
type object struct{ b []byte }

func openObject(buf []byte) object { return object{append(buf, '{')} }

func (o *object) key(name string) {
	if c := o.b[len(o.b)-1]; c != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

func (o *object) str(name, value string) {
	o.key(name)
	o.b = append(appendEscaped(append(o.b, '"'), value), '"')
}

func (o *object) num(name string, value int64) {
	o.key(name)
	o.b = strconv.AppendInt(o.b, value, 10)
}

func (o *object) bool(name string, value bool) {
	o.key(name)
	o.b = strconv.AppendBool(o.b, value)
}

// sub adds a nested object whose members are written by fill.
func (o *object) sub(name string, fill func(*object)) {
	o.key(name)
	o.b = append(o.b, '{')
	fill(o)
	o.b = append(o.b, '}')
}

// pairs adds string members from alternating names and values.
func (o *object) pairs(data []string) {
	for i := 0; i+1 < len(data); i += 2 {
		o.str(data[i], data[i+1])
	}
}

// line closes the object and returns it as a line.
func (o *object) line() []byte { return append(o.b, '}', '\n') }

// appendEscaped appends s as the inside of a JSON string.
func appendEscaped(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(b, s[from:]...)
}

const hexDigits = "0123456789abcdef"

// hexID writes a number as Windows does in the Security log: 0x3e7.
func hexID(n uint64) string { return "0x" + strconv.FormatUint(n, 16) }

func decimal[T ~int | ~int64 | ~uint16 | ~uint32](n T) string {
	return strconv.FormatInt(int64(n), 10)
}

// base returns the last element of a Windows or POSIX path.
func base(path string) string {
	return path[strings.LastIndexAny(path, `\/`)+1:]
}
