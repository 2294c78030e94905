package journald

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"
)

// MaxFieldBytes bounds one field: name, equals sign and value.
const MaxFieldBytes = 8 << 20

// What all compressed fields of a file may be together, and all its entries:
// so much, and so many times the file's size.
const (
	baseBudget  = 64 << 20
	budgetRatio = 64
)

var (
	errTooLong    = fmt.Errorf("is longer than %d bytes", MaxFieldBytes)
	errBudget     = fmt.Errorf("expands to more than %d times the file", budgetRatio)
	errCompressed = errors.New("is compressed in a way that is not known")
)

// expander undoes the compression of payloads.
type expander struct {
	budget int64 // bytes that may still come out
	zstd   *zstd.Decoder
}

// expand appends what the payload stands for to dst, which is empty.
func (x *expander) expand(flags byte, payload, dst []byte) (out []byte, err error) {
	switch flags {
	case dataZSTD:
		out, err = x.expandZSTD(payload, dst)
	case dataLZ4:
		out, err = x.expandLZ4(payload, dst)
	case dataXZ:
		out, err = x.expandXZ(payload, dst)
	default:
		return nil, errCompressed
	}
	x.budget -= int64(len(out))
	return out, err
}

func (x *expander) expandZSTD(payload, dst []byte) ([]byte, error) {
	if x.budget <= 0 {
		return nil, errBudget
	}
	if x.zstd == nil {
		var err error
		x.zstd, err = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MaxFieldBytes),
			zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("prepare zstd: %w", err)
		}
	}
	out, err := x.zstd.DecodeAll(payload, dst)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		x.budget -= MaxFieldBytes // the work was done
		return nil, errTooLong
	}
	if err != nil {
		x.budget -= int64(len(payload))
		return nil, fmt.Errorf("expand zstd: %w", err)
	}
	return out, nil
}

// claim checks a size that the payload gives for itself.
func (x *expander) claim(size uint64) error {
	switch {
	case size > MaxFieldBytes:
		return errTooLong
	case int64(size) > x.budget:
		return errBudget
	}
	return nil
}

// expandLZ4 reads a 64-bit size and one block.
func (x *expander) expandLZ4(payload, dst []byte) ([]byte, error) {
	if len(payload) < 9 {
		return nil, io.ErrUnexpectedEOF
	}
	size, block := u64(payload, 0), payload[8:]
	if err := x.claim(size); err != nil {
		return nil, err
	}
	if size > uint64(len(block))*256 {
		return nil, errors.New("lz4: the size given is more than the block can hold")
	}
	dst = grown(dst, int(size))
	n, err := lz4.UncompressBlock(block, dst)
	if err != nil || n != len(dst) {
		x.budget -= int64(size)
		return nil, fmt.Errorf("expand lz4: %w", cmpError(err, io.ErrUnexpectedEOF))
	}
	return dst, nil
}

func cmpError(err, instead error) error {
	if err != nil {
		return err
	}
	return instead
}

func grown(dst []byte, n int) []byte {
	if cap(dst) < n {
		return make([]byte, n)
	}
	return dst[:n]
}

var errXZ = errors.New("xz: not one block of LZMA2")

// expandXZ reads an xz stream of one LZMA2 block. Its index says how long the
// content is, so that no more memory than that is taken for the dictionary.
func (x *expander) expandXZ(payload, dst []byte) ([]byte, error) {
	block, size, err := xzBlock(payload)
	if err != nil {
		return nil, err
	}
	if err := x.claim(size); err != nil {
		return nil, err
	}
	in, err := lzma.Reader2Config{DictCap: max(int(size), lzma.MinDictCap)}.NewReader2(bytes.NewReader(block))
	if err != nil {
		return nil, fmt.Errorf("expand xz: %w", err)
	}
	x.budget -= lzma.MinDictCap
	dst = grown(dst, int(size))
	if _, err := io.ReadFull(in, dst); err != nil {
		x.budget -= int64(size)
		return nil, fmt.Errorf("expand xz: %w", err)
	}
	return dst, nil
}

// xzBlock finds the LZMA2 data of a stream with one block, and the length of its
// content. See the xz file format, version 1.2.1, sections 2 to 4.
func xzBlock(b []byte) (block []byte, size uint64, err error) {
	const streamHead, streamFoot = 12, 12
	if len(b) < streamHead+streamFoot+8 || string(b[:6]) != "\xfd7zXZ\x00" || string(b[len(b)-2:]) != "YZ" {
		return nil, 0, errXZ
	}
	index := int64(len(b)) - streamFoot - (int64(u32(b, len(b)-8))+1)*4
	head := (int64(b[streamHead]) + 1) * 4
	if b[streamHead] == 0 || index < streamHead+head {
		return nil, 0, errXZ
	}
	fields := b[streamHead+1 : streamHead+head]
	flags, fields := fields[0], fields[1:]
	for _, present := range []bool{flags&0x40 != 0, flags&0x80 != 0} {
		if _, n := binary.Uvarint(fields); present && n > 0 {
			fields = fields[n:]
		}
	}
	const lzma2 = 0x21
	if flags&0x3f != 0 || len(fields) < 3 || fields[0] != lzma2 || fields[1] != 1 {
		return nil, 0, errXZ
	}
	list := b[index : len(b)-streamFoot]
	if len(list) < 4 || list[0] != 0 || list[1] != 1 {
		return nil, 0, errXZ
	}
	_, n := binary.Uvarint(list[2:])
	if n <= 0 {
		return nil, 0, errXZ
	}
	size, m := binary.Uvarint(list[2+n:])
	if m <= 0 {
		return nil, 0, errXZ
	}
	return b[streamHead+head : index], size, nil
}
