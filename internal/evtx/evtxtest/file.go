package evtxtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"time"
)

const (
	fileHeader  = 4096
	chunkSize   = 64 << 10
	chunkHeader = 512
)

// File is a log being written. The zero File is empty.
type File struct {
	Unclosed bool // say that the log was open when it was copied

	chunks []*chunk
	next   uint64
}

// chunk is 64 KiB being written, with the names and templates that are in it.
type chunk struct {
	buf         []byte
	first, last uint64
	lastAt      int // offset of the last record
	names       map[string]int
	templates   map[string]int
}

func newChunk() *chunk {
	return &chunk{
		buf: make([]byte, chunkHeader, chunkSize), names: map[string]int{}, templates: map[string]int{},
	}
}

// Chunk begins a new chunk.
func (f *File) Chunk() { f.chunks = append(f.chunks, newChunk()) }

// errFull says that a record does not fit its chunk.
var errFull = errors.New("does not fit a chunk")

// Record writes one record; body writes its binary XML. A new chunk is begun
// where the current one is full.
func (f *File) Record(number uint64, written time.Time, body func(*XML)) error {
	if len(f.chunks) == 0 {
		f.Chunk()
	}
	err := f.chunks[len(f.chunks)-1].record(number, written, body)
	if errors.Is(err, errFull) {
		f.Chunk()
		err = f.chunks[len(f.chunks)-1].record(number, written, body)
	}
	if err != nil {
		return fmt.Errorf("write record %d: %w", number, err)
	}
	f.next = max(f.next, number+1)
	return nil
}

func (c *chunk) record(number uint64, written time.Time, body func(*XML)) error {
	before, names, templates := len(c.buf), maps.Clone(c.names), maps.Clone(c.templates)
	header := bytes.Clone(c.buf[:chunkHeader])
	c.buf = append(c.buf, 0x2a, 0x2a, 0, 0, 0, 0, 0, 0)
	c.buf = binary.LittleEndian.AppendUint64(c.buf, number)
	c.buf = binary.LittleEndian.AppendUint64(c.buf, FileTime(written))
	body(&XML{c: c})
	for (len(c.buf)-before)%8 != 4 {
		c.buf = append(c.buf, 0)
	}
	size := len(c.buf) - before + 4
	c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(size))
	binary.LittleEndian.PutUint32(c.buf[before+4:], uint32(size))
	if len(c.buf) > chunkSize {
		c.buf, c.names, c.templates = c.buf[:before], names, templates
		copy(c.buf, header)
		return errFull
	}
	if before == chunkHeader {
		c.first = number
	}
	c.last, c.lastAt = number, before
	return nil
}

// Bytes returns the file with its checksums.
func (f *File) Bytes() []byte {
	b := make([]byte, fileHeader, fileHeader+len(f.chunks)*chunkSize)
	copy(b, "ElfFile\x00")
	le := binary.LittleEndian
	le.PutUint64(b[16:], uint64(max(0, len(f.chunks)-1)))
	le.PutUint64(b[24:], max(1, f.next))
	le.PutUint32(b[32:], 128)
	le.PutUint16(b[36:], 1)
	le.PutUint16(b[38:], 3)
	le.PutUint16(b[40:], fileHeader)
	le.PutUint16(b[42:], uint16(len(f.chunks)))
	if f.Unclosed {
		b[120] = 1
	}
	for _, c := range f.chunks {
		b = append(b, c.bytes()...)
	}
	Seal(b)
	return b
}

func (c *chunk) bytes() []byte {
	b := make([]byte, chunkSize)
	copy(b, c.buf)
	copy(b, "ElfChnk\x00")
	le := binary.LittleEndian
	for _, at := range []int{8, 24} {
		le.PutUint64(b[at:], c.first)
		le.PutUint64(b[at+8:], c.last)
	}
	le.PutUint32(b[40:], 128)
	le.PutUint32(b[44:], uint32(c.lastAt))
	le.PutUint32(b[48:], uint32(len(c.buf)))
	return b
}

// Seal puts right all checksums of a file that was changed: what is wrong with
// it then is only what was changed.
func Seal(file []byte) {
	le := binary.LittleEndian
	if len(file) < fileHeader {
		return
	}
	le.PutUint32(file[124:], crc32.ChecksumIEEE(file[:120]))
	for b := file[fileHeader:]; len(b) >= chunkSize; b = b[chunkSize:] {
		if string(b[:8]) != "ElfChnk\x00" {
			continue
		}
		if end := le.Uint32(b[48:]); end >= chunkHeader && end <= chunkSize {
			le.PutUint32(b[52:], crc32.ChecksumIEEE(b[chunkHeader:end]))
		}
		sum := crc32.ChecksumIEEE(b[:120])
		le.PutUint32(b[124:], crc32.Update(sum, crc32.IEEETable, b[128:chunkHeader]))
	}
}
