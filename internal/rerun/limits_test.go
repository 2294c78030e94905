package rerun

import (
	"math"
	"testing"

	"github.com/evident-sec/evident/internal/reconstruct"
)

// TestSkeletonLimit: a result keeps the limit it was made with; one sealed before there
// was a limit is made again without.
func TestSkeletonLimit(t *testing.T) {
	if l := limitsOf(reconstruct.Limits{Skeleton: 77}.Filled()).limits(); l.Skeleton != 77 {
		t.Errorf("the limit became %d", l.Skeleton)
	}
	old := limitsOf(reconstruct.Limits{}.Filled())
	old.Skeleton = 0
	if l := old.limits(); l.Skeleton != math.MaxInt {
		t.Errorf("a result without limit is made again with %d", l.Skeleton)
	}
}
