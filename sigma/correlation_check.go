package sigma

import (
	"math"

	"github.com/evident-sec/evident/internal/yamltree"
)

// checkCondition refuses conditions that lack what the type needs or have what
// it has no use for.
func (c *Correlation) checkCondition(n *yamltree.Node) error {
	needsField := !c.Type.temporal() && c.Type != EventCount
	switch {
	case len(c.Bounds) == 0:
		return yamltree.Errorf(n.Line, "condition has no gt, gte, lt, lte, eq or neq")
	case needsField && len(c.Fields) == 0:
		return yamltree.Errorf(n.Line, "condition of %s has no field", c.Type)
	case !needsField && len(c.Fields) > 0:
		return yamltree.Errorf(n.Get("field").At(), "condition of %s takes no field", c.Type)
	case len(c.Fields) > 1 && c.Type != ValueCount:
		return yamltree.Errorf(n.Get("field").At(), "condition of %s takes one field", c.Type)
	}
	percentile := n.Get("percentile")
	if c.Type == ValuePercentile && percentile == nil {
		return yamltree.Errorf(n.Line, "condition of value_percentile has no percentile (0 to 100); "+
			"the specification names no default")
	}
	if c.Type != ValuePercentile && percentile != nil {
		return yamltree.Errorf(percentile.Line, "condition of %s takes no percentile", c.Type)
	}
	return c.checkBounds(n.Line)
}

// checkBounds refuses bounds that no figure, or every figure, meets.
func (c *Correlation) checkBounds(line int) error {
	if len(c.Bounds) > 2 {
		return yamltree.Errorf(line, "condition has %d comparisons, want one or a range of two",
			len(c.Bounds))
	}
	low, high := math.Inf(-1), math.Inf(1)
	for _, b := range c.Bounds {
		if c.Type.counts() && (b.Value < 0 || b.Value != math.Trunc(b.Value)) {
			return yamltree.Errorf(line, "%s %v is not a whole number; %s counts", b.Op, b.Value, c.Type)
		}
		from, to := c.interval(b)
		low, high = max(low, from), min(high, to)
	}
	if c.Type.counts() {
		low, high = max(low, 1), min(high, c.most())
	}
	if low > high {
		return yamltree.Errorf(line, "condition can never hold: a correlation sees what occurs, not "+
			"what is absent")
	}
	return nil
}

// interval returns the least and the greatest figure within the bound; counts
// are whole.
func (c *Correlation) interval(b Bound) (from, to float64) {
	from, to = math.Inf(-1), math.Inf(1)
	next, before := math.Nextafter(b.Value, to), math.Nextafter(b.Value, from)
	if c.Type.counts() {
		next, before = b.Value+1, b.Value-1
	}
	switch b.Op {
	case "gt":
		from = next
	case "gte":
		from = b.Value
	case "lt":
		to = before
	case "lte":
		to = b.Value
	case "eq":
		from, to = b.Value, b.Value
	}
	return from, to
}

// most returns the greatest count that can occur: a temporal correlation counts
// its rules.
func (c *Correlation) most() float64 {
	if c.Type.temporal() {
		return float64(len(c.Rules))
	}
	return math.Inf(1)
}
