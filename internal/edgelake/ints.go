package edgelake

import (
	"encoding/binary"
	"math/bits"
)

// ints is a column of whole numbers. Neighbours share a frame: its smallest
// number, and as many bits for each as the largest above that needs, counted in
// steps of what all have in common.
type ints struct {
	step   uint64
	frames []frame
	bytes  []byte // 8 more than used, so that reading needs no end
}

type frame struct {
	base  int64
	start uint32 // in bytes
	width uint8  // in bits; above maxBits: 64
}

const (
	frameRows = 64
	maxBits   = 56 // a number that begins inside a byte ends within 8 bytes
)

func packInts(values []int64) ints {
	c := ints{step: commonStep(values)}
	if allEqual(values) {
		if len(values) > 0 {
			c.frames = []frame{{base: values[0]}}
		}
		return c
	}
	c.frames = make([]frame, 0, len(values)/frameRows+1)
	for from := 0; from < len(values); from += frameRows {
		c.pack(values[from:min(len(values), from+frameRows)])
	}
	c.bytes = append(c.bytes, make([]byte, 8)...)
	c.bytes = append(make([]byte, 0, len(c.bytes)), c.bytes...)
	return c
}

func (c *ints) pack(values []int64) {
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	f := frame{base: low, start: uint32(len(c.bytes))}
	f.width = uint8(bits.Len64((uint64(high) - uint64(low)) / c.step))
	if f.width > maxBits {
		f.width = 64
	}
	size := (len(values)*int(f.width) + 7) / 8
	room := make([]byte, size+8)
	for i, v := range values {
		at, n := i*int(f.width), (uint64(v)-uint64(low))/c.step
		have := binary.LittleEndian.Uint64(room[at/8:])
		binary.LittleEndian.PutUint64(room[at/8:], have|n<<(at%8))
	}
	c.bytes = append(c.bytes, room[:size]...)
	c.frames = append(c.frames, f)
}

// commonStep returns the largest number that all differences are multiples of.
func commonStep(values []int64) uint64 {
	step := uint64(0)
	for i := 1; i < len(values) && step != 1; i++ {
		d := uint64(values[i]) - uint64(values[0])
		if values[i] < values[0] {
			d = -d
		}
		for d != 0 {
			step, d = d, step%d
		}
	}
	return max(step, 1)
}

func allEqual(values []int64) bool {
	for _, v := range values {
		if v != values[0] {
			return false
		}
	}
	return true
}

// at returns number i.
func (c *ints) at(i int) int64 {
	if len(c.bytes) == 0 {
		return c.frames[0].base
	}
	f := &c.frames[i/frameRows]
	at := (i % frameRows) * int(f.width)
	v := binary.LittleEndian.Uint64(c.bytes[int(f.start)+at/8:])
	if f.width < 64 {
		v = v >> (at % 8) & (1<<f.width - 1)
	}
	return int64(uint64(f.base) + v*c.step)
}

func (c *ints) size() int { return len(c.bytes) + 16*len(c.frames) + 56 }
