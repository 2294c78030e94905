package journal

import (
	"errors"
	"fmt"
)

// Errors that callers branch on.
var (
	// ErrNotFound is returned for a sequence that is not held: purged, or not
	// assigned yet.
	ErrNotFound = errors.New("no such journal entry")
	// ErrLost is returned by Open when entries that were acknowledged are
	// missing from the end of the journal.
	ErrLost = errors.New("acknowledged journal entries are lost")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("journal is closed")
	// ErrTooLarge is returned by Append for an entry above MaxEntryBytes.
	ErrTooLarge = errors.New("journal entry is too large")

	// errDown: the server could not be started again after a failed write.
	errDown = errors.New("journal is down")
)

// DamageError reports an entry that was acknowledged and cannot be read back
// whole.
type DamageError struct {
	Seq uint64 // the entry
	Dir string // the journal's folder
	Err error  // what is wrong with it
}

// Error implements error.
func (e *DamageError) Error() string {
	return fmt.Sprintf("journal entry %d in %s is damaged: %v", e.Seq, e.Dir, e.Err)
}

// Unwrap returns the cause.
func (e *DamageError) Unwrap() error { return e.Err }
