package lint

import (
	"math"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// bounds looks at the condition of a correlation of the type, "" for one that
// is not known.
func (d *document) bounds(n *yamltree.Node, typ string) {
	c := n.Get("condition")
	temporal := strings.HasPrefix(typ, "temporal")
	switch {
	case c == nil && (temporal || typ == ""):
		return
	case c == nil:
		d.add("correlation-condition-missing", n.Line, "no condition")
		if typ != "event_count" {
			d.add("correlation-field-missing", n.Line, "%s without field", typ)
		}
		return
	case temporal:
		d.add("correlation-condition-unneeded", c.Line, "%s with a condition", typ)
		return
	case c.Kind != yamltree.Map || len(c.Entries) == 0:
		d.add("correlation-condition-invalid", c.Line, "condition is not a map")
		return
	}
	d.boundKeys(c, typ)
	field := c.Get("field")
	if typ == "event_count" && field != nil {
		d.add("correlation-field-unused", field.Line, "event_count with field")
	}
	if strings.HasPrefix(typ, "value_") && len(scalarsOf(field)) == 0 {
		d.add("correlation-field-missing", c.Line, "%s without field", typ)
	}
	d.percentile(c, typ)
}

// boundKeys looks at every comparison, and at all of them together.
func (d *document) boundKeys(c *yamltree.Node, typ string) {
	low, high, found := math.Inf(-1), math.Inf(1), 0
	for _, e := range c.Entries {
		if e.Key == "field" || e.Key == "percentile" {
			continue
		}
		if !contains(bounds, e.Key) {
			d.addHint("correlation-condition-invalid", e.Line, didYouMean(e.Key, bounds),
				"unknown operator %q", clip(e.Key))
			continue
		}
		found++
		x, err := strconv.ParseFloat(e.Val.Text, 64)
		if err != nil || !e.Val.Scalar() {
			d.add("correlation-bound-not-number", e.Line, "%s: %q", e.Key, clip(e.Val.Text))
			continue
		}
		low, high = narrow(e.Key, x, low, high, typ == "event_count" || typ == "value_count")
		counts := typ == "event_count" || typ == "value_count"
		if counts && (e.Key == "gte" && x <= 1 || e.Key == "gt" && x < 1) {
			d.add("correlation-bound-always", e.Line, "%s: %s holds for one event", e.Key, clip(e.Val.Text))
		}
	}
	if found == 0 {
		d.add("correlation-condition-missing", c.Line, "no bound")
	}
	if low > high {
		d.add("correlation-bound-never", c.Line, "the bounds exclude each other")
	}
}

// narrow returns the numbers from low to high that the bound leaves; whole says
// that only whole numbers occur.
func narrow(op string, x, low, high float64, whole bool) (newLow, newHigh float64) {
	next, before := math.Nextafter(x, math.Inf(1)), math.Nextafter(x, math.Inf(-1))
	if whole {
		next, before = math.Floor(x)+1, math.Ceil(x)-1
	}
	switch op {
	case "gt":
		low = max(low, next)
	case "gte":
		low = max(low, x)
	case "lt":
		high = min(high, before)
	case "lte":
		high = min(high, x)
	case "eq":
		low, high = max(low, x), min(high, x)
	}
	return low, high
}

func (d *document) percentile(c *yamltree.Node, typ string) {
	p := c.Get("percentile")
	if typ != "value_percentile" {
		if p != nil && typ != "" {
			d.add("percentile-unused", p.Line, "%s with percentile", typ)
		}
		return
	}
	if p == nil {
		return // the specification's own example leaves it out
	}
	x, err := strconv.ParseFloat(p.Text, 64)
	if err != nil || x < 0 || x > 100 {
		d.add("percentile-invalid", p.Line, "percentile %q", clip(p.Text))
	}
}
