package evtx

import (
	"fmt"
	"strings"

	"github.com/evident-sec/evident/event"
)

// Decoder turns records with their fragments into fields. It remembers
// templates, never records: raw bytes are not kept, and what a record gives
// does not depend on the records before it. Not safe for concurrent use.
type Decoder struct {
	parser    parser
	renderer  renderer
	view      view
	fragments []fragment
}

// NewDecoder returns a decoder. Where rename is given, every field gets the
// name it returns; it is asked once for a name, not for each record.
func NewDecoder(rename func(string) string) *Decoder {
	d := &Decoder{}
	d.parser.init(rename)
	d.renderer.parser = &d.parser
	return d
}

// Fields appends the fields of one record, raw as AppendRaw wrote it. Their
// texts share memory with those of other records. With an error come the
// fields up to the fault.
func (d *Decoder) Fields(raw []byte, out event.Fields) (event.Fields, error) {
	c, err := openContainer(raw)
	if err == nil {
		d.fragments, err = parseFragments(c.shared, d.fragments[:0])
	}
	if err != nil {
		return out, fmt.Errorf("decode event record: %w", err)
	}
	d.view = view{c.offset, c.record, d.fragments}
	d.parser.begin(&d.view)
	return d.render(c.offset, c.record, out)
}

// render appends the fields of a record at an offset of the parser's view.
func (d *Decoder) render(offset int, record []byte, out event.Fields) (event.Fields, error) {
	r := &d.renderer
	r.out, r.paths, r.list = out, r.paths[:0], -1
	r.valuesLeft, r.textLeft = maxValues, maxTextBytes
	cur := cursor{data: record[recordHead : len(record)-4], base: offset + recordHead}
	err := d.parser.document(&cur, "", 0, r)
	out = r.joined()
	r.out = nil
	if err != nil {
		return out, fmt.Errorf("decode event record %d: %w", u64(record, 8), err)
	}
	return out, nil
}

// Preview returns the texts that can be seen in a record that cannot be
// decoded, at most n bytes of them.
func Preview(raw []byte, n int) string {
	if record, err := RecordBytes(raw); err == nil {
		raw = record[recordHead:]
	}
	const shortest = 4
	var out strings.Builder
	run := make([]byte, 0, 64)
	flush := func() {
		if len(run) >= shortest && out.Len()+len(run) < n {
			if out.Len() > 0 {
				out.WriteByte(' ')
			}
			out.Write(run)
		}
		run = run[:0]
	}
	for i := 0; i+1 < len(raw); {
		if raw[i] >= ' ' && raw[i] < 0x7f && raw[i+1] == 0 {
			run = append(run, raw[i])
			i += 2
			continue
		}
		flush()
		i++
	}
	flush()
	return out.String()
}
