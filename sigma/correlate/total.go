package correlate

import (
	"math"
	"math/big"
)

// maxSmall bounds whole numbers that are added in 64 bits: a million of them
// cannot overflow.
const maxSmall = 1 << 42

// total is the exact sum of the values as binary64, or their mean.
type total struct {
	mean  bool
	small int64    // the whole numbers up to maxSmall
	rest  *big.Int // all others, in units of 2^-1074, the smallest binary64
	tmp   *big.Int
}

func (t *total) add(s *series, n uint64)    { t.put(s.nums[s.index(n)], 1) }
func (t *total) remove(s *series, n uint64) { t.put(s.nums[s.index(n)], -1) }

func (t *total) put(f float64, sign int64) {
	if math.Abs(f) <= maxSmall && f == math.Trunc(f) {
		t.small += sign * int64(f)
		return
	}
	if t.rest == nil {
		t.rest, t.tmp = new(big.Int), new(big.Int)
	}
	t.tmp.SetInt64(sign * mantissa(f))
	t.tmp.Lsh(t.tmp, exponent(f))
	t.rest.Add(t.rest, t.tmp)
}

// unit is the exponent of the smallest binary64.
const unit = -1074

// mantissa and exponent split f: f = mantissa * 2^(exponent+unit).
func mantissa(f float64) int64 {
	b := math.Float64bits(f)
	m := int64(b & (1<<52 - 1))
	if b>>52&0x7FF != 0 {
		m |= 1 << 52
	}
	if f < 0 {
		return -m
	}
	return m
}

func exponent(f float64) uint {
	return max(uint(math.Float64bits(f)>>52&0x7FF), 1) - 1
}

// value rounds once: the sum to the nearest binary64, then the quotient.
func (t *total) value(hits int) (float64, bool) {
	if hits == 0 {
		return 0, false
	}
	sum := float64(t.small)
	if t.rest != nil && t.rest.Sign() != 0 {
		t.tmp.SetInt64(t.small)
		t.tmp.Lsh(t.tmp, -unit)
		t.tmp.Add(t.tmp, t.rest)
		exact := new(big.Float).SetInt(t.tmp)
		sum, _ = exact.SetMantExp(exact, unit).Float64()
	}
	if t.mean {
		sum /= float64(hits)
	}
	return sum, true
}
