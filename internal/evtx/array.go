package evtx

import (
	"bytes"
	"fmt"

	"github.com/evident-sec/evident/event"
)

// array returns the values of an array as a list. Without bytes it has one
// empty item, as Windows then writes one empty element.
func (r *renderer) array(kind byte, b []byte) (event.Value, error) {
	list := event.Value{Kind: event.List}
	for first := true; len(b) > 0 || first; first = false {
		item, rest, err := r.nextItem(kind, b)
		if err != nil {
			return list, err
		}
		if err := r.spend(1, 0); err != nil {
			return list, err
		}
		v, err := r.scalar(kind, item)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, v)
		b = rest
	}
	return list, nil
}

// nextItem cuts the first item off an array.
func (r *renderer) nextItem(kind byte, b []byte) (item, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, nil
	}
	n := 0
	switch {
	case int(kind) < len(widths) && widths[kind] > 0:
		n = widths[kind]
	case kind == typeString:
		item, rest = cutNUL16(b)
		return item, rest, nil
	case kind == typeANSI:
		item, rest, _ = bytes.Cut(b, []byte{0})
		return item, rest, nil
	case kind == typeSID:
		n = sidBytes(b)
	default:
		return nil, nil, fmt.Errorf("an array has items of type %#02x", kind)
	}
	if n > len(b) {
		return nil, nil, fmt.Errorf("an array of type %#02x ends inside an item", kind)
	}
	return b[:n], b[n:], nil
}

// cutNUL16 cuts at the first UTF-16 NUL.
func cutNUL16(b []byte) (item, rest []byte) {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return b[:i], b[i+2:]
		}
	}
	return b, nil
}
