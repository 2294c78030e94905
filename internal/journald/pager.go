package journald

import (
	"errors"
	"fmt"
	"io"
)

// Sizes of the cache: what one read takes, and how many are kept.
const (
	pageBytes = 64 << 10
	pageCount = 256
)

// pager reads parts of a file through a cache. Journal entries refer to data all
// over the file, and most of it again and again.
type pager struct {
	in    io.ReaderAt
	size  int64
	slots [pageCount]page
	joint []byte // for parts that lie in more than one page
	err   error  // of the first read that failed
}

// page is one part of the file; number is its index plus one, 0 for none.
type page struct {
	number int64
	data   []byte
}

var errOutside = errors.New("outside the file")

// bytes returns n bytes at an offset; they are valid until the next call.
func (p *pager) bytes(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || n > p.size || at > p.size-n {
		return nil, errOutside
	}
	if first := at / pageBytes; n == 0 || (at+n-1)/pageBytes == first {
		data, err := p.page(first)
		if err != nil {
			return nil, err
		}
		from := at - first*pageBytes
		return data[from : from+n : from+n], nil
	}
	p.joint = p.joint[:0]
	for end := at + n; at < end; {
		data, err := p.page(at / pageBytes)
		if err != nil {
			return nil, err
		}
		part := data[at%pageBytes:]
		part = part[:min(int64(len(part)), end-at)]
		p.joint = append(p.joint, part...)
		at += int64(len(part))
	}
	return p.joint, nil
}

// page returns one page; what is read is as long as the file says.
func (p *pager) page(index int64) ([]byte, error) {
	slot := &p.slots[index%pageCount]
	if slot.number == index+1 {
		return slot.data, nil
	}
	n := min(pageBytes, p.size-index*pageBytes)
	if int64(cap(slot.data)) < n {
		slot.data = make([]byte, pageBytes)
	}
	slot.number, slot.data = 0, slot.data[:n]
	if _, err := p.in.ReadAt(slot.data, index*pageBytes); err != nil && !errors.Is(err, io.EOF) {
		p.err = fmt.Errorf("read journal at byte %d: %w", index*pageBytes, err)
		return nil, p.err
	}
	slot.number = index + 1
	return slot.data, nil
}
