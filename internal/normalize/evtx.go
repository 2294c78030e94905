package normalize

import (
	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx"
)

// evtxDecoder decodes Windows event records. Its field names come out lifted:
// a template is compiled once, so its names are lifted once.
type evtxDecoder struct {
	*evtx.Decoder
	shape *shape // nil where no shape is for an event's XML tree
}

// evtxDecoder returns a decoder that nobody else uses; release gives it back,
// with the names it has learned.
func (d *decoder) evtxDecoder() *evtxDecoder {
	if e, ok := d.evtx.Get().(*evtxDecoder); ok {
		return e
	}
	return newEVTXDecoder(d)
}

// release gives back what the reader borrowed. It must not be used after.
func (r *reader) release() {
	if r.evtx != nil {
		r.decoder.evtx.Put(r.evtx)
		r.evtx = nil
	}
}

// newEVTXDecoder uses the shape that the same event has as JSON.
func newEVTXDecoder(d *decoder) *evtxDecoder {
	tree := event.Fields{{Name: "Event.System.EventID"}}
	for _, s := range d.shapes {
		if s.fits(tree) {
			rename := func(name string) string {
				name, _ = s.newName(name)
				return name
			}
			return &evtxDecoder{evtx.NewDecoder(rename), s}
		}
	}
	return &evtxDecoder{evtx.NewDecoder(nil), nil}
}

// readEVTX is read for Windows event records.
func (r *reader) readEVTX(raw []byte) (event.Fields, error) {
	fields, err := r.evtx.Fields(raw, r.scratch[:0])
	if err == nil && r.evtx.shape != nil {
		fields = r.evtx.shape.complete(r.decoder, r.mem, fields)
	}
	r.scratch = fields
	if len(fields) == 0 {
		return nil, err
	}
	return r.mem.keepFields(fields), err
}
