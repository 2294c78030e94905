package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/evident-sec/evident/internal/flaw"
)

// ErrFormat is returned for a file that is no event log.
var ErrFormat = errors.New("not a Windows event log (EVTX)")

// Reader reads an event log front to back. It holds one chunk at a time.
type Reader struct {
	in       io.Reader
	head     fileHead
	chunk    Chunk
	at       int64 // offset of the next chunk in the file
	err      error // why there is no next chunk
	problems flaw.List
	verdict  Verdict
	runs     runs
}

// fileHead is what the file header says.
type fileHead struct {
	next   uint64 // number of the record to be written next
	chunks int    // chunks that were in use
	dirty  bool   // the file was not closed
	sound  bool   // the checksum is right
}

// headerPlace names the file header in a problem.
const headerPlace = "file header"

// NewReader reads the file header. ErrFormat says that in is something else.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: in, at: FileHeaderBytes}
	var b [FileHeaderBytes]byte
	n, err := io.ReadFull(in, b[:])
	if n < len(fileMagic) || string(b[:len(fileMagic)]) != fileMagic {
		return nil, fmt.Errorf("read event log: %w", ErrFormat)
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		r.err = io.EOF
		r.problems.Add(true, "", "this Windows event log (EVTX) ends inside its header (truncated)")
		return r, nil
	case err != nil:
		return nil, fmt.Errorf("read event log header: %w", err)
	}
	r.head = fileHead{
		next: u64(b[:], 24), chunks: u16(b[:], 42), dirty: u32(b[:], 120)&1 != 0,
		sound: crc32.ChecksumIEEE(b[:120]) == u32(b[:], 124),
	}
	r.verdict.Unclosed = r.head.dirty
	if !r.head.sound {
		r.problems.Add(false, headerPlace,
			"its checksum does not match; it is not relied on, all chunks are read")
	}
	return r, nil
}

// Next returns the next chunk that holds records; it is valid until the call
// after. At the end of the file it returns io.EOF, and Problems and Verdict are
// then complete. What was read before another error is returned first.
func (r *Reader) Next() (*Chunk, error) {
	for r.err == nil {
		at := r.at
		n, err := io.ReadFull(r.in, r.chunk.buffer[:])
		r.at += int64(n)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			r.err = io.EOF
		case err != nil:
			r.err = fmt.Errorf("read chunk at byte %d: %w", at, err)
		}
		if r.take(at, r.chunk.buffer[:n]) {
			return &r.chunk, nil
		}
	}
	if !r.verdict.done {
		r.finish()
	}
	return nil, r.err
}

// take looks at one chunk and reports whether it has records.
func (r *Reader) take(at int64, data []byte) bool {
	if len(data) == 0 || bytes.Count(data, []byte{0}) == len(data) {
		return false // allocated, never written
	}
	c := &r.chunk
	c.open(at, data)
	if len(data) < ChunkBytes {
		r.problems.Add(true, c.where(), "the file ends inside this chunk (truncated): "+
			"%d of %d bytes are there", len(data), ChunkBytes)
	}
	c.examine(&r.problems, r.head.dirty)
	r.verdict.Chunks++
	if !c.headerSound || !c.recordsSound {
		r.verdict.Unsound++
	}
	r.verdict.Records += len(c.records)
	r.verdict.Old += c.old
	for i := range c.records {
		r.runs.add(c.records[i].Number)
	}
	return len(c.records) > 0
}

// Problems returns what was found to be wrong so far.
func (r *Reader) Problems() []Problem {
	return r.problems.All()
}

// Verdict says how far the file's own seals hold. It is complete once Next has
// returned io.EOF.
func (r *Reader) Verdict() Verdict { return r.verdict }
