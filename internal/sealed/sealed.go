package sealed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// AEAD encrypts with associated data; its ciphertext is Overhead bytes longer
// than the text. Tink's AES256_GCM with its five byte prefix is one.
type AEAD interface {
	Encrypt(text, associated []byte) ([]byte, error)
	Decrypt(sealed, associated []byte) ([]byte, error)
}

const (
	magic = "EVSEAL1\n"

	// BlockBytes is how much text a block holds; the last one may hold less.
	BlockBytes = 16 << 10
	// Overhead is how much longer a block is than its text: five bytes name the
	// key in its key set, twelve are the nonce, sixteen the tag.
	Overhead = 5 + 12 + 16

	maxName    = 255
	randomness = 16
	// maxHeader is the longest header.
	maxHeader = len(magic) + 2 + 2*maxName + randomness
)

// Header says how a file is encrypted. It is not secret; every block vouches
// for it.
type Header struct {
	Key    string   // identifier of the key
	Label  string   // what the file is; who opens it compares
	Random [16]byte // tells files with one label apart
}

// ErrPlain is returned for a file that is not in this format.
var ErrPlain = errors.New("not an encrypted file")

// append encodes the header.
func (h *Header) encode() ([]byte, error) {
	if len(h.Key) == 0 || len(h.Key) > maxName || len(h.Label) > maxName {
		return nil, fmt.Errorf("key identifier of %d and label of %d bytes: at most %d fit",
			len(h.Key), len(h.Label), maxName)
	}
	out := append([]byte(magic), byte(len(h.Key)))
	out = append(out, h.Key...)
	out = append(out, byte(len(h.Label)))
	out = append(out, h.Label...)
	return append(out, h.Random[:]...), nil
}

// ReadHeader reads the header of a file; n is its length. The error is ErrPlain
// where the file does not begin with the magic bytes.
func ReadHeader(r io.ReaderAt) (h Header, n int, err error) {
	b := make([]byte, maxHeader)
	got, err := r.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return h, 0, fmt.Errorf("read header: %w", err)
	}
	b = b[:got]
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return h, 0, ErrPlain
	}
	if h.Key, rest, ok = cutName(rest); !ok || h.Key == "" {
		return h, 0, errHeader
	}
	if h.Label, rest, ok = cutName(rest); !ok || len(rest) < randomness {
		return h, 0, errHeader
	}
	copy(h.Random[:], rest)
	return h, len(b) - len(rest) + randomness, nil
}

var errHeader = errors.New("header of encrypted file is cut short or damaged")

func cutName(b []byte) (name string, rest []byte, ok bool) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return "", nil, false
	}
	n := 1 + int(b[0])
	return string(b[1:n]), b[n:], true
}

// associated returns what block i is bound to.
func associated(header []byte, i int64, last bool) []byte {
	out := make([]byte, 0, len(header)+9)
	out = append(out, header...)
	out = binary.BigEndian.AppendUint64(out, uint64(i))
	if last {
		return append(out, 1)
	}
	return append(out, 0)
}

// Writer encrypts what is written to it. Close writes the last block; it does
// not close the destination.
type Writer struct {
	to     io.Writer
	aead   AEAD
	header []byte
	text   []byte
	block  int64
	err    error
}

// NewWriter writes the header of a file; h.Random has to be random.
func NewWriter(to io.Writer, aead AEAD, h Header) (*Writer, error) {
	header, err := h.encode()
	if err != nil {
		return nil, fmt.Errorf("start encrypted file: %w", err)
	}
	if _, err := to.Write(header); err != nil {
		return nil, fmt.Errorf("start encrypted file: %w", err)
	}
	return &Writer{to: to, aead: aead, header: header, text: make([]byte, 0, BlockBytes)}, nil
}

// Write implements io.Writer.
func (w *Writer) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		if len(w.text) == BlockBytes {
			if err := w.seal(false); err != nil {
				return n, err
			}
		}
		k := min(len(b), BlockBytes-len(w.text))
		w.text = append(w.text, b[:k]...)
		b, n = b[k:], n+k
	}
	return n, nil
}

func (w *Writer) seal(last bool) error {
	if w.err != nil {
		return w.err
	}
	out, err := w.aead.Encrypt(w.text, associated(w.header, w.block, last))
	if err == nil && len(out) != len(w.text)+Overhead {
		err = fmt.Errorf("cipher adds %d bytes, want %d", len(out)-len(w.text), Overhead)
	}
	if err == nil {
		_, err = w.to.Write(out)
	}
	if err != nil {
		w.err = fmt.Errorf("encrypt block %d: %w", w.block, err)
		return w.err
	}
	w.block++
	w.text = w.text[:0]
	return nil
}

// Close writes the last block, which a file always has.
func (w *Writer) Close() error {
	if err := w.seal(true); err != nil {
		return err
	}
	w.err = errors.New("encrypted file is finished")
	return nil
}
