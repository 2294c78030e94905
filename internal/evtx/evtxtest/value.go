package evtxtest

import (
	"encoding/binary"
	"math"
	"time"
	"unicode/utf16"
)

// Value is one value of a template instance: a type of [MS-EVEN6] 2.2.12 and
// its bytes, or the document that Body writes.
type Value struct {
	Kind  byte
	Bytes []byte
	Body  func(*XML)
}

// Null is no value.
func Null() Value { return Value{} }

// String is text.
func String(s string) Value { return Value{Kind: 0x01, Bytes: UTF16(s)} }

// Strings is an array of texts.
func Strings(list ...string) Value {
	v := Value{Kind: 0x81}
	for _, s := range list {
		v.Bytes = append(append(v.Bytes, UTF16(s)...), 0, 0)
	}
	return v
}

// Number is an integer of a width in bytes.
func Number(kind byte, width int, n uint64) Value {
	b := binary.LittleEndian.AppendUint64(nil, n)
	return Value{Kind: kind, Bytes: b[:width]}
}

// Double is a float of eight bytes.
func Double(f float64) Value { return Number(0x0c, 8, math.Float64bits(f)) }

// Time is a FILETIME.
func Time(t time.Time) Value { return Number(0x11, 8, FileTime(t)) }

// SID is a security identifier of revision 1 and authority 5.
func SID(parts ...uint32) Value {
	b := []byte{1, byte(len(parts)), 0, 0, 0, 0, 0, 5}
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, p)
	}
	return Value{Kind: 0x13, Bytes: b}
}

// Document is a document.
func Document(body func(*XML)) Value { return Value{Kind: 0x21, Body: body} }

// UTF16 returns text in UTF-16LE.
func UTF16(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// FileTime returns t in 100 ns since 1601-01-01 UTC.
func FileTime(t time.Time) uint64 {
	return uint64(t.Unix()+11_644_473_600)*10_000_000 + uint64(t.Nanosecond()/100)
}
