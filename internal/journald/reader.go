package journald

import (
	"errors"
	"fmt"
	"io"

	"github.com/evident-sec/evident/internal/flaw"
)

// ErrFormat is returned for a file that is no journal.
var ErrFormat = errors.New("not a systemd journal")

// Reader reads a journal front to back.
type Reader struct {
	file     pager
	head     header
	at       int64 // of the next object
	last     object
	data     dataTable
	expander expander
	hot      map[int64][]byte // expanded payloads by offset
	hotBytes int
	scratch  []byte
	raw      []byte
	budget   int64               // bytes of entries that may still come out
	seen     [kindTag + 1]uint64 // objects by kind
	entries  []uint32            // offsets / 8 of the entries
	order    order
	tags     []tag
	open     tag // of the entries behind the last tag
	nameless int // fields without a name that can be
	overfull bool
	stopped  bool // the entries are more than they may be together
	done     bool
	problems flaw.List
	verdict  Verdict
}

// NewReader reads the header of a journal of size bytes. ErrFormat says that in
// is something else.
func NewReader(in io.ReaderAt, size int64) (*Reader, error) {
	r := &Reader{file: pager{in: in, size: size}, hot: map[int64][]byte{}}
	r.budget = baseBudget + budgetRatio*size
	r.expander.budget = r.budget
	head := make([]byte, readHeader)
	n, err := in.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read journal header: %w", err)
	}
	if n < len(Magic) || string(head[:len(Magic)]) != Magic {
		return nil, fmt.Errorf("read journal: %w", ErrFormat)
	}
	r.at = size
	r.verdict.State = "unknown"
	if n < minHeader {
		r.problems.Add(true, "", "this systemd journal ends inside its header (truncated)")
		return r, nil
	}
	r.head = parseHeader(head)
	r.verdict.FileID, r.verdict.MachineID = hexID(r.head.fileID), hexID(r.head.machineID)
	r.verdict.SeqnumID, r.verdict.State = hexID(r.head.seqnumID), r.head.stateName()
	r.verdict.Seals.Sealed = r.head.isSealed()
	r.verdict.Seals.Continuous = r.head.compatible&flagContinuous != 0
	r.order.boots = map[[16]byte]uint64{}
	switch unknown := r.head.incompatible &^ knownFlags; {
	case unknown != 0:
		r.problems.Add(true, "", "this systemd journal is of a newer format (flags %#x), "+
			"which cannot be read", unknown)
	case size > maxFile:
		r.problems.Add(true, "", "this systemd journal is larger than %d GiB; split it with journalctl",
			maxFile>>30)
	case r.head.size < minHeader || r.head.size%8 != 0:
		r.problems.Add(true, "", "the header of this systemd journal is damaged (its size is %d)", r.head.size)
	default:
		r.at = r.head.size
	}
	return r, nil
}

// Next returns the next entry in the Journal Export Format, without the empty
// line behind it; it is valid until the call after. At the end it returns io.EOF,
// and Problems and Verdict are then complete.
func (r *Reader) Next() ([]byte, error) {
	for r.at < r.file.size {
		o, ok := r.object(r.at)
		if r.file.err != nil {
			return nil, r.file.err
		}
		if !ok {
			r.skip()
			continue
		}
		r.at, r.last = o.end(), o
		r.verdict.Objects++
		r.seen[o.kind]++
		if raw := r.take(o); raw != nil {
			r.verdict.Records++
			return raw, nil
		}
		if r.file.err != nil {
			return nil, r.file.err
		}
	}
	if !r.done {
		r.done = true
		r.finish()
	}
	return nil, io.EOF
}

// skip goes on behind bytes that are not an object.
func (r *Reader) skip() {
	from := r.at
	next, written := r.resync(from)
	r.at = next
	switch {
	case next < r.file.size:
		r.problems.Add(true, byteAt(from), "%d bytes here are not objects of the journal; skipped", next-from)
	case written && uint64(from) > r.head.tail && r.head.state == stateOnline:
		// Half an object: the file was copied while journald wrote it.
	case written:
		r.problems.Add(true, byteAt(from), "the %d bytes from here to the end are not objects of the "+
			"journal (truncated or overwritten)", next-from)
	}
}

// take looks at one object and returns the entry that it is, if it is one.
func (r *Reader) take(o object) []byte {
	switch o.kind {
	case kindData:
		r.takeData(o)
	case kindField:
		r.takeField(o)
	case kindEntry:
		return r.takeEntry(o)
	case kindTag:
		r.takeTag(o)
	}
	return nil
}

// takeData checks a data object and remembers it.
func (r *Reader) takeData(o object) {
	want, payload, err := r.payload(o)
	if err != nil {
		r.problems.Add(true, byteAt(o.at), "this field cannot be read: %v", err)
		r.remember(o, 0, true)
		return
	}
	sum := want
	if r.head.keyed() {
		sum = jenkins(payload)
	}
	if r.hash(payload) != want {
		r.verdict.Unsound++
		r.problems.Add(false, byteAt(o.at), "this field does not match its hash: changed or damaged")
	}
	r.remember(o, sum, false)
}

func (r *Reader) remember(o object, sum uint64, lost bool) {
	if !r.data.add(o.at, sum, lost) && !r.overfull {
		r.overfull = true
		r.problems.Add(true, byteAt(o.at), "more than %d fields; those from here on are not read", maxData)
	}
}

// hash is the file's own hash of a payload.
func (r *Reader) hash(payload []byte) uint64 {
	if r.head.keyed() {
		return siphash24(r.head.fileID, payload)
	}
	return jenkins(payload)
}

func (r *Reader) takeField(o object) {
	b, err := r.file.bytes(o.at, o.size)
	if err != nil || o.size > MaxFieldBytes {
		return
	}
	if r.hash(b[fieldHead:]) != u64(b, objectHead) {
		r.verdict.Unsound++
		r.problems.Add(false, byteAt(o.at), "this name of a field does not match its hash: changed or damaged")
	}
}

// maxHot bounds the expanded payloads that are kept.
const maxHot = 16 << 20

// payload returns the hash that a data object gives for itself, and its content,
// which is valid until the next call.
func (r *Reader) payload(o object) (hash uint64, content []byte, err error) {
	head := r.head.dataHead()
	if o.size-head > MaxFieldBytes {
		return 0, nil, errTooLong
	}
	b, err := r.file.bytes(o.at, o.size)
	if err != nil {
		return 0, nil, err
	}
	hash, content = u64(b, objectHead), b[head:]
	if o.flags == 0 {
		return hash, content, nil
	}
	if known, ok := r.hot[o.at]; ok {
		return hash, known, nil
	}
	content, err = r.expander.expand(o.flags, content, r.scratch[:0])
	if err != nil {
		return 0, nil, err
	}
	r.scratch = content
	if r.hotBytes+len(content) > maxHot {
		clear(r.hot)
		r.hotBytes = 0
	}
	r.hotBytes += len(content)
	r.hot[o.at] = append([]byte(nil), content...)
	return hash, content, nil
}

// Verdict says how far the file's own hashes, numbers and seals hold. It is
// complete once Next has returned io.EOF; what Verify finds is then added.
func (r *Reader) Verdict() Verdict { return r.verdict }
