package journald

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MaxEntryBytes bounds one entry in the export format.
const MaxEntryBytes = 8 << 20

// maxNameBytes bounds a field's name; journald's own limit is 64.
const maxNameBytes = 256

// place is what the export format says of an entry besides its fields.
type place struct {
	seqnumID, bootID    [16]byte
	seqnum              uint64
	realtime, monotonic uint64 // microseconds
	xor                 uint64 // hash over its fields
}

// appendPlace writes the lines that begin an entry.
func appendPlace(dst []byte, p *place) []byte {
	seqnumID, bootID := hexID(p.seqnumID), hexID(p.bootID)
	dst = append(append(dst, "__CURSOR=s="...), seqnumID...)
	dst = strconv.AppendUint(append(dst, ";i="...), p.seqnum, 16)
	dst = append(append(dst, ";b="...), bootID...)
	dst = strconv.AppendUint(append(dst, ";m="...), p.monotonic, 16)
	dst = strconv.AppendUint(append(dst, ";t="...), p.realtime, 16)
	dst = strconv.AppendUint(append(dst, ";x="...), p.xor, 16)
	dst = strconv.AppendUint(append(dst, "\n__REALTIME_TIMESTAMP="...), p.realtime, 10)
	dst = strconv.AppendUint(append(dst, "\n__MONOTONIC_TIMESTAMP="...), p.monotonic, 10)
	dst = strconv.AppendUint(append(dst, "\n__SEQNUM="...), p.seqnum, 10)
	dst = append(append(dst, "\n__SEQNUM_ID="...), seqnumID...)
	return append(append(append(dst, "\n_BOOT_ID="...), bootID...), '\n')
}

// appendField writes "NAME=value" as a line, or, where it is not plain text, the
// name, the length as 64 bits and the value. It returns false for what has no
// name.
func appendField(dst, field []byte) ([]byte, bool) {
	equals := bytes.IndexByte(field, '=')
	if equals < 0 || !ValidName(field[:equals]) {
		return dst, false
	}
	if printable(field) {
		return append(append(dst, field...), '\n'), true
	}
	value := field[equals+1:]
	dst = append(append(dst, field[:equals]...), '\n')
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(value)))
	return append(append(dst, value...), '\n'), true
}

// ValidName reports whether journald takes the name for a field.
func ValidName(name []byte) bool {
	if len(name) == 0 || len(name) > maxNameBytes || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	for _, c := range name {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// printable reports whether journalctl writes the text as a line: UTF-8 without
// control characters (but tabs), and without characters that are none.
func printable(b []byte) bool {
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 || r <= 0x9f || r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe {
			return false
		}
		i += n
	}
	return true
}

// ErrExport is returned for bytes that are not an entry in the export format.
var ErrExport = errors.New("not an entry in the Journal Export Format")

// Fields calls visit for each field of an entry in the export format, in its
// order. Values alias raw. It stops when visit returns false.
func Fields(raw []byte, visit func(name, value []byte) bool) error {
	for n := 1; len(raw) > 0; n++ {
		name, value, rest, err := cutField(raw)
		if err != nil {
			return fmt.Errorf("field %d: %w", n, err)
		}
		if !visit(name, value) {
			return nil
		}
		raw = rest
	}
	return nil
}

// cutField takes the first field off. The last one may lack its line feed.
func cutField(raw []byte) (name, value, rest []byte, err error) {
	line, rest, _ := bytes.Cut(raw, []byte{'\n'})
	if name, value, ok := bytes.Cut(line, []byte{'='}); ok {
		if !ValidName(name) {
			return nil, nil, nil, fmt.Errorf("no name of a field: %w", ErrExport)
		}
		return name, value, rest, nil
	}
	if !ValidName(line) || len(rest) < 8 {
		return nil, nil, nil, fmt.Errorf("neither text nor binary: %w", ErrExport)
	}
	size, rest := u64(rest, 0), rest[8:]
	if size > uint64(len(rest)) {
		return nil, nil, nil, fmt.Errorf("is longer than the entry: %w", ErrExport)
	}
	value, rest = rest[:size:size], rest[size:]
	if len(rest) > 0 {
		if rest[0] != '\n' {
			return nil, nil, nil, fmt.Errorf("does not end with its length: %w", ErrExport)
		}
		rest = rest[1:]
	}
	return line, value, rest, nil
}
