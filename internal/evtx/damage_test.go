package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

const perChunk = 40 // records in each chunk of threeChunks

// threeChunks is a file with records 1 to 120.
func threeChunks(tb testing.TB) []byte {
	var f evtxtest.File
	for i := range 3 {
		f.Chunk()
		logons(tb, &f, 1+i*perChunk, perChunk)
	}
	return f.Bytes()
}

// chunkAt returns the bytes of the n-th chunk, to change them.
func chunkAt(file []byte, n int) []byte { return file[FileHeaderBytes+n*ChunkBytes:][:ChunkBytes] }

// recordIn returns where the n-th record of a chunk begins.
func recordIn(chunk []byte, n int) int {
	at := firstRecord
	for range n {
		at += int(u32(chunk, at+4))
	}
	return at
}

const headerSays = "file header: its checksum does not match; " +
	"it is not relied on, all chunks are read"

func missing(numbers string) string {
	return ": record numbers " + numbers +
		" are missing: removed, or left out when the log was exported"
}

// TestDamage changes files and wants what is left, and the words for it.
func TestDamage(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func([]byte) []byte
		records int
		says    []string
	}{
		{"whole", func(b []byte) []byte { return b }, 120, nil},
		{"a value changed", func(b []byte) []byte {
			chunk := chunkAt(b, 1)
			chunk[recordIn(chunk, 5)+int(u32(chunk, recordIn(chunk, 5)+4))-20] ^= 1
			return b
		}, 120, []string{"chunk at byte 69632: the checksum of its records does not match"}},
		{
			"the header of a chunk changed", func(b []byte) []byte { chunkAt(b, 1)[130] ^= 1; return b },
			120,
			[]string{"chunk at byte 69632: the checksum of its header does not match"},
		},
		{
			"the file header changed", func(b []byte) []byte { b[24] ^= 1; return b },
			120,
			[]string{headerSays},
		},
		{"a record taken out, sums made right", func(b []byte) []byte {
			chunk := chunkAt(b, 1)
			removeRecord(chunk, 7)
			evtxtest.Seal(b)
			return b
		}, 119, []string{missing("48")}},
		{"the last record taken out", func(b []byte) []byte {
			removeRecord(chunkAt(b, 2), perChunk-1)
			binary.LittleEndian.PutUint64(chunkAt(b, 2)[32:], 119)
			evtxtest.Seal(b)
			return b
		}, 119, []string{missing("120")}},
		{"a chunk twice", func(b []byte) []byte {
			b = append(b, chunkAt(b, 0)...)
			b[42]++
			evtxtest.Seal(b)
			return b
		}, 160, []string{": record numbers 1 to 40 are there more than once"}},
		{"zeros over a record", func(b []byte) []byte {
			chunk := chunkAt(b, 0)
			clear(chunk[recordIn(chunk, 3):recordIn(chunk, 4)])
			return b
		}, 119, []string{
			"chunk at byte 4096: the checksum of its records does not match",
			"lost chunk at byte 4096, byte 2544: 256 bytes here are zero where records should be; skipped",
			missing("4"),
		}},
		{"a broken size", func(b []byte) []byte {
			chunk := chunkAt(b, 0)
			chunk[recordIn(chunk, 3)+4] = 0xff
			return b
		}, 119, []string{
			"chunk at byte 4096: the checksum of its records does not match",
			"lost chunk at byte 4096, byte 2544: 256 bytes here are not a record; skipped",
			missing("4"),
		}},
		{"a broken copy of a size", func(b []byte) []byte {
			chunk := chunkAt(b, 0)
			chunk[recordIn(chunk, 4)-4] ^= 1
			return b
		}, 120, []string{"chunk at byte 4096: the checksum of its records does not match"}},
		{"no magic on a chunk", func(b []byte) []byte { chunkAt(b, 1)[0] = 0; return b }, 120, []string{
			"chunk at byte 69632: it has no usable chunk header; 40 records were found by their marks",
		}},
		{"a wrong end of a chunk", func(b []byte) []byte {
			binary.LittleEndian.PutUint32(chunkAt(b, 1)[48:], 1<<31)
			return b
		}, 120, []string{
			"chunk at byte 69632: the checksum of its header does not match",
			"chunk at byte 69632: its header says that it ends at byte 2147483648",
			"chunk at byte 69632: it has no usable chunk header; 40 records were found by their marks",
		}},
		{"zeros over a chunk", func(b []byte) []byte { clear(chunkAt(b, 1)); return b }, 80, []string{
			missing("41 to 80"),
			"lost : the file header names 3 chunks, 2 are there",
		}},
		{"noise for a chunk", func(b []byte) []byte {
			copy(chunkAt(b, 1), bytes.Repeat([]byte("noise"), ChunkBytes/5+1))
			return b
		}, 80, []string{
			"lost chunk at byte 69632: it has no usable chunk header; 0 records were found by their marks",
			missing("41 to 80"),
		}},
		{
			"cut inside a chunk", func(b []byte) []byte { return b[:FileHeaderBytes+2*ChunkBytes+8000] },
			104,
			[]string{
				"lost chunk at byte 135168: the file ends inside this chunk (truncated): " +
					"8000 of 65536 bytes are there",
				"lost chunk at byte 135168, byte 7920: 80 bytes here are not a record; skipped",
				missing("105 to 120"),
			},
		},
		{
			"cut inside the header", func(b []byte) []byte { return b[:100] }, 0,
			[]string{"lost : this Windows event log (EVTX) ends inside its header (truncated)"},
		},
		{"allocated, never used", func(b []byte) []byte {
			return append(b, make([]byte, 5*ChunkBytes)...)
		}, 120, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			records, r := readAll(t, c.change(threeChunks(t)))
			if got := lines(r); len(records) != c.records || !slices.Equal(got, c.says) {
				t.Errorf("%d records, want %d; it says\n%s\nwant\n%s", len(records), c.records,
					strings.Join(got, "\n"), strings.Join(c.says, "\n"))
			}
			for _, rec := range records {
				if got := rec.fields.Text("Event.System.EventRecordID"); got != fmt.Sprint(rec.Number) {
					t.Fatalf("record %d decodes as %q: %v", rec.Number, got, rec.err)
				}
			}
		})
	}
}

// removeRecord takes a record out of a chunk as somebody would who knows the
// format: everything behind it stays where it is.
func removeRecord(chunk []byte, n int) {
	from := recordIn(chunk, n-1)
	to := recordIn(chunk, n+1)
	size := uint32(to - from)
	binary.LittleEndian.PutUint32(chunk[from+4:], size)
	binary.LittleEndian.PutUint32(chunk[to-4:], size)
}

// TestUnclosed reads a log that was open: its header is behind, its checksums
// may be.
func TestUnclosed(t *testing.T) {
	f := evtxtest.File{Unclosed: true}
	logons(t, &f, 1, 500)
	file := f.Bytes()
	binary.LittleEndian.PutUint64(file[24:], 30) // next record, as it was earlier
	binary.LittleEndian.PutUint16(file[42:], 1)
	evtxtest.Seal(file)
	last := len(file) - ChunkBytes
	file[last+52] ^= 1
	evtxSum := headerSum(file[last:])
	binary.LittleEndian.PutUint32(file[last+124:], evtxSum)
	records, r := readAll(t, file)
	if len(records) != 500 || !r.Verdict().Unclosed || r.Verdict().Unsound != 1 {
		t.Errorf("%d records, %+v", len(records), r.Verdict())
	}
	if got := lines(r); len(got) != 1 || !strings.Contains(got[0], "was open when it was copied") {
		t.Errorf("it says %q", got)
	}
}

// TestBehindTheEnd leaves records behind the end that a chunk's header names.
// Those that continue its numbers are new, in a log that was open; others are
// from an earlier use.
func TestBehindTheEnd(t *testing.T) {
	var f evtxtest.File
	logons(t, &f, 1, perChunk)
	file := f.Bytes()
	chunk := chunkAt(file, 0)
	binary.LittleEndian.PutUint32(chunk[48:], uint32(recordIn(chunk, 30)))
	binary.LittleEndian.PutUint64(chunk[32:], 30)
	binary.LittleEndian.PutUint64(file[24:], 31)
	for n := 34; n < perChunk; n++ {
		binary.LittleEndian.PutUint64(chunk[recordIn(chunk, n)+8:], uint64(n-20))
	}
	evtxtest.Seal(file)
	records, r := readAll(t, file)
	if v := r.Verdict(); len(records) != 34 || v.Old != 6 || v.Unsound != 0 {
		t.Errorf("%d records, %+v; want 34 and 6 old ones", len(records), v)
	}
	want := []string{"chunk at byte 4096: 4 records follow the last one that its header names; " +
		"they continue its numbers and are read"}
	if got := lines(r); !slices.Equal(got, want) {
		t.Errorf("it says %q", got)
	}
}

// TestCircle reads a full log that went on in its first chunk.
func TestCircle(t *testing.T) {
	file := threeChunks(t)
	first := bytes.Clone(chunkAt(file, 0))
	copy(chunkAt(file, 0), chunkAt(file, 2))
	copy(chunkAt(file, 2), first)
	records, r := readAll(t, file)
	if len(records) != 120 || records[0].Number != 81 || len(r.Problems()) != 0 {
		t.Errorf("%d records, first %d, %v", len(records), records[0].Number, lines(r))
	}
}

// TestReadErrorKeepsWhatCame ends the input in the middle with an error.
func TestReadErrorKeepsWhatCame(t *testing.T) {
	file := threeChunks(t)
	in := io.MultiReader(bytes.NewReader(file[:FileHeaderBytes+ChunkBytes+9000]),
		iotest.ErrReader(io.ErrNoProgress))
	r, err := NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var chunks, records int
	for {
		c, err := r.Next()
		if err != nil {
			if !strings.Contains(err.Error(), io.ErrNoProgress.Error()) {
				t.Errorf("ends with %v", err)
			}
			break
		}
		chunks++
		records += len(c.Records())
	}
	if chunks != 2 || records <= perChunk {
		t.Errorf("%d chunks with %d records", chunks, records)
	}
}

// TestAnyByteChanged changes bytes anywhere. What is read must be the file's
// own bytes, and a change of the used part must be noticed.
func TestAnyByteChanged(t *testing.T) {
	whole := threeChunks(t)
	rapid.Check(t, func(t *rapid.T) {
		file := bytes.Clone(whole)
		at := rapid.IntRange(8, len(file)-1).Draw(t, "at")
		file[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "xor"))
		r, err := NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for {
			c, err := r.Next()
			if err != nil {
				break
			}
			for _, rec := range c.Records() {
				n++
				record, err := RecordBytes(c.AppendRaw(nil, rec))
				want := file[c.Offset()+int64(rec.Offset):][:rec.Size]
				if err != nil || !bytes.Equal(record, want) {
					t.Fatalf("record at %d is not the file's: %v", rec.Offset, err)
				}
			}
		}
		if n < 119 || n > 120 {
			t.Errorf("one byte changed, %d records", n)
		}
		if sealed(whole, at) && len(r.Problems()) == 0 {
			t.Errorf("nobody noticed that byte %d changed", at)
		}
	})
}

// sealed reports whether a checksum or mark covers the byte.
func sealed(file []byte, at int) bool {
	if at < FileHeaderBytes {
		return at < 120 || at >= 124 && at < 128
	}
	in := (at - FileHeaderBytes) % ChunkBytes
	chunk := chunkAt(file, (at-FileHeaderBytes)/ChunkBytes)
	return in < int(u32(chunk, 48)) && (in < 120 || in >= 124)
}
