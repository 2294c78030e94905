package source

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Parts of a zip's local file header, PKWARE APPNOTE 6.3.10, section 4.3.7.
const (
	localHeader     = "PK\x03\x04"
	localHeaderLen  = 30
	flagEncrypted   = 1 << 0
	flagSizesBehind = 1 << 3 // sizes follow the data, in a descriptor
	methodStore     = 0
	methodDeflate   = 8
	sizeInExtra     = 1<<32 - 1 // zip64
	maxDescriptor   = 24
)

// local is one member of a zip as its local header describes it.
type local struct {
	name   string
	flags  uint16
	method uint16
	size   int64 // compressed
}

// bounded reports whether the header says where the data ends.
func (l local) bounded() bool { return l.flags&flagSizesBehind == 0 && l.size != sizeInExtra }

var errUndelimited = errors.New("the archive's directory is missing and the member does not say where it ends")

// salvage takes the members of a zip whose directory cannot be read: what a
// truncated archive still holds follows its local headers. It returns nil when
// a member's problem already says that the archive ends early.
func (r *Reader) salvage(ctx context.Context, name string, in io.Reader, depth int, why error) error {
	before := r.skipped()
	buf := bufio.NewReaderSize(in, 1<<16)
	for {
		member, err := readLocal(buf)
		if err == nil && member.name != "" {
			err = r.salvageMember(ctx, name+"!"+member.name, member, buf, depth)
		}
		switch {
		case stop(err):
			return err
		case err == nil:
			continue
		case r.skipped() > before:
			return nil
		}
		return why
	}
}

// readLocal reads the next local header; io.EOF where none follows.
func readLocal(in *bufio.Reader) (local, error) {
	near, _ := in.Peek(maxDescriptor + len(localHeader)) // the end may be closer
	at := bytes.Index(near, []byte(localHeader))
	if at < 0 {
		return local{}, io.EOF
	}
	var head [localHeaderLen]byte
	if _, err := in.Discard(at); err != nil {
		return local{}, fmt.Errorf("read zip member: %w", err)
	}
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return local{}, fmt.Errorf("read zip member: %w", err)
	}
	u16 := func(i int) uint16 { return binary.LittleEndian.Uint16(head[i:]) }
	text := make([]byte, int(u16(26))+int(u16(28)))
	if _, err := io.ReadFull(in, text); err != nil {
		return local{}, fmt.Errorf("read zip member: %w", err)
	}
	return local{
		name: string(text[:u16(26)]), flags: u16(6), method: u16(8),
		size: int64(binary.LittleEndian.Uint32(head[18:])),
	}, nil
}

// salvageMember streams one member and leaves in behind its data.
func (r *Reader) salvageMember(
	ctx context.Context, name string, member local, in *bufio.Reader, depth int,
) error {
	var data io.Reader = in // flate takes no byte too many from a ByteReader
	var rest *io.LimitedReader
	if member.bounded() {
		rest = &io.LimitedReader{R: in, N: member.size}
		data = rest
	}
	switch {
	case member.flags&flagEncrypted != 0:
		r.problem(name, "", "is encrypted; unpack it with its password first")
		data = nil
	case member.method == methodDeflate:
		data = flate.NewReader(data)
	case member.method != methodStore:
		r.problem(name, "", "uses zip method %d, which this program does not read", member.method)
		data = nil
	}
	if rest == nil && (data == nil || member.method == methodStore) {
		return errUndelimited
	}
	if data != nil {
		if err := r.stream(ctx, name, data, depth+1); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, data); err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
	}
	return skipRest(rest)
}

// skipRest reads what is left of a member whose length is known.
func skipRest(rest *io.LimitedReader) error {
	if rest == nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, rest); err != nil {
		return fmt.Errorf("skip zip member: %w", err)
	}
	if rest.N > 0 {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (r *Reader) skipped() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report.Skipped
}
