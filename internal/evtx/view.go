package evtx

import "slices"

// fragment is bytes of a chunk together with where they stand in it.
type fragment struct {
	offset int
	data   []byte
}

func (f fragment) end() int { return f.offset + len(f.data) }

// from returns the bytes from an offset of the chunk to the fragment's end.
func (f fragment) from(offset int) []byte {
	if offset < f.offset || offset >= f.end() {
		return nil
	}
	return f.data[offset-f.offset:]
}

// view is a chunk of which only some bytes may be known: a whole one when a
// file is read, a record and its fragments when one is decoded alone.
type view struct {
	offset    int // of record
	record    []byte
	fragments []fragment // ascending, apart
}

// at returns the n bytes at an offset, where one part of the view has all of
// them.
func (v *view) at(offset, n int) ([]byte, bool) {
	if b := (fragment{v.offset, v.record}).from(offset); len(b) >= n {
		return b[:n:n], true
	}
	i, found := slices.BinarySearchFunc(v.fragments, offset, func(f fragment, offset int) int {
		return f.offset - offset
	})
	if !found {
		i-- // the one that begins before
	}
	if i < 0 {
		return nil, false
	}
	b := v.fragments[i].from(offset)
	if len(b) < n {
		return nil, false
	}
	return b[:n:n], true
}

// extent is a range of a chunk's bytes.
type extent struct{ offset, size int }

func (e extent) end() int { return e.offset + e.size }

// within reports whether the extent lies inside another one.
func (e extent) within(outer extent) bool {
	return e.offset >= outer.offset && e.end() <= outer.end()
}
