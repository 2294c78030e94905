package proof

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const manifestHeader = "evident.entry/v1"

// Manifest is what the transparency log holds of one journal entry: counts and
// hashes, never personal data. Its text form is docs/formats/ledger-entry.md.
type Manifest struct {
	Seq    uint64   // the entry's journal sequence, from 1; the log index plus 1
	Count  uint32   // number of records; 0 only for an entry lost before sealing
	Root   Hash     // Root over the records' LeafHash, in order
	Header [32]byte // SHA-256 of the encoded entry up to its records, see entry.md
	Bytes  uint64   // total length of the raw records in bytes
}

// Marshal returns the text that is appended to the log.
func (m Manifest) Marshal() []byte {
	return fmt.Appendf(nil, "%s\nseq %d\ncount %d\nroot %s\nheader %s\nbytes %d\n",
		manifestHeader, m.Seq, m.Count, m.Root, Hash(m.Header), m.Bytes)
}

// LogHash returns the manifest's leaf hash in the transparency log:
// SHA-256(0x00 ‖ text).
func (m Manifest) LogHash() Hash { return tlog.RecordHash(m.Marshal()) }

// ParseManifest reads the text form. It accepts exactly what Marshal writes.
func ParseManifest(text []byte) (Manifest, error) {
	lines := strings.Split(string(text[:min(len(text), 512)]), "\n")
	if lines[0] != manifestHeader {
		return Manifest{}, errors.New("parse ledger entry: not " + manifestHeader)
	}
	if len(lines) != 7 {
		return Manifest{}, fmt.Errorf("parse ledger entry: %d lines, want 6", len(lines)-1)
	}
	p := fieldParser{lines: lines[1:]}
	m := Manifest{
		Seq:    p.number("seq", 63),
		Count:  uint32(p.number("count", 31)),
		Root:   p.hash("root"),
		Header: p.hash("header"),
		Bytes:  p.number("bytes", 63),
	}
	if p.err != nil {
		return Manifest{}, fmt.Errorf("parse ledger entry: %w", p.err)
	}
	if m.Seq == 0 {
		return Manifest{}, errors.New("parse ledger entry: seq is 0")
	}
	if !bytes.Equal(m.Marshal(), text) {
		return Manifest{}, errors.New("parse ledger entry: not in canonical form")
	}
	return m, nil
}

// fieldParser reads "name value" lines in order and keeps the first error.
type fieldParser struct {
	lines []string
	err   error
}

func (p *fieldParser) field(name string) string {
	line := p.lines[0]
	p.lines = p.lines[1:]
	value, ok := strings.CutPrefix(line, name+" ")
	if !ok && p.err == nil {
		p.err = fmt.Errorf("no field %s where it belongs", name)
	}
	return value
}

func (p *fieldParser) number(name string, bits int) uint64 {
	n, err := strconv.ParseUint(p.field(name), 10, bits)
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("read %s: not a number of at most %d bits", name, bits)
	}
	return n
}

func (p *fieldParser) hash(name string) Hash {
	h, err := parseHash(p.field(name))
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("read %s: %w", name, err)
	}
	return h
}

// parseHash reads a hash in strict base64, so that each has one spelling.
func parseHash(s string) (Hash, error) {
	var h Hash
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(h) || len(s) != base64.StdEncoding.EncodedLen(len(h)) {
		return h, errors.New("not a SHA-256 hash in base64")
	}
	copy(h[:], b)
	return h, nil
}
