package originals

import "fmt"

// DamageError says which part of a lake file cannot be read or is not what was
// sealed.
type DamageError struct {
	Path        string // the file
	Group       int    // row group, -1 for the whole file
	First, Last uint64 // entries whose records or events are affected, at most
	Err         error
}

// Error implements error.
func (e *DamageError) Error() string {
	where := ""
	if e.Group >= 0 {
		where = fmt.Sprintf(" row group %d", e.Group)
	}
	return fmt.Sprintf("read %s%s (entries %d to %d): %v", e.Path, where, e.First, e.Last, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *DamageError) Unwrap() error { return e.Err }

// Damage makes a DamageError about a whole file.
func Damage(path string, first, last uint64, err error) error {
	return &DamageError{Path: path, Group: -1, First: first, Last: last, Err: err}
}
