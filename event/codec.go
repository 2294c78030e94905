package event

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// entryMagic opens every encoded entry; the last byte is the format version.
var entryMagic = [4]byte{'E', 'V', 'E', 1}

// Header returns the encoded part of the entry that precedes its records:
// everything a proof has to fix besides the raw bytes. See
// docs/formats/entry.md.
func (e *Entry) Header() []byte {
	b := make([]byte, 0, 96+len(e.Source)+len(e.Schema))
	b = append(b, entryMagic[:]...)
	b = append(b, e.Batch[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Received.UnixNano()))
	b = appendString(b, e.Source)
	b = appendString(b, string(e.Format))
	b = appendString(b, e.Schema)
	b = binary.AppendUvarint(b, uint64(len(e.Records)))
	for i := range e.Records {
		b = binary.AppendUvarint(b, uint64(e.Records[i].Position))
	}
	return b
}

// HeaderHash returns SHA-256 of Header, which the ledger entry carries.
func (e *Entry) HeaderHash() [sha256.Size]byte { return sha256.Sum256(e.Header()) }

// MarshalBinary encodes the entry in format version 1. Seq is not part of it:
// the journal assigns it.
func (e *Entry) MarshalBinary() ([]byte, error) {
	if len(e.Records) == 0 {
		return nil, errors.New("encode entry: no records")
	}
	header := e.Header()
	b := make([]byte, 0, len(header)+e.Bytes()+len(e.Records)*24)
	b = append(b, header...)
	for i := range e.Records {
		r := &e.Records[i]
		b = append(b, r.Salt[:]...)
		b = binary.AppendUvarint(b, uint64(len(r.Raw)))
		b = append(b, r.Raw...)
	}
	return b, nil
}

// UnmarshalBinary decodes format version 1. The records' Raw alias data.
func (e *Entry) UnmarshalBinary(data []byte) error {
	d := decoder{rest: data}
	if err := e.unmarshalHeader(&d); err != nil {
		return err
	}
	for i := range e.Records {
		copy(e.Records[i].Salt[:], d.take(len(Salt{})))
		e.Records[i].Raw = d.bytes()
	}
	if d.err != nil {
		return fmt.Errorf("decode entry: %w", d.err)
	}
	if len(d.rest) != 0 {
		return fmt.Errorf("decode entry: %d bytes after the last record", len(d.rest))
	}
	return nil
}

// UnmarshalHeader decodes what Header encodes and ignores what follows, so that
// something is known of an entry whose records are damaged. The records have
// positions only.
func (e *Entry) UnmarshalHeader(data []byte) error {
	d := decoder{rest: data}
	if err := e.unmarshalHeader(&d); err != nil {
		return err
	}
	if d.err != nil {
		return fmt.Errorf("decode entry: %w", d.err)
	}
	return nil
}

func (e *Entry) unmarshalHeader(d *decoder) error {
	if !bytes.Equal(d.take(4), entryMagic[:]) {
		return errors.New("decode entry: not an entry of format version 1")
	}
	copy(e.Batch[:], d.take(len(e.Batch)))
	e.Received = time.Unix(0, int64(d.uint64())).UTC()
	e.Source, e.Format, e.Schema = d.string(), Format(d.string()), d.string()
	n := d.uvarint()
	// Every record takes at least 18 bytes, so a lying count cannot make us
	// allocate more than the data is long.
	if d.err != nil || n > uint64(len(d.rest))/18 {
		return errors.New("decode entry: truncated header")
	}
	e.Records = make([]Record, n)
	for i := range e.Records {
		e.Records[i].Position = int64(d.uvarint())
	}
	return nil
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

var errTruncated = errors.New("truncated")

// decoder reads fields off the front of rest and keeps the first error, so
// that callers check once.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) take(n int) []byte {
	if d.err != nil || n < 0 || n > len(d.rest) {
		d.err = errTruncated
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) uint64() uint64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if d.err != nil || n <= 0 {
		d.err = errTruncated
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.err = errTruncated
		return nil
	}
	return d.take(int(n))
}

func (d *decoder) string() string { return string(d.bytes()) }
