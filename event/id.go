package event

import (
	"fmt"
	"strconv"
	"strings"
)

// ID names one record for good: the journal entry that carried it and its
// 0-based leaf index in that entry. Its text form is "ENTRY-LEAF", e.g. "12-7",
// and is what OCSF metadata.uid holds.
type ID struct {
	Entry uint64
	Leaf  uint32
}

// String returns the text form, e.g. "12-7".
func (id ID) String() string {
	return strconv.FormatUint(id.Entry, 10) + "-" + strconv.FormatUint(uint64(id.Leaf), 10)
}

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// Before reports whether id was journaled before other.
func (id ID) Before(other ID) bool {
	return id.Entry < other.Entry || id.Entry == other.Entry && id.Leaf < other.Leaf
}

// ParseID reads the text form of an identifier.
func ParseID(s string) (ID, error) {
	entry, leaf, ok := strings.Cut(s, "-")
	if !ok {
		return ID{}, fmt.Errorf("parse event identifier %q: want ENTRY-LEAF, e.g. 12-7", s)
	}
	e, err := strconv.ParseUint(entry, 10, 63)
	if err != nil || e == 0 {
		return ID{}, fmt.Errorf("parse event identifier %q: entry is not a positive number", s)
	}
	l, err := strconv.ParseUint(leaf, 10, 31)
	if err != nil {
		return ID{}, fmt.Errorf("parse event identifier %q: leaf is not a number", s)
	}
	return ID{Entry: e, Leaf: uint32(l)}, nil
}
