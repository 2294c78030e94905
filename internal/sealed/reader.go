package sealed

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// kept is how many opened blocks a Reader keeps: neighbouring parts share one.
const kept = 4

// Reader reads an encrypted file anywhere. It is safe for concurrent use,
// except for Read and Seek.
type Reader struct {
	from   io.ReaderAt
	aead   AEAD
	header []byte
	sealed int64 // length of the file
	blocks int64
	length int64 // of the text
	at     int64 // of Read

	mu     sync.Mutex
	recent [kept]opened
	next   int
}

type opened struct {
	block int64
	text  []byte
}

// NewReader reads a file of size bytes whose header ReadHeader gave.
func NewReader(from io.ReaderAt, size int64, aead AEAD, h Header) (*Reader, error) {
	header, err := h.encode()
	if err != nil {
		return nil, fmt.Errorf("open encrypted file: %w", err)
	}
	body := size - int64(len(header))
	blocks := (body + BlockBytes + Overhead - 1) / (BlockBytes + Overhead)
	length := body - blocks*Overhead
	if blocks < 1 || length < 0 {
		return nil, errors.New("open encrypted file: it is cut short")
	}
	return &Reader{
		from: from, aead: aead, header: header, sealed: size, blocks: blocks, length: length,
	}, nil
}

// Size returns the length of the text. Until the last block was read it is what
// the length of the file says.
func (r *Reader) Size() int64 { return r.length }

// ReadAt implements io.ReaderAt.
func (r *Reader) ReadAt(b []byte, at int64) (n int, err error) {
	if at < 0 {
		return 0, fmt.Errorf("read encrypted file at %d: before its start", at)
	}
	for n < len(b) {
		if at+int64(n) >= r.length {
			return n, io.EOF
		}
		block := (at + int64(n)) / BlockBytes
		text, err := r.open(block)
		if err != nil {
			return n, err
		}
		from := (at + int64(n)) - block*BlockBytes
		if from >= int64(len(text)) {
			return n, io.EOF
		}
		n += copy(b[n:], text[from:])
	}
	return n, nil
}

// open returns the text of a block, which nobody may change.
func (r *Reader) open(block int64) ([]byte, error) {
	r.mu.Lock()
	for i := range r.recent {
		if r.recent[i].text != nil && r.recent[i].block == block {
			text := r.recent[i].text
			r.mu.Unlock()
			return text, nil
		}
	}
	r.mu.Unlock()
	text, err := r.decrypt(block)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.recent[r.next] = opened{block, text}
	r.next = (r.next + 1) % kept
	r.mu.Unlock()
	return text, nil
}

func (r *Reader) decrypt(block int64) ([]byte, error) {
	start := int64(len(r.header)) + block*(BlockBytes+Overhead)
	b := make([]byte, min(BlockBytes+Overhead, r.sealed-start))
	if n, err := r.from.ReadAt(b, start); n < len(b) {
		return nil, fmt.Errorf("read block %d: %w", block, err)
	}
	last := block == r.blocks-1
	text, err := r.aead.Decrypt(b, associated(r.header, block, last))
	if err != nil {
		return nil, &BlockError{Block: block, Offset: start, Last: last, Err: err}
	}
	if text == nil {
		text = []byte{}
	}
	return text, nil
}

// BlockError says which block is not as it was written.
type BlockError struct {
	Block  int64 // 0-based
	Offset int64 // of the block in the file
	Last   bool  // of the file as it is
	Err    error
}

// Error implements error.
func (e *BlockError) Error() string {
	hint := ""
	if e.Last {
		hint = ", or the file was cut short"
	}
	return fmt.Sprintf("block %d at byte %d is not what was encrypted here, or under another key%s: %v",
		e.Block, e.Offset, hint, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *BlockError) Unwrap() error { return e.Err }

// Read implements io.Reader.
func (r *Reader) Read(b []byte) (int, error) {
	n, err := r.ReadAt(b, r.at)
	r.at += int64(n)
	if n > 0 {
		return n, nil
	}
	return n, err
}

// Seek implements io.Seeker.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.length
	default:
		return r.at, fmt.Errorf("seek encrypted file: unknown whence %d", whence)
	}
	if offset < 0 {
		return r.at, fmt.Errorf("seek encrypted file to %d: before its start", offset)
	}
	r.at = offset
	return offset, nil
}
