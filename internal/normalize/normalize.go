package normalize

import (
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode"

	"github.com/evident-sec/evident/event"
)

// maxAttrBytes bounds the text of one attribute; longer texts are cut.
const maxAttrBytes = 32 << 10

// Normalizer decodes and maps records. It is read-only after New and safe for
// concurrent use.
type Normalizer struct {
	decoder decoder
	catalog catalog
	version string
}

// New compiles the mapping files (*.yaml at the root of files, except
// sigma-logsources.yaml). An error names the file and line.
func New(files fs.FS) (*Normalizer, error) {
	c := &compiler{tables: map[string]map[string]string{}, sets: map[string]*node{}}
	version, err := c.load(files)
	if err != nil {
		return nil, fmt.Errorf("load mapping %w", err)
	}
	n := &Normalizer{version: version}
	if err := c.compile(n); err != nil {
		return nil, fmt.Errorf("load mapping %w", err)
	}
	return n, nil
}

// Version returns the SHA-256 over the mapping files, in hex: events derived
// under the same version from the same bytes are the same.
func (n *Normalizer) Version() string { return n.version }

// Entry decodes and maps every record of the entry. A record that cannot be
// decoded comes back with Problem set, class 0 and a printable beginning of
// its bytes as message. Native fields and attributes alias the entry's bytes.
func (n *Normalizer) Entry(e *event.Entry) []event.Event {
	mem := &memory{}
	r := &run{mem: mem, hosts: map[string]string{}}
	rd := n.decoder.reader(mem, e.Format, e.Schema)
	out := make([]event.Event, len(e.Records))
	for i := range e.Records {
		out[i] = event.Event{
			ID: event.ID{Entry: e.Seq, Leaf: uint32(i)}, Time: e.Received.UTC(),
			Received: e.Received.UTC(), Source: e.Source, Format: e.Format, Raw: e.Records[i].Raw,
		}
		n.record(r, rd, &out[i])
	}
	return out
}

// run is the state while the records of one entry are mapped.
type run struct {
	mem    *memory
	fields event.Fields
	attrs  event.Attributes // scratch
	hosts  map[string]string
}

// record fills in the event. A fault in the decoder or mapping must not stop
// the stream: a sender could otherwise halt detection with one crafted record.
func (n *Normalizer) record(r *run, rd *reader, ev *event.Event) {
	defer func() {
		if fault := recover(); fault != nil {
			deadLetter(ev, fmt.Sprintf("normalize record: internal fault: %v", fault))
		}
	}()
	fields, err := rd.read(ev.Raw)
	if err != nil {
		deadLetter(ev, err.Error())
		return
	}
	ev.Native = fields
	r.fields = fields
	r.attrs = append(r.attrs[:0], event.AttrValue{Attr: event.AttrLogSource, Text: ev.Source})
	if s := n.catalog.find(r, ev.Format); s != nil {
		s.apply(r, ev)
	}
	ev.Attrs = r.mem.keepAttrs(r.attrs)
}

// apply maps the event.
func (s *source) apply(r *run, ev *event.Event) {
	found := s.find(r)
	ev.Severity = 1
	attrs := s.base
	logs := s.logs
	if found != nil {
		ev.Class, ev.Activity = found.class, found.activity
		if found.activityBy != nil {
			if n, ok := found.activityNumbers[found.activityBy.eval(r)]; ok {
				ev.Activity = n
			}
		}
		logs, attrs = found.logs, found.attrs
	}
	switch {
	case found != nil && found.severity > 0:
		ev.Severity = found.severity
	case s.severity != nil:
		if text := s.severity.eval(r); len(text) == 1 && text[0] >= '0' && text[0] <= '6' {
			ev.Severity = text[0] - '0'
		}
	}
	ev.Product, ev.Service, ev.Category = logs.product.text(r), logs.service.text(r), logs.category.text(r)
	for i := range attrs {
		attrs[i].fill(r)
	}
	s.setTime(r, ev)
}

func (e *expression) text(r *run) string {
	if e == nil {
		return ""
	}
	return e.eval(r)
}

// fill adds the attribute where one of its alternatives has a text.
func (t *target) fill(r *run) {
	for _, alternative := range t.alternatives {
		text := alternative.eval(r)
		if t.integer && text != "" {
			text = integer(text)
		}
		if text != "" {
			r.attrs = append(r.attrs, event.AttrValue{Attr: t.attr, Text: clip(text, maxAttrBytes)})
			return
		}
	}
}

// earliest is the first time that is believed.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// setTime sets the event's time by the first clock that can be read, and keeps
// the payload's own time, or a time that cannot be believed, as text.
func (s *source) setTime(r *run, ev *event.Event) {
	original := ""
	for i := range s.clocks {
		t, text, ok := s.clocks[i].read(r.fields, ev.Received)
		if !ok {
			continue
		}
		if t.Before(earliest) || t.After(ev.Received.AddDate(10, 0, 0)) {
			original = text
			break
		}
		ev.Time = t
		break
	}
	for _, field := range s.original {
		if original != "" {
			break
		}
		text := r.fields.Text(field)
		t, ok := parseTime(text, ev.Received)
		if ok && t.Sub(ev.Time).Abs() >= time.Millisecond {
			original = text
		}
	}
	if original != "" {
		r.attrs = append(r.attrs, event.AttrValue{Attr: event.AttrOriginalTime, Text: clip(original, 64)})
	}
}

// maxPreviewBytes is how much of a record that cannot be decoded is shown.
const maxPreviewBytes = 512

// deadLetter marks the event as one that could not be decoded.
func deadLetter(ev *event.Event, problem string) {
	ev.Problem = printable(problem)
	ev.Native, ev.Class, ev.Activity = nil, 0, 0
	preview := printable(validText(ev.Raw[:min(len(ev.Raw), maxPreviewBytes)]))
	ev.Attrs = event.Attributes{
		{Attr: event.AttrLogSource, Text: ev.Source}, {Attr: event.AttrMessage, Text: preview},
	}
}

// printable replaces control and other unprintable characters by spaces.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return ' '
	}, s)
}
