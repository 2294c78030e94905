package normalize

import (
	"fmt"
	"strings"
	"sync"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/mappings"
)

// decoder holds the compiled shapes and message patterns. Read-only, but for
// what it lends.
type decoder struct {
	shapes   []*shape
	xml      *shape // for fields that came out of event XML
	text     *shape // for lines of format text and syslog
	patterns map[string][]*pattern
	numbers  numbering // of the fields that mappings ask for
	evtx     sync.Pool // of *evtxDecoder: names and templates, used again
}

// standard compiles the mapping files that are part of the program.
var standard = sync.OnceValues(func() (*Normalizer, error) { return New(mappings.FS) })

// Decode reads one record into native fields with the shapes and patterns that
// are part of the program. An error means that raw is not of the format;
// fields read before the fault are returned with it.
func Decode(format event.Format, schema string, raw []byte) (event.Fields, error) {
	n, err := standard()
	if err != nil {
		return nil, fmt.Errorf("load mappings: %w", err)
	}
	r := n.decoder.reader(&memory{}, format, schema)
	defer r.release()
	return r.read(raw)
}

// reader decodes the records of one entry. Not safe for concurrent use.
type reader struct {
	*decoder
	mem     *memory
	scratch event.Fields
	fields  func(s string, out event.Fields) (event.Fields, error)
	lines   bool // messages are matched against the patterns
	journal bool // records are entries of the systemd journal
	evtx    *evtxDecoder
	json    *jsonScanner
	lexicon *lexicon
	layout  *layout // of the record last read, nil where it has none
}

// reader prepares decoding: headers are read once for all records.
func (d *decoder) reader(mem *memory, format event.Format, schema string) *reader {
	r := &reader{decoder: d, mem: mem}
	switch format {
	case event.FormatJSON:
		r.json = &jsonScanner{mem: mem}
		r.fields = r.json.decode
	case event.FormatSyslog:
		r.fields, r.lines = newSyslogDecoder().decode, true
	case event.FormatAuditd:
		r.fields = decodeAuditd
	case event.FormatZeek:
		h, err := parseZeekHeader(schema)
		r.fields = h.decodeOr(err)
	case event.FormatCSV:
		h, err := parseCSVHeader(schema)
		r.fields = h.decodeOr(err)
	case event.FormatTimesketch:
		r.timesketch(mem, schema)
	case event.FormatEVTX:
		r.evtx = d.evtxDecoder()
	case event.FormatJournal:
		r.journal, r.lines = true, true
	case event.FormatText:
		r.fields = func(s string, out event.Fields) (event.Fields, error) {
			return appendText(out, "message", s), nil
		}
	default:
		r.fields = failing(fmt.Errorf("decode record: unknown format %q", string(format)))
	}
	return r
}

// following makes the reader use what is known of the names of earlier records.
func (r *reader) following(x *lexicon) *reader {
	if r.lexicon = x; r.json != nil {
		r.json.trail.lexicon = x
	}
	return r
}

func failing(err error) func(string, event.Fields) (event.Fields, error) {
	return func(_ string, out event.Fields) (event.Fields, error) { return out, err }
}

func (h *zeekHeader) decodeOr(err error) func(string, event.Fields) (event.Fields, error) {
	if err != nil {
		return failing(err)
	}
	return h.decode
}

func (h *csvHeader) decodeOr(err error) func(string, event.Fields) (event.Fields, error) {
	if err != nil {
		return failing(err)
	}
	return h.decode
}

// read decodes one record.
func (r *reader) read(raw []byte) (event.Fields, error) {
	if r.evtx != nil {
		return r.readEVTX(raw)
	}
	fields, err := r.decodeText(raw)
	r.layout = nil
	lines := r.lines
	if err == nil && r.known(fields) {
		lines = lines || r.layout.lines
		fields = r.layout.lift(fields)
	} else if err == nil {
		if message := fields.Text("message"); r.text != nil && strings.HasPrefix(message, "<Event") {
			fields = r.text.apply(r.decoder, r.mem, fields)
		}
		if s := r.shapeOf(fields); s != nil {
			lines = lines || s.lines
			fields = s.apply(r.decoder, r.mem, fields)
		}
	}
	if n := len(fields); err == nil && lines {
		if fields = r.matchMessage(fields); len(fields) > n {
			r.layout = nil
		}
	}
	r.scratch = fields
	if len(fields) == 0 {
		return nil, err
	}
	return r.mem.keepFields(fields), err
}

// decodeText reads the fields of a record that is not binary XML.
func (r *reader) decodeText(raw []byte) (event.Fields, error) {
	if r.journal {
		return decodeJournal(r.mem, raw, r.scratch[:0])
	}
	return r.fields(validText(raw), r.scratch[:0])
}

// known reports whether the fields have a layout by which they can be lifted.
func (r *reader) known(fields event.Fields) bool {
	var l *layout
	if r.json == nil {
		l = r.lexicon.layoutOf(r.decoder, fields)
	} else if last := r.json.trail.end(); last != nil {
		if last.layout == nil {
			last.layout = r.layoutOf(fields)
		}
		l = last.layout
	}
	if l == nil || !l.fixed || l.message >= 0 && strings.HasPrefix(fields[l.message].Value.Text, "<Event") {
		return false
	}
	r.layout = l
	return true
}
