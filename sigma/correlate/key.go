package correlate

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
)

const (
	// maxCompared is how many bytes of a text count, besides its length.
	maxCompared = 4096
	// maxShown is how many bytes of a group value are kept for people to read.
	maxShown = 256
	// maxMembers bounds the combinations of list members of one event.
	maxMembers = 64
)

// key stands for the values of a group, or for a value that is counted: the
// texts themselves where they are short, else 120 bits of SHA-256.
type key [16]byte

// hashed marks a key that is a hash; a short text has its length there.
const hashed = 0xFF

// keyer makes keys; it keeps scratch memory.
type keyer struct{ buf []byte }

// of returns the key of n texts. Keys are compared only with those of as many
// texts.
func (k *keyer) of(n int, text func(i int) string) (out key) {
	if n == 1 {
		if t := text(0); len(t) < len(out) {
			out[0] = byte(len(t))
			copy(out[1:], t)
			return out
		}
	}
	k.buf = k.buf[:0]
	for i := range n {
		t := text(i)
		k.buf = binary.AppendUvarint(k.buf, uint64(len(t)))
		k.buf = append(k.buf, t[:min(len(t), maxCompared)]...)
	}
	if len(k.buf) < len(out) {
		out[0] = byte(len(k.buf))
		copy(out[1:], k.buf)
		return out
	}
	sum := sha256.Sum256(k.buf)
	out[0] = hashed
	copy(out[1:], sum[:])
	return out
}

// part spreads keys over the parts of a correlation.
func (k *key) part() int {
	a, b := binary.LittleEndian.Uint64(k[:8]), binary.LittleEndian.Uint64(k[8:])
	high, low := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD6E8FEB86659FD93)
	x := high ^ low ^ a ^ b>>7
	x ^= x >> 32
	return int((x * 0x9E3779B97F4A7C15) >> 61)
}

// members counts the combinations of one value of each field: none where a
// field has no value.
func members(values [][]string, fields []int) int {
	n := 1
	for _, f := range fields {
		n *= len(values[f])
		if n == 0 {
			return 0
		}
		n = min(n, 1<<20)
	}
	return n
}

// member returns field i of the c-th combination; the last field varies first.
func member(values [][]string, fields []int, c, i int) string {
	for j := len(fields) - 1; j > i; j-- {
		c /= len(values[fields[j]])
	}
	list := values[fields[i]]
	return list[c%len(list)]
}

// shown returns a copy of the text that is short enough to keep.
func shown(text string) string {
	if len(text) <= maxShown {
		return strings.Clone(text)
	}
	return strings.ToValidUTF8(text[:maxShown], "") + "…"
}

// number reads decimal text such as "-7", "0.5" or "1e6".
func number(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 64 || strings.Trim(text, "+-.eE0123456789") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f + 0, err == nil // an error also where it is out of range
}
