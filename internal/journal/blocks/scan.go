package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"
)

const (
	headBytes = 22
	hashBytes = 8
	markBytes = headBytes + hashBytes // a record without subject, header and body
	hasHeader = 1 << 31               // in the length
	ownMarks  = 3 << 62               // in the sequence: what was removed
	maxRecord = 32 << 20              // the server's own limit

	// purgedDir is where the server moves blocks whose records all were removed, to
	// delete them in its own time.
	purgedDir = "__msgs__"

	// headerEnd ends a header in the form of NATS, and stands nowhere else in it.
	headerEnd = "\r\n\r\n"

	// maxSkip is how far ahead of the record before it a sequence may be: no
	// damaged stretch of a block holds more records.
	maxSkip = 1 << 20
)

// Stream names the stream whose blocks are read.
type Stream struct {
	Name    string // as the server was told
	Subject string // of every record
}

// Record is one record of a block, or what is left of it.
type Record struct {
	Seq    uint64 // 0 where a damaged record does not say a likely one
	Header []byte // in the form of NATS
	Body   []byte
	Block  string // file
	Offset int    // in the file
	Err    error  // what is wrong; nil for a whole record
}

// Files returns the block files below a folder of the server, oldest first.
func Files(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing there yet
		}
		if err == nil && d.IsDir() && d.Name() == purgedDir {
			return fs.SkipDir
		}
		if err == nil && d.Type().IsRegular() && filepath.Ext(path) == ".blk" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list journal blocks: %w", err)
	}
	slices.SortFunc(files, func(a, b string) int { return number(a) - number(b) })
	return files, nil
}

// number is the block's number, which its name is.
func number(path string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".blk"))
	return n
}

// Scan visits the records of a block file in order, whole and damaged ones, and
// ends where visit returns false. A damaged stretch is one record, whatever it
// was. The file is in memory meanwhile; Header and Body are parts of it.
func (s Stream) Scan(path string, visit func(Record) bool) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read journal block: %w", err)
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", s.Name, number(path)))
	b := block{path: path, key: key[:], subject: []byte(s.Subject), data: data}
	b.scan(visit)
	return nil
}

// block is one file on its way through a scan.
type block struct {
	path    string
	key     []byte
	subject []byte
	data    []byte
	last    uint64 // highest sequence of a whole record
}

func (b *block) scan(visit func(Record) bool) {
	for at := 0; at < len(b.data); {
		r, next := b.record(at)
		if r.Err != nil {
			if next = b.resume(at); r.Seq != 0 {
				r.Body = r.Body[:min(len(r.Body), max(0, next-at))]
			}
		}
		at = next
		if r.Err == nil && len(r.Body) == 0 && r.Header == nil {
			continue // one of the server's own
		}
		if r.Err == nil {
			b.last = r.Seq
		}
		if !visit(r) {
			return
		}
	}
}

// record reads the record at an offset and says where the next one begins.
func (b *block) record(at int) (r Record, next int) {
	r = Record{Block: b.path, Offset: at}
	rest := b.data[at:]
	if len(rest) < markBytes {
		r.Err = errors.New("the record is cut off")
		return r, len(b.data)
	}
	length := binary.LittleEndian.Uint32(rest)
	seq := binary.LittleEndian.Uint64(rest[4:])
	size, subject := int(length&^hasHeader), int(binary.LittleEndian.Uint16(rest[20:]))
	if seq&ownMarks == 0 && seq > b.last && (b.last == 0 || seq-b.last < maxSkip) {
		r.Seq = seq
	}
	if size < markBytes || size > maxRecord || size > len(rest) {
		r.Body = b.behindHeader(rest)
		r.Err = fmt.Errorf("its length is %d bytes, %d are left", size, len(rest))
		return r, 0
	}
	content := rest[headBytes : size-hashBytes]
	header, body, err := b.split(content, subject, length&hasHeader != 0)
	if r.Header, r.Body = header, body; err != nil {
		r.Err = err
		return r, 0
	}
	if !bytes.Equal(b.hash(rest[4:20], content[:subject], header, body), rest[size-hashBytes:size]) {
		r.Err = errors.New("its hash does not match")
		return r, 0
	}
	if seq&ownMarks != 0 || subject == 0 {
		r.Header, r.Body = nil, nil
		return r, at + size
	}
	if r.Seq == 0 {
		r.Err = fmt.Errorf("sequence %d stands behind %d", seq, b.last)
	}
	return r, at + size
}

// split cuts what stands between head and hash.
func (b *block) split(content []byte, subject int, with bool) (header, body []byte, err error) {
	if subject > len(content) || subject != 0 && !bytes.Equal(content[:subject], b.subject) {
		return nil, nil, errors.New("its subject is not the journal's")
	}
	content = content[subject:]
	if !with {
		return nil, content, nil
	}
	// The server's hash covers header and body, but not where one ends: the length
	// in the first four bytes may be damaged unseen. The header's form tells.
	end := -1
	if len(content) >= 4 {
		end = bytes.Index(content[4:], []byte(headerEnd))
	}
	if end < 0 {
		return nil, nil, errors.New("its header has no end")
	}
	n := 4 + end + len(headerEnd)
	return content[4:n], content[n:], nil
}

// behindHeader is where the body of a record of unknown length begins, if its
// other parts are as they should be.
func (b *block) behindHeader(rest []byte) []byte {
	_, body, err := b.split(rest[headBytes:], len(b.subject), true)
	if err != nil {
		return nil
	}
	return body
}

func (b *block) hash(parts ...[]byte) []byte {
	h, err := highwayhash.NewDigest64(b.key)
	if err != nil {
		return nil // a key of another length than SHA-256 has
	}
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// resume finds the next place behind a damaged record that is a whole one.
func (b *block) resume(at int) int {
	for from := at + 1; ; {
		found := bytes.Index(b.data[min(len(b.data), from+headBytes):], b.subject)
		if found < 0 {
			return len(b.data)
		}
		from += found
		if r, _ := b.record(from); r.Err == nil && r.Seq != 0 {
			return from
		}
		from++
	}
}
