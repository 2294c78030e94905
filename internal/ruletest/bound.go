package ruletest

import "fmt"

// Bound is how often a rule must fire: at least Least times and, unless Open,
// at most Most times.
type Bound struct {
	Least, Most int
	Open        bool // no upper end
}

// Exactly is the bound of one number.
func Exactly(n int) Bound { return Bound{Least: n, Most: n} }

// AtLeast is the bound without an upper end.
func AtLeast(n int) Bound { return Bound{Least: n, Open: true} }

// Holds reports whether the number is within the bound.
func (b Bound) Holds(n int) bool { return n >= b.Least && (b.Open || n <= b.Most) }

// String says the bound in words, e.g. "exactly 2".
func (b Bound) String() string {
	switch {
	case b.Open:
		return fmt.Sprintf("at least %d", b.Least)
	case b.Least == b.Most:
		return fmt.Sprintf("exactly %d", b.Least)
	case b.Least == 0:
		return fmt.Sprintf("at most %d", b.Most)
	}
	return fmt.Sprintf("%d to %d", b.Least, b.Most)
}
