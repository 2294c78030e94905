package evtx

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// Sizes of the file format, in bytes.
const (
	FileHeaderBytes = 4096
	ChunkBytes      = 64 << 10
	// firstRecord is where a chunk's records begin.
	firstRecord = 512
	// recordHead precedes the binary XML of a record: magic, size, number, time.
	recordHead = 24
	// minRecord is head and trailing size copy around no XML at all.
	minRecord = recordHead + 4
	// definitionHead precedes the binary XML of a template definition: next
	// definition, GUID, size.
	definitionHead = 24
	// nameHead precedes the characters of a name: next name, hash, length.
	nameHead = 8
)

// Marks at the beginning of files, chunks and records.
const (
	fileMagic   = "ElfFile\x00"
	chunkMagic  = "ElfChnk\x00"
	recordMagic = "**\x00\x00"
)

// Magic begins every event log file.
const Magic = fileMagic

func u16(b []byte, at int) int    { return int(binary.LittleEndian.Uint16(b[at:])) }
func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

// headerSum is the checksum of a chunk header: all but the field that holds it
// and the flags before that.
func headerSum(chunk []byte) uint32 {
	sum := crc32.ChecksumIEEE(chunk[:120])
	return crc32.Update(sum, crc32.IEEETable, chunk[128:firstRecord])
}

// Seconds from 1601-01-01, where FILETIME begins, to 1970-01-01.
const fileTimeEpoch = 11_644_473_600

// fileTime converts 100 ns intervals since 1601-01-01 UTC.
func fileTime(v uint64) time.Time {
	const perSecond = 10_000_000
	return time.Unix(int64(v/perSecond)-fileTimeEpoch, int64(v%perSecond)*100).UTC()
}
