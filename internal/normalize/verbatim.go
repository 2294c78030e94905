package normalize

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

// Kind is what is known of an event without its record.
type Kind struct {
	Product, Service, Category string
	Fields                     map[string]string     // native field to its text
	Attrs                      map[event.Attr]string // attribute to its text, "" where it has none
}

// MaxVerbatim bounds the texts that Verbatim speaks of, in bytes: longer ones
// may have been cut.
const MaxVerbatim = maxAttrBytes - 8

// Verbatim returns the attributes that, wherever an event of the kind has them,
// hold the text of one native field unchanged, and that field. A list stands
// with commas between its members; of a list in a list nothing stands. Bytes
// that are not UTF-8 are not the mapping's concern. An attribute that the event
// lacks says nothing: the field may be missing, null, or a text that stands for
// no value.
func (n *Normalizer) Verbatim(k *Kind) map[event.Attr]string {
	v := verbatim{kind: k, fields: map[event.Attr]string{}}
	seen := map[*source]bool{}
	for _, ix := range n.catalog.indexes {
		for _, sources := range ix.sources {
			v.add(sources, seen)
		}
	}
	v.add(n.catalog.ordered, seen)
	v.add(n.catalog.fallback, seen)
	for attr, field := range v.fields {
		if field == "" {
			delete(v.fields, attr)
		}
	}
	return v.fields
}

// verbatim collects the mappings that may have made an event of the kind.
type verbatim struct {
	kind   *Kind
	fields map[event.Attr]string // "" where they differ, or where a text is made
}

func (v *verbatim) add(sources []*source, seen map[*source]bool) {
	for _, s := range sources {
		if seen[s] {
			continue
		}
		seen[s] = true
		if v.when(s.when) != never {
			v.source(s)
		}
	}
}

// source takes in the rules of a source that may be the event's, and its
// attributes where none may be.
func (v *verbatim) source(s *source) {
	if s.key == nil {
		v.first(s, s.rest)
		return
	}
	id, known := "", false
	if s.key.copies() {
		id, known = v.kind.Fields[s.key.field]
	}
	for key, rules := range s.exact {
		if (!known || key == id) && v.rules(rules) && known {
			return
		}
	}
	for _, p := range s.prefixes {
		if (!known || strings.HasPrefix(id, p.prefix)) && v.rules(p.rules) && known {
			return
		}
	}
	v.first(s, s.rest)
}

// first takes in the rules, and the source itself unless one surely fits.
func (v *verbatim) first(s *source, rules []*rule) {
	if !v.rules(rules) {
		v.mapping(&s.logs, s.base)
	}
}

// rules takes in those that may be the first that fits, and reports whether one
// surely does.
func (v *verbatim) rules(rules []*rule) bool {
	for _, r := range rules {
		fits := v.when(r.when)
		if fits != never {
			v.mapping(&r.logs, r.attrs)
		}
		if fits == surely {
			return true
		}
	}
	return false
}

// mapping takes in what one mapping does, if the event's log source may be its.
func (v *verbatim) mapping(logs *logsource, targets []target) {
	if !logs.product.gives(v.kind.Product) || !logs.service.gives(v.kind.Service) ||
		!logs.category.gives(v.kind.Category) || v.denied(targets) {
		return
	}
	for _, t := range targets {
		field := ""
		if len(t.alternatives) == 1 && t.alternatives[0].copies() && !t.integer {
			field = t.alternatives[0].field
		}
		if was, ok := v.fields[t.attr]; ok && was != field {
			field = ""
		}
		v.fields[t.attr] = field
	}
}

// denied reports whether the mapping writes a text that the event does not have.
func (v *verbatim) denied(targets []target) bool {
	for _, t := range targets {
		text, known := v.kind.Attrs[t.attr]
		if !known || len(t.alternatives) != 1 {
			continue
		}
		if e := t.alternatives[0]; e.field == "" && e.parts == nil && e.fixed != text {
			return true
		}
	}
	return false
}

// copies reports whether the expression is a field as it is.
func (e *expression) copies() bool {
	return e.field != "" && e.parts == nil && len(e.steps) == 0 && e.lists == listJoin
}

// gives reports whether the expression may give the text.
func (e *expression) gives(text string) bool {
	return e == nil && text == "" || e != nil && (e.field != "" || e.parts != nil || e.fixed == text)
}

// certainty is what is known of a condition.
type certainty uint8

const (
	never certainty = iota
	perhaps
	surely
)

func (v *verbatim) when(conditions []condition) certainty {
	out := surely
	for i := range conditions {
		text, known := v.kind.Fields[conditions[i].field]
		switch {
		case !known:
			out = perhaps
		case !conditions[i].accepts(text):
			return never
		}
	}
	return out
}
