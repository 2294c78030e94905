package evtx

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/evident-sec/evident/internal/flaw"
)

// Chunk is 64 KiB of a log: records with the names and templates they share.
type Chunk struct {
	buffer  [ChunkBytes]byte
	data    []byte // of buffer, as far as the file goes
	at      int64  // offset in the file
	records []Record
	old     int // records in the unused space

	headerSound, recordsSound bool // the checksums match

	parser parser
	tracer tracer
	budget int // bytes of fragments that the records of this chunk may still carry
	// incomplete says that the record cut out last lacks fragments.
	incomplete bool
}

// Record is one event record inside its chunk.
type Record struct {
	Number  uint64    // as the record's header says; the log's own count
	Written time.Time // UTC
	Offset  int       // in the chunk
	Size    int       // bytes, head and trailing size included
}

// Offset returns where the chunk begins in the file.
func (c *Chunk) Offset() int64 { return c.at }

// Records returns the chunk's records in the order they stand there.
func (c *Chunk) Records() []Record { return c.records }

// Key returns the head of the chunk's first record: its size, number and time.
// It stays the same when the chunk grows. Within one file equal keys mean that
// a chunk is there twice.
func (c *Chunk) Key() (key [recordHead]byte) {
	copy(key[:], c.data[c.records[0].Offset:])
	return key
}

// where names the chunk in a problem.
func (c *Chunk) where() string { return fmt.Sprintf("chunk at byte %d", c.at) }

func (c *Chunk) open(at int64, data []byte) {
	c.at, c.data = at, data
	c.records, c.old = c.records[:0], 0
	c.headerSound, c.recordsSound = false, false
	c.budget = maxChunkFragments
	if c.parser.cache == nil {
		c.parser.init(nil)
	}
	c.parser.forget()
	c.parser.begin(&view{record: data})
}

// examine checks the checksums and finds the records.
func (c *Chunk) examine(p *flaw.List, unclosed bool) {
	if len(c.data) < firstRecord || !bytes.HasPrefix(c.data, []byte(chunkMagic)) {
		c.carve(p)
		return
	}
	note := ""
	if unclosed {
		note = " (the log was open when it was copied)"
	}
	c.headerSound = headerSum(c.data) == u32(c.data, 124)
	if !c.headerSound {
		p.Add(false, c.where(), "the checksum of its header does not match%s", note)
	}
	free := int(u32(c.data, 48))
	if free < firstRecord || free > ChunkBytes {
		p.Add(false, c.where(), "its header says that it ends at byte %d", free)
		c.carve(p)
		return
	}
	if free <= len(c.data) {
		c.recordsSound = crc32.ChecksumIEEE(c.data[firstRecord:free]) == u32(c.data, 52)
		if !c.recordsSound {
			p.Add(false, c.where(), "the checksum of its records does not match%s", note)
		}
	}
	c.walk(p, firstRecord, min(free, len(c.data)))
	c.countOld(c.goOn(p, free))
	c.compareHeader(p)
}

// walk takes the records from one offset to another and reports what lies
// between them.
func (c *Chunk) walk(p *flaw.List, at, end int) {
	for at < end {
		if size := c.recordAt(at, end, false); size > 0 {
			c.keep(at, size)
			at += size
			continue
		}
		next := c.scan(at+1, end)
		if bytes.Count(c.data[at:next], []byte{0}) != next-at {
			p.Add(true, fmt.Sprintf("%s, byte %d", c.where(), at),
				"%d bytes here are not a record; skipped", next-at)
		} else {
			p.Add(true, fmt.Sprintf("%s, byte %d", c.where(), at),
				"%d bytes here are zero where records should be; skipped", next-at)
		}
		at = next
	}
}

// goOn takes the records behind the end that the header names as long as they
// continue its numbers: in a log that was open when it was copied the header
// is behind. It returns where they end.
func (c *Chunk) goOn(p *flaw.List, at int) int {
	n := len(c.records)
	for n > 0 {
		size := c.recordAt(at, len(c.data), true)
		if size == 0 || u64(c.data, at+8) != c.records[len(c.records)-1].Number+1 {
			break
		}
		c.keep(at, size)
		at += size
	}
	if more := len(c.records) - n; more > 0 {
		p.Add(false, c.where(), "%d records follow the last one that its header names; "+
			"they continue its numbers and are read", more)
	}
	return at
}

// carve finds records by their marks, where no header says where they end.
// Only rising record numbers count: what follows them is from an earlier use.
func (c *Chunk) carve(p *flaw.List) {
	for at := c.scan(0, len(c.data)); at < len(c.data); {
		size := c.recordAt(at, len(c.data), true)
		n := len(c.records)
		if n > 0 && u64(c.data, at+8) <= c.records[n-1].Number {
			c.countOld(at)
			break
		}
		c.keep(at, size)
		at = c.scan(at+size, len(c.data))
	}
	p.Add(len(c.records) == 0, c.where(),
		"it has no usable chunk header; %d records were found by their marks", len(c.records))
}

// recordAt returns the size of the record at an offset, 0 where there is none
// before end. Strictly, the size has to stand at both ends of the record;
// otherwise it is enough that another record or the end follows.
func (c *Chunk) recordAt(at, end int, strict bool) int {
	if at+minRecord > end || string(c.data[at:at+4]) != recordMagic {
		return 0
	}
	size := int(u32(c.data, at+4))
	if size < minRecord || size > end-at {
		return 0
	}
	switch after := at + size; {
	case int(u32(c.data, after-4)) == size:
		return size
	case !strict && (after == end || bytes.HasPrefix(c.data[after:end], []byte(recordMagic))):
		return size
	}
	return 0
}

// scan returns the offset of the next record, end where none follows.
func (c *Chunk) scan(at, end int) int {
	for at < end {
		i := bytes.Index(c.data[at:end], []byte(recordMagic))
		if i < 0 {
			return end
		}
		if at += i; c.recordAt(at, end, true) > 0 {
			return at
		}
		at++
	}
	return end
}

func (c *Chunk) keep(at, size int) {
	c.records = append(c.records, Record{
		Number: u64(c.data, at+8), Written: fileTime(u64(c.data, at+16)), Offset: at, Size: size,
	})
}

// countOld counts the records behind the last one in use.
func (c *Chunk) countOld(at int) {
	for at = c.scan(at, len(c.data)); at < len(c.data); {
		c.old++
		at = c.scan(at+c.recordAt(at, len(c.data), true), len(c.data))
	}
}

// compareHeader holds the record numbers of a sound header against those
// found.
func (c *Chunk) compareHeader(p *flaw.List) {
	if !c.headerSound || len(c.data) < ChunkBytes {
		return
	}
	n := len(c.records)
	if n == 0 && u32(c.data, 48) == firstRecord {
		return // new or cleared
	}
	first, last := u64(c.data, 24), u64(c.data, 32)
	// More than the header names is what goOn has found and said.
	if n == 0 || c.records[0].Number != first || c.records[n-1].Number < last {
		p.Add(false, c.where(), "its header names records %s, but it holds %s",
			Range{first, last}, c.span())
	}
}

func (c *Chunk) span() string {
	n := len(c.records)
	if n == 0 {
		return "none"
	}
	return Range{c.records[0].Number, c.records[n-1].Number}.String()
}
