package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/evident-sec/evident/event"
)

// frame finds the records of a stream and hands them to a batcher.
func (r *Reader) frame(ctx context.Context, name string, in *bufio.Reader, head []byte) error {
	lay := layout{format: r.cfg.Format}
	sniffed, err := sniff(head)
	switch {
	case r.cfg.Format == "" && err != nil:
		r.problem(name, "", "%v", err)
		return nil
	case r.cfg.Format == "" || r.cfg.Format == sniffed.format:
		lay = sniffed
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		if _, err := in.Discard(3); err != nil {
			return err
		}
	}
	b := r.batcher(ctx, name, lay.format)
	frameErr := r.records(lay, in, b)
	closeErr := b.close()
	if stop(closeErr) {
		return closeErr
	}
	if b.position > 0 {
		r.report.Files++
	}
	return frameErr
}

func (r *Reader) records(lay layout, in *bufio.Reader, b *batcher) error {
	switch {
	case lay.format == event.FormatJSON && lay.json != jsonLines:
		return frameValues(in, b, lay.json)
	case lay.format == event.FormatAuditd:
		return frameAudit(in, b)
	case lay.format == event.FormatZeek:
		return frameZeek(in, b)
	case lay.format == event.FormatCSV:
		return frameCSV(in, b)
	case lay.format == event.FormatEVTX:
		return frameEVTX(in, b)
	case lay.format == event.FormatJournal:
		return frameJournal(in, b)
	case lay.format == event.FormatTimesketch:
		return frameTimesketch(in, b)
	}
	return eachLine(in, b, func(line []byte) error { return b.add(line) })
}

// eachLine calls visit for every line that is not blank, without terminator.
// The slice is valid until visit returns. A line longer than a record may be
// is skipped and reported. A last line without terminator may be cut off: it
// begins a batch of its own.
func eachLine(in *bufio.Reader, b *batcher, visit func([]byte) error) error {
	var long []byte
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			var size int64
			long, size, err = readLong(in, append(long[:0], line...))
			line = long
			if size > event.MaxRecordBytes {
				b.skip(number, fmt.Sprintf("is %d bytes long, more than the %d that one record may have; skipped",
					size, event.MaxRecordBytes))
				line = nil
			}
		}
		if line = bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(line)) > 0 {
			if err != nil {
				if err := b.cut(); err != nil {
					return err
				}
			}
			if err := visit(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readLong reads on to the end of a line that did not fit the buffer. It keeps
// at most one record's worth of it and returns the line's whole length.
func readLong(in *bufio.Reader, start []byte) ([]byte, int64, error) {
	size := int64(len(start))
	for {
		part, err := in.ReadSlice('\n')
		size += int64(len(part))
		if size <= event.MaxRecordBytes+2 {
			start = append(start, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return start, size, err
		}
	}
}

// frameAudit joins the adjacent lines of one audit event: those that carry the
// same "msg=audit(TIME:SERIAL)".
func frameAudit(in *bufio.Reader, b *batcher) error {
	var id, record []byte
	flush := func() error {
		if len(record) == 0 {
			return nil
		}
		err := b.add(record)
		record = record[:0]
		return err
	}
	err := eachLine(in, b, func(line []byte) error {
		next := auditID(line)
		same := len(next) > 0 && bytes.Equal(next, id) &&
			len(record)+len(line) < event.MaxEntryBytes
		if same {
			record = append(append(record, '\n'), line...)
			return nil
		}
		if err := flush(); err != nil {
			return err
		}
		id = append(id[:0], next...)
		record = append(record, line...)
		return nil
	})
	// More lines of the last event may come when the file has grown.
	if cutErr := b.cut(); cutErr != nil {
		return cutErr
	}
	if flushErr := flush(); flushErr != nil {
		return flushErr
	}
	return err
}

func auditID(line []byte) []byte {
	_, rest, ok := bytes.Cut(line, []byte("msg=audit("))
	if !ok {
		return nil
	}
	id, _, ok := bytes.Cut(rest, []byte(")"))
	if !ok {
		return nil
	}
	return id
}

// maxHeader bounds a column header: every entry below it carries it.
const maxHeader = 256 << 10

var errHeader = fmt.Errorf("its column header is longer than %d bytes", maxHeader)

// frameZeek keeps the # header lines as the schema of the lines below them. A
// new header inside the file (after rotation) starts a new batch.
func frameZeek(in *bufio.Reader, b *batcher) error {
	var header []byte
	inHeader := false
	return eachLine(in, b, func(line []byte) error {
		if line[0] != '#' {
			if inHeader {
				inHeader = false
				if err := b.setSchema(string(header)); err != nil {
					return err
				}
			}
			return b.add(line)
		}
		if bytes.HasPrefix(line, []byte("#close")) || bytes.HasPrefix(line, []byte("#open")) {
			return nil // times of the file, not of the columns
		}
		if !inHeader {
			header = header[:0]
		}
		inHeader = true
		if len(header)+len(line) > maxHeader {
			return errHeader
		}
		header = append(append(header, line...), '\n')
		return nil
	})
}

// frameCSV takes the first line as the schema. Quoted line breaks are joined.
func frameCSV(in *bufio.Reader, b *batcher) error {
	var record []byte
	quotes, first := 0, true
	err := eachLine(in, b, func(line []byte) error {
		if len(record) > 0 {
			record = append(record, '\n')
		}
		record = append(record, line...)
		quotes += bytes.Count(line, []byte{'"'})
		if quotes%2 == 1 && len(record) < event.MaxEntryBytes {
			return nil
		}
		defer func() { record, quotes = record[:0], 0 }()
		switch {
		case !first:
			return b.add(record)
		case len(record) > maxHeader:
			return errHeader
		}
		first = false
		return b.setSchema(string(record))
	})
	if err == nil && len(record) > 0 {
		if err := b.cut(); err != nil {
			return err
		}
		err = b.add(record)
	}
	return err
}
