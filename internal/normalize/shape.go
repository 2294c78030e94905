package normalize

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

// shape says how the wrapper that one shipper puts around events comes off, so
// that the fields inside show their own plain names.
type shape struct {
	name    string
	markers []string          // the shape applies where one of these is present
	rename  map[string]string // old name to new name
	strip   []string          // prefixes to take off
	unwrap  []string          // prefixes to take off with the element after them
	expand  []expansion       // text fields that hold a document
	alias   []renaming        // names to add where they are missing
	zip     []string          // list of names, list of values: becomes fields
	compact bool              // spaces in names are dropped
	lines   bool              // messages are matched against the patterns
}

// renaming gives the value of from also the name to.
type renaming struct {
	to, from string
}

// expansion is a text field whose content holds further fields.
type expansion struct {
	field, kind string
}

// shapeOf returns the first shape that fits, nil for none.
func (d *decoder) shapeOf(fields event.Fields) *shape {
	for _, s := range d.shapes {
		if s.fits(fields) {
			return s
		}
	}
	return nil
}

func (s *shape) fits(fields event.Fields) bool {
	for _, m := range s.markers {
		if _, ok := fields.Get(m); ok {
			return true
		}
	}
	return false
}

func (s *shape) apply(d *decoder, mem *memory, fields event.Fields) event.Fields {
	for i := range fields {
		if name, ok := s.newName(fields[i].Name); ok {
			fields[i].Name = name
		}
	}
	return s.complete(d, mem, fields)
}

// complete does what is left after the names.
func (s *shape) complete(d *decoder, mem *memory, fields event.Fields) event.Fields {
	for _, e := range s.expand {
		fields = e.apply(d, mem, fields)
	}
	if len(s.zip) == 2 {
		fields = zipFields(fields, s.zip[0], s.zip[1])
	}
	for _, a := range s.alias {
		if _, there := fields.Get(a.to); there {
			continue
		}
		if v, ok := fields.Get(a.from); ok {
			fields = append(fields, event.Field{Name: a.to, Value: v})
		}
	}
	return fields
}

// newName returns the name without its wrapper.
func (s *shape) newName(name string) (string, bool) {
	if len(s.rename) > 0 {
		if to, ok := s.rename[name]; ok {
			return to, true
		}
	}
	for _, prefix := range s.strip {
		if len(name) > len(prefix) && strings.HasPrefix(name, prefix) {
			return s.squeeze(name[len(prefix):]), true
		}
	}
	for _, prefix := range s.unwrap {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if _, inner, ok := cutByte(name[len(prefix):], '.'); ok && inner != "" {
			return s.squeeze(inner), true
		}
	}
	if s.compact && strings.IndexByte(name, ' ') >= 0 {
		return s.squeeze(name), true
	}
	return name, false
}

// squeeze drops spaces: rules write ThreatName for Defender's "Threat Name".
func (s *shape) squeeze(name string) string {
	if !s.compact || strings.IndexByte(name, ' ') < 0 {
		return name
	}
	if short := strings.ReplaceAll(name, " ", ""); short != "" {
		return short
	}
	return name
}

// apply replaces the field by what its text holds. Names that are there
// already keep their value.
func (e expansion) apply(d *decoder, mem *memory, fields event.Fields) event.Fields {
	at := -1
	for i := range fields {
		if fields[i].Name == e.field {
			at = i
			break
		}
	}
	if at >= 0 && e.kind == "journal-audit" {
		return journalAudit(fields)
	}
	if at < 0 || fields[at].Value.Kind != event.String {
		return fields
	}
	inner, ok := e.decode(d, mem, fields[at].Value.Text)
	if !ok {
		return fields
	}
	fields = append(fields[:at], fields[at+1:]...)
	outer := fields
	if len(outer)*len(inner) > maxValues*64 {
		return fields
	}
	for _, f := range inner {
		if _, there := outer.Get(f.Name); !there {
			fields = append(fields, f)
		}
	}
	return fields
}

func (e expansion) decode(d *decoder, mem *memory, text string) (event.Fields, bool) {
	switch e.kind {
	case "xml":
		if !strings.HasPrefix(text, "<Event") {
			return nil, false
		}
		inner, ok := decodeEventXML(text, nil)
		if ok && d.xml != nil {
			inner = d.xml.apply(d, mem, inner)
		}
		return inner, ok
	case "json":
		if !strings.HasPrefix(strings.TrimLeft(text, " \r\n\t"), "{") {
			return nil, false
		}
		inner, err := mem.inner(text)
		return inner, err == nil
	case "object":
		if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
			return nil, false
		}
		inner, err := mem.inner(`{"` + e.field + `":` + text + `}`)
		return inner, err == nil
	case "audit":
		if !strings.HasPrefix(text, "type=") {
			return nil, false
		}
		inner, err := decodeAuditd(text, nil)
		return inner, err == nil
	}
	return nil, false
}

// zipFields turns two parallel lists into fields.
func zipFields(fields event.Fields, names, values string) event.Fields {
	n, _ := fields.Get(names)
	v, _ := fields.Get(values)
	if len(n.Items) == 0 || len(n.Items) != len(v.Items) {
		return fields
	}
	for i := range n.Items {
		if name := n.Items[i].Text; name != "" && len(name) <= maxNameBytes {
			fields = append(fields, event.Field{Name: name, Value: v.Items[i]})
		}
	}
	return fields
}
