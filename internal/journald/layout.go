package journald

import (
	"encoding/binary"
	"encoding/hex"
)

// Magic is how every journal file begins.
const Magic = "LPKSHHRH"

// Sizes of the file header: what every version has, and what is read of it.
const (
	minHeader  = 208
	readHeader = 240
)

// Flags of the header that a reader must know, and those it may ignore.
const (
	flagXZ      = 1 << 0
	flagLZ4     = 1 << 1
	flagKeyed   = 1 << 2
	flagZSTD    = 1 << 3
	flagCompact = 1 << 4
	knownFlags  = flagXZ | flagLZ4 | flagKeyed | flagZSTD | flagCompact

	flagSealed     = 1 << 0
	flagContinuous = 1 << 2
)

// States of a file: closed, being written, closed for good.
const (
	stateOffline = iota
	stateOnline
	stateArchived
)

// Kinds of objects.
const (
	kindData = 1 + iota
	kindField
	kindEntry
	kindDataTable
	kindFieldTable
	kindArray
	kindTag
)

// Fixed parts of objects, with the common head of 16 bytes.
const (
	objectHead  = 16
	dataHead    = 64
	compactHead = 72 // of data in the compact format
	fieldHead   = 40
	entryHead   = 64
	arrayHead   = 24
	tagSize     = 64
	tagSealed   = 32 // bytes of a tag before its HMAC
)

// Flags of a data object: how its payload is compressed.
const (
	dataXZ   = 1 << 0
	dataLZ4  = 1 << 1
	dataZSTD = 1 << 2
)

// header is what the file's header says.
type header struct {
	compatible   uint32
	incompatible uint32
	state        byte
	fileID       [16]byte
	machineID    [16]byte
	seqnumID     [16]byte
	size         int64 // of the header
	arena        uint64
	tail         uint64 // offset of the last object
	entries      uint64
	firstSeq     uint64
	lastSeq      uint64
	firstTime    uint64 // realtime of the first entry, microseconds
	lastTime     uint64
	lastMono     uint64 // monotonic clock of the last entry
	array        uint64 // offset of the index
	objects      uint64
	counts       []count
	sealed       [readHeader]byte // as it stands in the file
}

// count is how many objects of a kind the header counts.
type count struct {
	kind   byte
	number uint64
}

func parseHeader(b []byte) (h header) {
	copy(h.sealed[:], b)
	h.compatible, h.incompatible = u32(b, 8), u32(b, 12)
	h.state = b[16]
	copy(h.fileID[:], b[24:])
	copy(h.machineID[:], b[40:])
	copy(h.seqnumID[:], b[72:])
	h.size = int64(min(u64(b, 88), 1<<20))
	h.arena, h.tail = u64(b, 96), u64(b, 136)
	h.objects, h.entries = u64(b, 144), u64(b, 152)
	h.lastSeq, h.firstSeq = u64(b, 160), u64(b, 168)
	h.array = u64(b, 176)
	h.firstTime, h.lastTime, h.lastMono = u64(b, 184), u64(b, 192), u64(b, 200)
	for i, kind := range []byte{kindData, kindField, kindTag, kindArray} {
		if at := 208 + 8*i; h.size >= int64(at)+8 {
			h.counts = append(h.counts, count{kind, u64(b, at)})
		}
	}
	return h
}

func (h *header) compact() bool { return h.incompatible&flagCompact != 0 }
func (h *header) keyed() bool   { return h.incompatible&flagKeyed != 0 }
func (h *header) isSealed() bool {
	return h.compatible&flagSealed != 0
}

// dataHead is where the payload of a data object begins.
func (h *header) dataHead() int64 {
	if h.compact() {
		return compactHead
	}
	return dataHead
}

func (h *header) stateName() string {
	switch h.state {
	case stateOffline:
		return "offline"
	case stateOnline:
		return "online"
	case stateArchived:
		return "archived"
	}
	return "unknown"
}

func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

func hexID(id [16]byte) string { return hex.EncodeToString(id[:]) }
