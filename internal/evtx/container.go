package evtx

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// containerMagic stands between a record and its fragments; the last byte is
// the version of the container.
const containerMagic = "EVX\x01"

var (
	// ErrContainer is returned for bytes that are no record with its fragments.
	ErrContainer = errors.New("not an event record with its fragments")
	errVersion   = fmt.Errorf("another version of the container: %w", ErrContainer)
)

// AppendRaw appends the record, verbatim, and the fragments of its chunk that
// it needs to be decoded alone. See docs/formats/evtx-record.md.
func (c *Chunk) AppendRaw(dst []byte, rec Record) []byte {
	dst = append(dst, c.data[rec.Offset:rec.Offset+rec.Size]...)
	dst = append(dst, containerMagic...)
	dst = binary.AppendUvarint(dst, uint64(rec.Offset))
	needs := c.needs(rec)
	total := 0
	for _, e := range needs {
		total += e.size
	}
	if total > c.budget {
		needs, c.incomplete = nil, true
	} else {
		c.budget -= total
	}
	dst = binary.AppendUvarint(dst, uint64(len(needs)))
	for _, e := range needs {
		dst = binary.AppendUvarint(dst, uint64(e.offset))
		dst = binary.AppendUvarint(dst, uint64(e.size))
		dst = append(dst, c.data[e.offset:e.end()]...)
	}
	return dst
}

// container is a decoded record with its fragments.
type container struct {
	record []byte
	offset int    // of the record in its chunk
	shared []byte // the encoded fragments
}

// RecordBytes returns the part of raw that is the record as it stood in its
// file, from its magic to the copy of its size.
func RecordBytes(raw []byte) ([]byte, error) {
	c, err := openContainer(raw)
	return c.record, err
}

// openContainer splits raw; the fragments are not looked into.
func openContainer(raw []byte) (c container, err error) {
	if len(raw) < minRecord+len(containerMagic) || string(raw[:4]) != recordMagic {
		return c, ErrContainer
	}
	size := int(u32(raw, 4))
	if size < minRecord || size > ChunkBytes || size > len(raw)-len(containerMagic) {
		return c, ErrContainer
	}
	rest := raw[size:]
	if string(rest[:3]) != containerMagic[:3] {
		return c, ErrContainer
	}
	if rest[3] != containerMagic[3] {
		return c, errVersion
	}
	offset, n := binary.Uvarint(rest[len(containerMagic):])
	if n <= 0 || offset > uint64(ChunkBytes-size) {
		return c, fmt.Errorf("offset of the record: %w", ErrContainer)
	}
	return container{raw[:size:size], int(offset), rest[len(containerMagic)+n:]}, nil
}

// parseFragments reads the encoded fragments.
func parseFragments(b []byte, out []fragment) ([]fragment, error) {
	count, n := binary.Uvarint(b)
	if n <= 0 || count > uint64(len(b)) {
		return nil, fmt.Errorf("number of fragments: %w", ErrContainer)
	}
	b = b[n:]
	end := 0
	for i := range count {
		offset, n := binary.Uvarint(b)
		size, m := binary.Uvarint(b[max(n, 0):])
		if n <= 0 || m <= 0 || offset > ChunkBytes || size == 0 || size > ChunkBytes-offset ||
			size > uint64(len(b)-n-m) || i > 0 && int(offset) <= end {
			return nil, fmt.Errorf("fragment %d: %w", i+1, ErrContainer)
		}
		b = b[n+m:]
		out = append(out, fragment{int(offset), b[:size:size]})
		end, b = int(offset+size), b[size:]
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last fragment: %w", len(b), ErrContainer)
	}
	return out, nil
}
