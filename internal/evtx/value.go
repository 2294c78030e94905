package evtx

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/evident-sec/evident/event"
)

// Types of values, [MS-EVEN6] 2.2.12.
const (
	typeNull       = 0x00
	typeString     = 0x01
	typeANSI       = 0x02
	typeInt8       = 0x03
	typeUint8      = 0x04
	typeInt16      = 0x05
	typeUint16     = 0x06
	typeInt32      = 0x07
	typeUint32     = 0x08
	typeInt64      = 0x09
	typeUint64     = 0x0a
	typeFloat32    = 0x0b
	typeFloat64    = 0x0c
	typeBool       = 0x0d
	typeBinary     = 0x0e
	typeGUID       = 0x0f
	typeSize       = 0x10
	typeFileTime   = 0x11
	typeSystemTime = 0x12
	typeSID        = 0x13
	typeHex32      = 0x14
	typeHex64      = 0x15
	typeHandle     = 0x20
	typeBinXML     = 0x21
	typeXML        = 0x23
	typeArray      = 0x80 // with one of the others
)

// widths are the sizes of the types that have one, in bytes.
var widths = [64]int{
	typeInt8: 1, typeUint8: 1, typeInt16: 2, typeUint16: 2, typeInt32: 4, typeUint32: 4,
	typeInt64: 8, typeUint64: 8, typeFloat32: 4, typeFloat64: 8, typeBool: 4, typeGUID: 16,
	typeFileTime: 8, typeSystemTime: 16, typeHex32: 4, typeHex64: 8,
}

// scalar returns the value as a field has it. A value without bytes is null
// where its type has a width, and empty text where it has none.
func (r *renderer) scalar(kind byte, b []byte) (event.Value, error) {
	if int(kind) >= len(widths) {
		return event.Value{}, fmt.Errorf("a value has the unknown type %#02x", kind)
	}
	if w := widths[kind]; w > 0 {
		if len(b) == 0 {
			return event.Value{}, nil
		}
		if len(b) < w {
			return event.Value{}, fmt.Errorf("a value of type %#02x has %d bytes, not %d", kind, len(b), w)
		}
		b = b[:w]
	}
	switch kind {
	case typeNull:
		return event.Value{}, nil
	case typeString, typeXML, typeANSI, typeBinary, typeSID, typeGUID, typeSize, typeHandle,
		typeFileTime, typeSystemTime, typeHex32, typeHex64:
		return r.text(kind, b)
	case typeBool:
		return event.Value{Kind: event.Bool, Text: strconv.FormatBool(u32(b, 0) != 0)}, nil
	case typeFloat32, typeFloat64:
		return r.float(kind, b), nil
	case typeInt8, typeUint8, typeInt16, typeUint16, typeInt32, typeUint32, typeInt64, typeUint64:
		return r.integer(kind, b), nil
	}
	return event.Value{}, fmt.Errorf("a value has the unknown type %#02x", kind)
}

// integer returns a number in decimal.
func (r *renderer) integer(kind byte, b []byte) event.Value {
	var bits uint64
	for i := len(b) - 1; i >= 0; i-- {
		bits = bits<<8 | uint64(b[i])
	}
	buf := r.arena.room(20)
	switch kind {
	case typeInt8, typeInt16, typeInt32, typeInt64:
		unused := 64 - 8*len(b)
		buf = strconv.AppendInt(buf, int64(bits<<unused)>>unused, 10)
	default:
		buf = strconv.AppendUint(buf, bits, 10)
	}
	return event.Value{Kind: event.Number, Text: r.arena.keep(buf)}
}

// float returns a number as JSON writes it. What is no number is text.
func (r *renderer) float(kind byte, b []byte) event.Value {
	bits := 64
	var f float64
	if kind == typeFloat32 {
		bits, f = 32, float64(math.Float32frombits(u32(b, 0)))
	} else {
		f = math.Float64frombits(u64(b, 0))
	}
	v := event.Value{Kind: event.Number}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		v.Kind = event.String
	}
	v.Text = r.arena.keep(strconv.AppendFloat(r.arena.room(400), f, 'f', -1, bits))
	return v
}

// text returns the values that are text, in the spelling of the package's
// comment.
func (r *renderer) text(kind byte, b []byte) (event.Value, error) {
	buf := r.arena.room(3*len(b) + 64)
	var err error
	switch kind {
	case typeString, typeXML:
		buf = appendUTF16(buf, untilNUL16(b))
	case typeANSI:
		buf = appendANSI(buf, untilNUL(b))
	case typeBinary:
		buf = upper(hex.AppendEncode(buf, b))
	case typeSID:
		buf, err = appendSID(buf, b)
	case typeGUID:
		buf = appendGUID(buf, b)
	case typeFileTime:
		buf = appendTime(buf, fileTime(u64(b, 0)))
	case typeSystemTime:
		buf = appendTime(buf, systemTime(b))
	default:
		buf, err = appendHex(buf, b)
	}
	return event.Value{Kind: event.String, Text: r.arena.keep(buf)}, err
}

// untilNUL16 drops the terminator that some writers count as text.
func untilNUL16(b []byte) []byte {
	for len(b) >= 2 && b[len(b)-1] == 0 && b[len(b)-2] == 0 && len(b)%2 == 0 {
		b = b[:len(b)-2]
	}
	return b
}

func untilNUL(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

// upper puts hexadecimal digits in capitals, in place.
func upper(b []byte) []byte {
	for i, c := range b {
		if c >= 'a' && c <= 'f' {
			b[i] = c - 'a' + 'A'
		}
	}
	return b
}

// appendHex appends a hexadecimal integer of 4 or 8 bytes: 0x3e7.
func appendHex(dst, b []byte) ([]byte, error) {
	dst = append(dst, "0x"...)
	switch len(b) {
	case 4:
		return strconv.AppendUint(dst, uint64(u32(b, 0)), 16), nil
	case 8:
		return strconv.AppendUint(dst, u64(b, 0), 16), nil
	}
	return dst, fmt.Errorf("a size or handle has %d bytes, not 4 or 8", len(b))
}

// appendGUID appends 16 bytes as Windows orders them: three little-endian
// numbers, then eight bytes.
func appendGUID(dst, b []byte) []byte {
	order := [...]byte{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}
	const digits = "0123456789ABCDEF"
	for i, at := range order {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[b[at]>>4], digits[b[at]&15])
	}
	return dst
}

// sidBytes is the length of the security identifier that b begins with.
// [MS-DTYP] 2.4.2.2.
func sidBytes(b []byte) int {
	if len(b) < 8 {
		return 8
	}
	return 8 + 4*int(b[1])
}

func appendSID(dst, b []byte) ([]byte, error) {
	if len(b) == 0 {
		return dst, nil
	}
	if len(b) < sidBytes(b) {
		return dst, fmt.Errorf("a security identifier has %d bytes, not %d", len(b), sidBytes(b))
	}
	dst = append(dst, "S-"...)
	dst = strconv.AppendUint(dst, uint64(b[0]), 10)
	var authority uint64
	for _, c := range b[2:8] {
		authority = authority<<8 | uint64(c)
	}
	dst = strconv.AppendUint(append(dst, '-'), authority, 10)
	for i := range int(b[1]) {
		dst = strconv.AppendUint(append(dst, '-'), uint64(u32(b, 8+4*i)), 10)
	}
	return dst, nil
}

// appendTime appends a time in RFC 3339 with six decimals.
func appendTime(dst []byte, t time.Time) []byte {
	return t.AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
}

// systemTime reads a SYSTEMTIME, which is in UTC here.
func systemTime(b []byte) time.Time {
	return time.Date(u16(b, 0), time.Month(u16(b, 2)), u16(b, 6), u16(b, 8), u16(b, 10), u16(b, 12),
		u16(b, 14)*int(time.Millisecond), time.UTC)
}
