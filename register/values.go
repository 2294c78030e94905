package register

import "time"

// Date is a day, written 2026-11-22. The zero Date is no day.
type Date struct{ time.Time }

// Band is how likely a move succeeds, in words: an order, not a probability.
type Band string

// The bands from easy to hard.
const (
	Likely   Band = "likely"
	Possible Band = "possible"
	Unlikely Band = "unlikely"
	Remote   Band = "remote"
)

// Category is a kind of data; Categories lists them.
type Category string

// Trait is what is known of a category.
type Trait struct {
	Category Category
	Doc      string
	// Irrevocable is 0 (can be reset) to 1 (for life), a product opinion: see
	// docs/exposure.md.
	Irrevocable float64
	// Dimension is the group that the mosaic check counts: identity, biometric,
	// location, relationship, travel, health, finance, or "".
	Dimension string
	// Bulk is the category of 28 CFR 202 it falls under, "" for none.
	Bulk string
}
