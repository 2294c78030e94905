package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/evident-sec/evident/event"
)

// valueScanner follows one JSON value byte by byte just far enough to know
// where it ends; whether it is valid is the decoder's business.
type valueScanner struct {
	depth            int
	inString, escape bool
}

// step takes one byte and reports whether the value ends with it.
func (s *valueScanner) step(c byte) bool {
	if s.inString {
		switch {
		case s.escape:
			s.escape = false
		case c == '\\':
			s.escape = true
		case c == '"':
			s.inString = false
		}
		return false
	}
	switch c {
	case '"':
		s.inString = true
	case '{', '[':
		s.depth++
	case '}', ']':
		s.depth--
		return s.depth == 0
	}
	return false
}

// span is step over many bytes: how many of them belong to the value, and
// whether it ends with them.
func (s *valueScanner) span(p []byte) (n int, ended bool) {
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case s.escape:
			s.escape = false
		case s.inString:
			// Most bytes stand in strings; those between quotes and backslashes
			// mean nothing here.
			for c != '"' && c != '\\' {
				if i++; i == len(p) {
					return i, false
				}
				c = p[i]
			}
			s.inString, s.escape = c != '"', c == '\\'
		case c == '"' || c == '{' || c == '[' || c == '}' || c == ']':
			if s.step(c) {
				return i + 1, true
			}
		}
	}
	return len(p), false
}

// frameValues finds JSON objects that follow one another, stand in one array,
// or stand in the array of {"Records":[…]}.
func frameValues(in *bufio.Reader, b *batcher, shape jsonLayout) error {
	if err := enterArray(in, shape); err != nil {
		return err
	}
	for {
		c, err := nextToken(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch c {
		case ',':
			continue
		case ']', '}':
			if shape != jsonValues {
				return nil // what follows the array is not ours
			}
		case '{', '[':
			if err := in.UnreadByte(); err != nil {
				return err
			}
			if err := frameValue(in, b); err != nil {
				return err
			}
			continue
		}
		return fmt.Errorf("expected a JSON object after record %d, found %q: %w",
			b.position, c, errNotJSON)
	}
}

var errNotJSON = errors.New("not JSON")

// enterArray consumes the opening of the array that holds the records.
func enterArray(in *bufio.Reader, shape jsonLayout) error {
	if shape == jsonValues {
		return nil
	}
	_, err := in.ReadBytes('[')
	return err
}

func nextToken(in *bufio.Reader) (byte, error) {
	for {
		c, err := in.ReadByte()
		if err != nil || !bytes.ContainsRune([]byte(" \t\r\n"), rune(c)) {
			return c, err
		}
	}
}

// frameValue reads one object and adds it; one that is longer than a record
// may be is skipped and reported.
func frameValue(in *bufio.Reader, b *batcher) error {
	var scan valueScanner
	var raw []byte // what earlier fills of the buffer held of the object
	size := 0
	for {
		if _, err := in.Peek(1); err != nil {
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("record %d: %w", b.position+1, io.ErrUnexpectedEOF)
			}
			return err
		}
		part, err := in.Peek(in.Buffered())
		if err != nil {
			return err
		}
		n, ended := scan.span(part)
		size += n
		if ended && len(raw) > 0 || !ended {
			if size <= event.MaxRecordBytes {
				raw = append(raw, part[:n]...)
			}
			part = raw
		}
		if ended {
			err = addValue(b, part[:min(size, len(part))], size)
		}
		if _, discardErr := in.Discard(n); err == nil {
			err = discardErr
		}
		if ended || err != nil {
			return err
		}
	}
}

// addValue adds an object of size bytes, or reports that it is too long.
func addValue(b *batcher, raw []byte, size int) error {
	if size > event.MaxRecordBytes {
		b.skip(int(b.position+1), fmt.Sprintf("is %d bytes long, more than the %d that one record may have; skipped",
			size, event.MaxRecordBytes))
		return nil
	}
	return b.add(raw)
}
