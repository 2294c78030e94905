package evtx

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// appendUTF16 appends UTF-16LE text as UTF-8. A surrogate without its other
// half becomes U+FFFD; an odd last byte is not a character.
func appendUTF16(dst, src []byte) []byte {
	for len(src) >= 2 {
		// Four characters at a time while they are ASCII: most are.
		for len(src) >= 8 {
			w := binary.LittleEndian.Uint64(src)
			if w&0xff80_ff80_ff80_ff80 != 0 {
				break
			}
			dst = append(dst, byte(w), byte(w>>16), byte(w>>32), byte(w>>48))
			src = src[8:]
		}
		if len(src) < 2 {
			break
		}
		c := rune(binary.LittleEndian.Uint16(src))
		src = src[2:]
		if utf16.IsSurrogate(c) {
			low := rune(utf8.RuneError)
			if len(src) >= 2 {
				low = rune(binary.LittleEndian.Uint16(src))
			}
			if c = utf16.DecodeRune(c, low); c != utf8.RuneError {
				src = src[2:]
			}
		}
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

// windows1252 holds the characters of bytes 0x80 to 0x9f; the others are those
// of Latin-1. https://encoding.spec.whatwg.org/index-windows-1252.txt
const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

// appendANSI appends text in Windows-1252 as UTF-8. The file does not say which
// code page the writer had; this is the most common one.
func appendANSI(dst, src []byte) []byte {
	for _, b := range src {
		if b < 0x80 || b > 0x9f {
			dst = utf8.AppendRune(dst, rune(b))
			continue
		}
		n := 0
		for _, c := range windows1252 {
			if n == int(b-0x80) {
				dst = utf8.AppendRune(dst, c)
				break
			}
			n++
		}
	}
	return dst
}

// arena is memory for the texts of many fields. Text that was handed out is
// never changed.
type arena struct{ free []byte }

const arenaBytes = 64 << 10

// room returns an empty slice that n bytes can be appended to.
func (a *arena) room(n int) []byte {
	if cap(a.free)-len(a.free) < n {
		a.free = make([]byte, 0, max(n, arenaBytes))
	}
	return a.free[len(a.free):]
}

// keep makes what was appended to room's slice a string.
func (a *arena) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	a.free = a.free[:len(a.free)+len(b)]
	return unsafe.String(&b[0], len(b))
}
