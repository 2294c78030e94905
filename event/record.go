package event

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Limits of a journal entry. A single record may exceed MaxEntryBytes (it then
// travels alone) but never MaxRecordBytes.
const (
	MaxEntryRecords = 500
	MaxEntryBytes   = 1 << 20
	MaxRecordBytes  = 8 << 20
)

// Format says how a record's raw bytes are decoded.
type Format string

// The formats that sources frame and normalize decodes.
const (
	FormatJSON   Format = "json"     // one JSON object
	FormatSyslog Format = "syslog"   // RFC 3164 or RFC 5424 line
	FormatAuditd Format = "auditd"   // all lines of one Linux audit event, joined by \n
	FormatZeek   Format = "zeek-tsv" // one tab-separated line; Entry.Schema holds the header
	FormatCSV    Format = "csv"      // one CSV line; Entry.Schema holds the header
	FormatEVTX   Format = "evtx"     // one Windows event record with its fragments, docs/formats/evtx-record.md
	// FormatTimesketch is a line of a Timesketch timeline: a JSON object, or a CSV
	// line where Entry.Schema holds a header.
	FormatTimesketch Format = "timesketch"
	// FormatJournal is one entry of the systemd journal in the Journal Export
	// Format, docs/linux-journals.md.
	FormatJournal Format = "journal"
	FormatText    Format = "text" // a line nobody recognised: kept, sealed, searchable
)

// Salt hides a record's content behind its leaf hash; 16 random bytes.
type Salt [16]byte

// Record is the original bytes of one log record and where they stood.
type Record struct {
	Salt     Salt
	Raw      []byte
	Position int64   // 1-based record number within the entry's source
	Erased   *Erased // nil unless the record was destroyed; Salt and Raw are then empty
}

// Erased stands for a record that was lawfully destroyed. Its leaf hash says
// nothing about the bytes and keeps the proofs of all other records valid.
type Erased struct {
	Leaf      [sha256.Size]byte // the record's leaf hash
	Tombstone uint64            // journal entry that says when, why and by whom
}

// BatchID identifies a batch by content and position: it is the end of a hash
// chain over all records of the source up to and including this batch.
type BatchID [sha256.Size]byte

// String returns the identifier in hex.
func (b BatchID) String() string { return hex.EncodeToString(b[:]) }

// Next returns the chain value after one more record: SHA-256 over the
// previous value, the record's length (8 bytes, big endian) and its bytes.
func (b BatchID) Next(raw []byte) BatchID {
	h := sha256.New()
	h.Write(b[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(raw)))
	h.Write(n[:])
	h.Write(raw)
	var out BatchID
	h.Sum(out[:0])
	return out
}

// Entry is a batch of records from one source: the unit that is synced to the
// journal, acknowledged, hashed to one Merkle root and proven.
type Entry struct {
	Seq      uint64    // journal sequence, from 1; 0 until appended
	Batch    BatchID   // identity by content and position, see BatchID
	Source   string    // where it came from, e.g. "file:apt29.zip!day1.json"
	Format   Format    // how every Raw is decoded
	Schema   string    // column header where lines alone cannot be decoded
	Received time.Time // arrival at Evident, UTC
	Records  []Record
}

// Bytes returns the total length of the raw records.
func (e *Entry) Bytes() int {
	n := 0
	for i := range e.Records {
		n += len(e.Records[i].Raw)
	}
	return n
}
