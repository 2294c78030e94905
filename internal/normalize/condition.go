package normalize

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

// condition holds when the field has one of the values. Values compare without
// regard to case; "*" is any present value, "-" none, "text*" a prefix, "*text" a suffix.
type condition struct {
	field    string
	id       int32 // number of field
	equal    []string
	prefixes []string
	suffixes []string
	present  bool
	missing  bool
}

func newCondition(field string, values []string) condition {
	c := condition{field: field}
	for _, v := range values {
		switch prefix, isPrefix := strings.CutSuffix(v, "*"); {
		case v == "*":
			c.present = true
		case v == "-":
			c.missing = true
		case strings.HasPrefix(v, "*"):
			c.suffixes = append(c.suffixes, v[1:])
		case isPrefix:
			c.prefixes = append(c.prefixes, prefix)
		default:
			c.equal = append(c.equal, v)
		}
	}
	return c
}

func (c *condition) holds(r *run) bool {
	v := r.get(c.id)
	if v == nil {
		return c.missing
	}
	if v.Kind != event.List {
		return c.accepts(v.Text)
	}
	for i := range v.Items {
		if c.accepts(v.Items[i].Text) {
			return true
		}
	}
	return c.missing && len(v.Items) == 0
}

func (c *condition) accepts(s string) bool {
	if absent(s) {
		return c.missing
	}
	if c.present {
		return true
	}
	for _, e := range c.equal {
		if len(e) == len(s) && strings.EqualFold(e, s) {
			return true
		}
	}
	for _, p := range c.prefixes {
		if len(s) >= len(p) && strings.EqualFold(s[:len(p)], p) {
			return true
		}
	}
	for _, p := range c.suffixes {
		if len(s) >= len(p) && strings.EqualFold(s[len(s)-len(p):], p) {
			return true
		}
	}
	return false
}

// all reports whether every condition holds.
func all(conditions []condition, r *run) bool {
	for i := range conditions {
		if !conditions[i].holds(r) {
			return false
		}
	}
	return true
}
