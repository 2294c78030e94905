package edgelake

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestInts: a packed column gives back what went in, whatever it is.
func TestInts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(
			rapid.Int64(), rapid.Int64Range(0, 5), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 0}),
			rapid.Map(rapid.Int64Range(-9, 1000), func(n int64) int64 { return 7 + n*1000 }),
		)
		values := rapid.SliceOfN(number, 0, 300).Draw(t, "values")
		c := packInts(values)
		for i, want := range values {
			if got := c.at(i); got != want {
				t.Fatalf("number %d is %d, want %d", i, got, want)
			}
		}
	})
}
