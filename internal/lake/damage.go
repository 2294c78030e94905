package lake

import "github.com/evident-sec/evident/internal/lake/originals"

// DamageError says which part of a lake file cannot be read or is not what was
// sealed.
type DamageError = originals.DamageError

func damage(path string, first, last uint64, err error) error {
	return originals.Damage(path, first, last, err)
}

var errShape = originals.ErrShape

// guard runs fn and turns a panic in it into an error: the Parquet reader
// panics on some damaged files.
func guard(fn func() error) error { return originals.Guard(fn) }
