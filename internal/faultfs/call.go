package faultfs

import (
	"errors"
	"syscall"
	"time"
)

// ErrUnsupported says that this machine has no way to watch file system calls.
var ErrUnsupported = errors.New("file system calls cannot be watched here")

// Call is one call of the child that would change a file below the watched
// folder.
type Call struct {
	Name  string // as in the kernel: "write", "pwrite64", "fsync", "renameat", …
	Path  string // the file; of a rename the new name
	Bytes int    // to be written, 0 for other calls
	N     int    // how many such calls there were, this one included
}

// Verdict is what becomes of a call; the zero value lets it through.
type Verdict struct {
	Delay time.Duration // before anything else
	Errno syscall.Errno // the call fails with it and does nothing
	Kill  bool          // the process is killed and the call does nothing

	// Tear writes this many bytes of a write before the error or the kill; a tear
	// without them makes it a short write.
	Tear int
}

// Rule decides about every call, one after another.
type Rule func(Call) Verdict
