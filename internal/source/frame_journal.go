package source

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journald"
)

// Journal is what a systemd journal says about itself, or, without a digest, what
// the sequence numbers of all journals of one machine say that were read.
type Journal struct {
	journald.Verdict
	SHA256  string           // of the file, in hex; "" for more than one
	Missing []journald.Range // sequence numbers that none of the files has
}

// frameJournal reads entries of the systemd journal: a file of it, or what
// journalctl -o export prints.
func frameJournal(in *bufio.Reader, b *batcher) error {
	head, err := in.Peek(len(journald.Magic))
	switch {
	case string(head) == journald.Magic:
		return b.journalFile(in)
	case err != nil && !errors.Is(err, io.EOF):
		return err
	}
	return frameExport(in, b)
}

// journalFile spools a journal to a temporary file, because its entries refer to
// data all over it.
func (b *batcher) journalFile(in io.Reader) error {
	spool, err := os.CreateTemp("", "evident-journal-*")
	if err != nil {
		return &appendError{fmt.Errorf("create temporary file: %w", err)}
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	digest := sha256.New()
	size, cut := io.Copy(io.MultiWriter(ourFile{spool}, digest), in)
	if cut != nil && (stop(cut) || size == 0) {
		return cut
	}
	// Of a packed journal that ends early, the beginning is read.
	log, err := journald.NewReader(spool, size)
	if err != nil {
		return errors.Join(err, cut)
	}
	err = eachEntry(log, b)
	if stop(err) {
		return err
	}
	log.Verify(b.r.cfg.JournalKeys)
	return errors.Join(err, cut, b.sealedJournal(log, hex.EncodeToString(digest.Sum(nil))))
}

func eachEntry(log *journald.Reader, b *batcher) error {
	for {
		raw, err := log.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		if err := b.add(raw); err != nil {
			return err
		}
	}
}

// sealedJournal reports what the journal's own hashes, numbers and seals say.
func (b *batcher) sealedJournal(log *journald.Reader, digest string) error {
	v := log.Verdict()
	seal := Seal{Source: b.name, Journal: &Journal{Verdict: v, SHA256: digest}}
	for _, p := range log.Problems() {
		line := p.Text
		if p.Where != "" {
			line = p.Where + ": " + p.Text
		}
		seal.Problems = append(seal.Problems, line)
		if p.Lost {
			b.r.problem(b.name, p.Where, "%s", p.Text)
		} else {
			b.r.damage(b.name, p.Where, "%s", p.Text)
		}
	}
	b.r.cfg.Log.Debug("journal read", "source", b.name, "verdict", v.String())
	if v.Records == 0 {
		return nil
	}
	b.r.remember(b.name, v.SeqnumID, v.Numbers)
	return b.r.seal(b.ctx, seal)
}

// maxNumbers bounds the ranges of sequence numbers of one ingest: 16 MiB.
const maxNumbers = 1 << 20

// remember keeps the sequence numbers of a journal until all are read.
func (r *Reader) remember(name, id string, numbers []journald.Range) {
	if r.journals == nil {
		r.journals = map[string][]journald.Range{}
	}
	if r.numbers > maxNumbers {
		return
	}
	if r.numbers += len(numbers); r.numbers > maxNumbers {
		r.damage(name, "", "the sequence numbers of the journals up to here jump more than %d times; which of them "+
			"are missing is not worked out", maxNumbers)
		clear(r.journals)
		return
	}
	r.journals[id] = append(r.journals[id], numbers...)
}

func (r *Reader) seal(ctx context.Context, s Seal) error {
	if r.cfg.Sealed == nil {
		return nil
	}
	if err := r.cfg.Sealed(ctx, s); err != nil {
		return &appendError{fmt.Errorf("seal the verdict on %s: %w", s.Source, err)}
	}
	return nil
}

// journalGaps says which sequence numbers none of the journals has that were
// read. The system's and each user's journal share their numbers.
func (r *Reader) journalGaps(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(r.journals)) {
		missing := journald.Missing(r.journals[id])
		if len(missing) == 0 {
			continue
		}
		name := "journal:" + id
		r.damage(name, "", "sequence numbers %s are in none of the journals that were read: in another user's "+
			"journal, deleted to make room, or removed", listed(missing))
		err := r.seal(ctx, Seal{Source: name, Journal: &Journal{
			Verdict: journald.Verdict{SeqnumID: id}, Missing: missing,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// listed names the first few ranges.
func listed(ranges []journald.Range) string {
	const most = 8
	var out bytes.Buffer
	for i, r := range ranges[:min(len(ranges), most)] {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString(r.String())
	}
	if len(ranges) > most {
		fmt.Fprintf(&out, " and %d ranges more", len(ranges)-most)
	}
	return out.String()
}

// exportFramer gathers the fields of one entry.
type exportFramer struct {
	in    *bufio.Reader
	b     *batcher
	entry []byte
	size  int64 // also of what is not kept, because it is too long
}

// frameExport cuts entries out of what journalctl -o export prints: an empty line
// ends each. A last one without it may be cut off; it begins a batch of its own.
func frameExport(in *bufio.Reader, b *batcher) error {
	f := exportFramer{in: in, b: b}
	for {
		line, err := f.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		ended := err != nil
		switch {
		case len(line) == 0 && f.size == 0:
		case len(line) == 0 || ended:
			if ended {
				if err := b.cut(); err != nil {
					return err
				}
				f.keep(line)
			}
			if err := f.flush(); err != nil {
				return err
			}
		default:
			f.keep(line)
			f.keep([]byte{'\n'})
			if bytes.IndexByte(line, '=') < 0 && journald.ValidName(line) {
				if err := f.binary(); err != nil {
					return err
				}
			}
		}
		if ended {
			return nil
		}
	}
}

// line returns the next line without its end; what is longer than a record may
// be is counted and cut.
func (f *exportFramer) line() ([]byte, error) {
	line, err := f.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		var size int64
		line, size, err = readLong(f.in, bytes.Clone(line))
		f.size += max(0, size-int64(len(line)))
	}
	return bytes.TrimSuffix(line, []byte{'\n'}), err
}

// keep adds bytes to the entry as long as it is not too long.
func (f *exportFramer) keep(p []byte) {
	if f.size += int64(len(p)); f.size <= event.MaxRecordBytes+1 {
		f.entry = append(f.entry, p...)
	}
}

// binary reads a length, so many bytes, and a line feed.
func (f *exportFramer) binary() error {
	head, err := f.in.Peek(8)
	if err != nil {
		return f.cutOff(err)
	}
	size := binary.LittleEndian.Uint64(head)
	if size > 1<<40 {
		return fmt.Errorf("record %d: a field of %d bytes; what follows cannot be told apart", f.b.position+1, size)
	}
	for left := int64(size) + 9; left > 0; {
		if _, err := f.in.Peek(1); err != nil {
			return f.cutOff(err)
		}
		part, _ := f.in.Peek(int(min(left, int64(f.in.Buffered()))))
		f.keep(part)
		left -= int64(len(part))
		if _, err := f.in.Discard(len(part)); err != nil {
			return err
		}
	}
	return nil
}

// cutOff keeps the beginning of an entry of which the rest is not there.
func (f *exportFramer) cutOff(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	if err := f.b.cut(); err != nil {
		return err
	}
	if err := f.flush(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

func (f *exportFramer) flush() error {
	defer func() { f.entry, f.size = f.entry[:0], 0 }()
	if f.size > event.MaxRecordBytes+1 {
		f.b.skip(int(f.b.position+1), fmt.Sprintf("is %d bytes long, more than the %d that one record may have; "+
			"skipped", f.size, event.MaxRecordBytes))
		return nil
	}
	return f.b.add(bytes.TrimSuffix(f.entry, []byte{'\n'}))
}
