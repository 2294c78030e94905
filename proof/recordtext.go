package proof

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	proofHeader   = "c2sp.org/tlog-proof@v1"
	maxProofBytes = 64 << 10
	maxPath       = 64 // longest audit path accepted, far above MaxTreeSize's 48
)

// extraMagic opens the extra data; the format version follows.
const extraMagic = "EVR"

// Versions of the extra data.
const (
	versionFirst = 1 // all of the manifest's fields
	versionShort = 2 // what the record's bytes and the paths give is left out
)

// MarshalText returns the C2SP tlog-proof of the record.
func (p RecordProof) MarshalText() ([]byte, error) {
	if len(p.LeafPath) > maxPath || len(p.LogPath) > maxPath {
		return nil, fmt.Errorf("encode record proof: path longer than %d", maxPath)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nextra %s\nindex %d\n", proofHeader,
		base64.StdEncoding.EncodeToString(p.extra()), p.Index)
	for _, h := range p.LogPath {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return b.Bytes(), nil
}

// extra encodes what a tlog-proof has no line for: the manifest's fields, the
// leaf, the salt and the path within the entry.
func (p RecordProof) extra() []byte {
	if p.form == formFirst {
		return p.extraFirst()
	}
	if p.form == formFull {
		copy(p.marks.leaf[:], p.LeafHash[:])
		copy(p.marks.root[:], p.Root[:])
	}
	b := append([]byte(extraMagic), versionShort)
	b = binary.AppendUvarint(b, uint64(p.Count))
	b = append(b, p.Header[:]...)
	b = binary.AppendUvarint(b, p.Bytes)
	b = binary.AppendUvarint(b, uint64(p.Leaf))
	if p.Salt == nil {
		b = append(append(b, 0), p.LeafHash[:]...)
	} else {
		b = append(append(append(b, 1), p.Salt[:]...), p.marks.leaf[:]...)
	}
	b = append(b, p.marks.root[:]...)
	for _, h := range p.LeafPath {
		b = append(b, h[:]...)
	}
	return b
}

func (p RecordProof) extraFirst() []byte {
	b := append([]byte(extraMagic), versionFirst)
	b = binary.AppendUvarint(b, p.Seq)
	b = binary.AppendUvarint(b, uint64(p.Count))
	b = append(b, p.Root[:]...)
	b = append(b, p.Header[:]...)
	b = binary.AppendUvarint(b, p.Bytes)
	b = binary.AppendUvarint(b, uint64(p.Leaf))
	b = append(b, p.LeafHash[:]...)
	if p.Salt == nil {
		b = append(b, 0)
	} else {
		b = append(append(b, 1), p.Salt[:]...)
	}
	for _, h := range p.LeafPath {
		b = append(b, h[:]...)
	}
	return b
}

// ParseRecordProof reads the text form. It accepts exactly what MarshalText
// writes, in this version and the first; it checks the form only, Verify checks
// the proof.
func ParseRecordProof(text []byte) (RecordProof, error) {
	if len(text) > maxProofBytes {
		return RecordProof{}, fmt.Errorf("parse record proof: longer than %d bytes", maxProofBytes)
	}
	head, checkpoint, ok := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !ok || len(lines) < 3 || len(lines) > 3+maxPath || lines[0] != proofHeader {
		return RecordProof{}, errors.New("parse record proof: not " + proofHeader)
	}
	p := RecordProof{Checkpoint: checkpoint}
	if err := p.parseLines(lines[1:]); err != nil {
		return RecordProof{}, fmt.Errorf("parse record proof: %w", err)
	}
	again, err := p.MarshalText()
	if err != nil || !bytes.Equal(again, text) {
		return RecordProof{}, errors.New("parse record proof: not in canonical form")
	}
	return p, nil
}

func (p *RecordProof) parseLines(lines []string) error {
	extra, ok := strings.CutPrefix(lines[0], "extra ")
	if !ok {
		return errors.New("no extra line: not a proof of a record")
	}
	data, err := base64.StdEncoding.Strict().DecodeString(extra)
	if err != nil {
		return fmt.Errorf("read extra: %w", err)
	}
	index, ok := strings.CutPrefix(lines[1], "index ")
	if p.Index, err = strconv.ParseInt(index, 10, 64); !ok || err != nil || p.Index < 0 {
		return errors.New("no index line with a number")
	}
	if err := p.parseExtra(data); err != nil {
		return fmt.Errorf("read extra: %w", err)
	}
	for _, line := range lines[2:] {
		h, err := parseHash(line)
		if err != nil {
			return fmt.Errorf("read log path: %w", err)
		}
		p.LogPath = append(p.LogPath, h)
	}
	return nil
}

func (p *RecordProof) parseExtra(data []byte) error {
	d := extraReader{rest: data}
	magic := d.take(len(extraMagic) + 1)
	switch {
	case string(magic) == extraMagic+"\x01":
		p.form = formFirst
		p.Seq = d.uvarint(1<<63 - 1)
		p.Count = uint32(d.uvarint(1<<31 - 1))
		p.Root = d.hash()
	case string(magic) == extraMagic+"\x02":
		p.form = formShort
		p.Seq = uint64(p.Index) + 1
		p.Count = uint32(d.uvarint(1<<31 - 1))
	default:
		return errors.New("unknown version")
	}
	p.Header = d.hash()
	p.Bytes = d.uvarint(1<<63 - 1)
	p.Leaf = uint32(d.uvarint(1<<31 - 1))
	p.parseLeaf(&d)
	for !d.bad && len(d.rest) > 0 {
		p.LeafPath = append(p.LeafPath, d.hash())
	}
	if d.bad {
		return errors.New("truncated")
	}
	return nil
}

// parseLeaf reads what the versions say differently: leaf hash, salt and marks.
func (p *RecordProof) parseLeaf(d *extraReader) {
	if p.form == formFirst {
		p.LeafHash = d.hash()
	}
	flag := d.take(1)
	salted := len(flag) == 1 && flag[0] == 1
	if salted {
		p.Salt = new([16]byte)
		copy(p.Salt[:], d.take(len(p.Salt)))
	}
	if p.form == formFirst {
		return
	}
	if salted {
		copy(p.marks.leaf[:], d.take(len(p.marks.leaf)))
	} else {
		p.LeafHash = d.hash()
	}
	copy(p.marks.root[:], d.take(len(p.marks.root)))
}

// extraReader takes fields off the front of rest and remembers a short read.
type extraReader struct {
	rest []byte
	bad  bool
}

func (d *extraReader) take(n int) []byte {
	if d.bad || n > len(d.rest) {
		d.bad = true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *extraReader) uvarint(limit uint64) uint64 {
	v, n := binary.Uvarint(d.rest)
	if d.bad || n <= 0 || v > limit {
		d.bad = true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *extraReader) hash() (h Hash) {
	copy(h[:], d.take(len(h)))
	return h
}
