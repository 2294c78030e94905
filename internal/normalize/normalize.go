package normalize

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx"
)

// maxAttrBytes bounds the text of one attribute; longer texts are cut.
const maxAttrBytes = 32 << 10

// Normalizer decodes and maps records. It is read-only after New and safe for
// concurrent use.
type Normalizer struct {
	decoder decoder
	catalog catalog
	version string
	journal int32 // number of the field that marks entries of the systemd journal

	lexicons sync.Pool // of *lexicon: names of JSON records, used again
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

// Version returns the SHA-256 over the mapping files and the number of the code
// that reads them, in hex: events derived
// under the same version from the same bytes are the same.
func (n *Normalizer) Version() string { return n.version }

// Entry decodes and maps every record of the entry. A record that cannot be
// decoded comes back with Problem set, class 0 and a printable beginning of
// its bytes as message. Native fields and attributes alias the entry's bytes.
func (n *Normalizer) Entry(e *event.Entry) []event.Event {
	return n.each(e, n.mapped)
}

// Native is Entry without the mapping to OCSF: native fields, Sigma log source
// and Problem only, with the arrival as time. Complete adds the rest.
func (n *Normalizer) Native(e *event.Entry) []event.Event {
	return n.each(e, n.native)
}

// each runs a step on every record of the entry.
func (n *Normalizer) each(e *event.Entry, step func(*run, *event.Event)) []event.Event {
	x, _ := n.lexicons.Get().(*lexicon)
	if x == nil {
		x = &lexicon{}
	}
	defer n.lexicons.Put(x)
	r := newRun(&memory{})
	r.rd = n.decoder.reader(r.mem, e.Format, e.Schema).following(x)
	defer r.rd.release()
	out := make([]event.Event, len(e.Records))
	for i := range e.Records {
		out[i] = newEvent(e, i)
		n.guard(r, &out[i], step)
	}
	return out
}

// newEvent is the event of a record before it is decoded.
func newEvent(e *event.Entry, i int) event.Event {
	received := e.Received.UTC()
	return event.Event{
		ID: event.ID{Entry: e.Seq, Leaf: uint32(i)}, Time: received,
		Received: received, Source: e.Source, Format: e.Format, Raw: e.Records[i].Raw,
	}
}

// Complete maps an event that Native gave: it is then as Entry gives it.
func (n *Normalizer) Complete(ev *event.Event) {
	if ev.Problem != "" {
		return
	}
	r := newRun(&memory{})
	r.fields, r.at = ev.Native, n.decoder.places(nil, ev.Native)
	n.guard(r, ev, func(r *run, ev *event.Event) { n.complete(r, ev, n.sourceOf(r, ev)) })
}

// run is the state while records are mapped.
type run struct {
	mem    *memory
	rd     *reader
	fields event.Fields
	at     []int32          // by mapped field: its place in fields, -1 for none
	spare  []int32          // memory for at
	attrs  event.Attributes // scratch
	hosts  map[string]string
}

func newRun(mem *memory) *run { return &run{mem: mem, hosts: map[string]string{}} }

// get returns the value of a mapped field, nil where the record has none.
func (r *run) get(id int32) *event.Value {
	if at := r.at[id]; at >= 0 {
		return &r.fields[at].Value
	}
	return nil
}

// text returns the text of a mapped field, "" where it is missing, null or a
// list.
func (r *run) text(id int32) string {
	if v := r.get(id); v != nil {
		return v.Text
	}
	return ""
}

// guard runs a step on the event. A fault in the decoder or mapping must not
// stop the stream: a sender could otherwise halt detection with one crafted
// record.
func (n *Normalizer) guard(r *run, ev *event.Event, step func(*run, *event.Event)) {
	defer func() {
		if fault := recover(); fault != nil {
			deadLetter(ev, fmt.Sprintf("normalize record: internal fault: %v", fault))
		}
	}()
	step(r, ev)
}

// decode reads the event's native fields and reports whether that went well.
func (n *Normalizer) decode(r *run, ev *event.Event) bool {
	fields, err := r.rd.read(ev.Raw)
	if err != nil {
		deadLetter(ev, err.Error())
		return false
	}
	ev.Native, r.fields = fields, fields
	if l := r.rd.layout; l != nil {
		r.at = l.at
		return true
	}
	r.spare = n.decoder.places(r.spare, fields)
	r.at = r.spare
	return true
}

// mapped decodes and maps the event.
func (n *Normalizer) mapped(r *run, ev *event.Event) {
	if n.decode(r, ev) {
		n.complete(r, ev, n.sourceOf(r, ev))
	}
}

// native decodes the event and says of which log source it is.
func (n *Normalizer) native(r *run, ev *event.Event) {
	if n.decode(r, ev) {
		n.sourceOf(r, ev)
	}
}

// found is the source of an event and its rule for it, either perhaps nil.
type found struct {
	source *source
	rule   *rule
}

// sourceOf finds the event's source and sets its log source.
func (n *Normalizer) sourceOf(r *run, ev *event.Event) found {
	format := ev.Format
	if format == event.FormatJSON && r.get(n.journal) != nil {
		format = event.FormatJournal // journalctl -o json
	}
	f := found{source: n.catalog.find(r, format)}
	if f.source == nil {
		return f
	}
	logs := &f.source.logs
	if f.rule = f.source.find(r); f.rule != nil {
		logs = &f.rule.logs
	}
	ev.Product, ev.Service, ev.Category = logs.product.text(r), logs.service.text(r), logs.category.text(r)
	return f
}

// complete sets the event's attributes.
func (n *Normalizer) complete(r *run, ev *event.Event, f found) {
	r.attrs = append(r.attrs[:0], event.AttrValue{Attr: event.AttrLogSource, Text: ev.Source})
	if f.source != nil {
		f.apply(r, ev)
	}
	ev.Attrs = r.mem.keepAttrs(r.attrs)
}

// apply maps the event.
func (f found) apply(r *run, ev *event.Event) {
	ev.Severity = 1
	attrs := f.source.base
	if f.rule != nil {
		ev.Class, ev.Activity = f.rule.class, f.rule.activity
		if f.rule.activityBy != nil {
			if n, ok := f.rule.activityNumbers[f.rule.activityBy.eval(r)]; ok {
				ev.Activity = n
			}
		}
		attrs = f.rule.attrs
	}
	switch {
	case f.rule != nil && f.rule.severity > 0:
		ev.Severity = f.rule.severity
	case f.source.severity != nil:
		if text := f.source.severity.eval(r); len(text) == 1 && text[0] >= '0' && text[0] <= '6' {
			ev.Severity = text[0] - '0'
		}
	}
	for i := range attrs {
		attrs[i].fill(r)
	}
	f.source.setTime(r, ev)
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
		t, text, ok := s.clocks[i].read(r, ev.Received)
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
	for _, field := range s.originalIDs {
		if original != "" {
			break
		}
		text := r.text(field)
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
	beginning := printable(preview(ev))
	ev.Attrs = event.Attributes{
		{Attr: event.AttrLogSource, Text: ev.Source}, {Attr: event.AttrMessage, Text: beginning},
	}
}

// preview returns the beginning of a record's text.
func preview(ev *event.Event) string {
	if ev.Format == event.FormatEVTX {
		return evtx.Preview(ev.Raw, maxPreviewBytes)
	}
	return validText(ev.Raw[:min(len(ev.Raw), maxPreviewBytes)])
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
