package search

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/search/plain"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/safeguard"
	"github.com/evident-sec/evident/internal/textmatch"
)

// kind says what values a field takes and how they compare.
type kind uint8

const (
	kindText     kind = iota // the whole text, any case
	kindProse                // long text: a value may stand anywhere in it
	kindList                 // members joined with commas: one of them, or the whole
	kindInt                  // whole numbers, with ranges
	kindTime                 // instants, with ranges
	kindSeverity             // OCSF severity by name, with ranges
	kindClass                // OCSF class by name
	kindActivity             // OCSF activity by name
	kindID                   // event identifiers
	kindRaw                  // original bytes
)

// field is one name that queries may use.
type field struct {
	name    string
	kind    kind
	caption string
	attr    event.Attr // event.NumAttrs for fields outside the dictionary
	column  string     // quoted SQL column or expression; empty for kindRaw and kindID
	text    func(*event.Event) string
	number  func(*event.Event) int64
}

// fields lists all names, those outside the dictionary first.
var fields = buildFields()

// FieldInfo describes a name that queries may use.
type FieldInfo struct {
	Name    string
	Type    string // "text", "int", "time" or "id"
	Caption string
}

// Fields returns the names that queries may use, in the order of the
// documentation: those of every event, then the dictionary.
func Fields() []FieldInfo {
	out := make([]FieldInfo, len(fields))
	for i, f := range fields {
		out[i] = FieldInfo{Name: f.name, Type: f.kind.String(), Caption: f.caption}
	}
	return out
}

// String returns the type in the words of the documentation.
func (k kind) String() string {
	switch k {
	case kindInt:
		return "int"
	case kindTime:
		return "time"
	case kindID:
		return "id"
	default:
		return "text"
	}
}

func buildFields() []field {
	out := generalFields()
	for i := range out {
		out[i].attr = event.NumAttrs
	}
	for i, a := range event.Dictionary() {
		attr := event.Attr(i)
		f := field{name: a.Path, caption: a.Caption, attr: attr, column: column(a.Path)}
		f.text = func(ev *event.Event) string { return ev.Attrs.Get(attr) }
		f.kind = attrKind(attr, a.Type)
		out = append(out, f)
	}
	return out
}

// attrKind says how values of a dictionary attribute compare. The dictionary
// has no type for lists and long texts.
func attrKind(attr event.Attr, t event.Type) kind {
	switch {
	case t == event.TypeInt:
		return kindInt
	case attr == event.AttrAnswers || attr == event.AttrPrivileges:
		return kindList
	case attr == event.AttrMessage || attr == event.AttrScript:
		return kindProse
	}
	return kindText
}

func generalFields() []field {
	return []field{
		{
			name: "time", kind: kindTime, caption: "Time of the event", column: "e.time",
			number: func(ev *event.Event) int64 { return storable(ev.Time).UnixMicro() },
		},
		{
			name: "received", kind: kindTime, caption: "Time the record arrived", column: "e.received",
			number: func(ev *event.Event) int64 { return storable(ev.Received).UnixMicro() },
		},
		{name: "metadata.uid", kind: kindID, caption: "Identifier of the event: ENTRY-LEAF"},
		{
			name: "class_uid", kind: kindInt, caption: "OCSF class number", column: "e.class_uid",
			number: func(ev *event.Event) int64 { return int64(ev.Class) },
		},
		{
			name: "class_name", kind: kindClass, caption: "OCSF class name", column: "e.class_uid",
			text: func(ev *event.Event) string { return event.ClassInfo(ev.Class).Name },
		},
		{
			name: "activity_id", kind: kindInt, caption: "OCSF activity number", column: "e.activity_id",
			number: func(ev *event.Event) int64 { return int64(ev.Activity) },
		},
		{
			name: "activity_name", kind: kindActivity, caption: "OCSF activity name",
			text: func(ev *event.Event) string {
				return event.ClassInfo(ev.Class).ActivityName(ev.Activity)
			},
		},
		{
			name: "severity_id", kind: kindInt, caption: "OCSF severity number, 0 to 6",
			column: "e.severity_id",
			number: func(ev *event.Event) int64 { return int64(ev.Severity) },
		},
		{
			name: "severity", kind: kindSeverity, caption: "Severity by name, e.g. High or >=High",
			column: "e.severity_id",
			number: func(ev *event.Event) int64 { return int64(ev.Severity) },
			text:   func(ev *event.Event) string { return SeverityName(ev.Severity) },
		},
		{
			name: "logsource.product", caption: "Sigma log source: product",
			column: column("logsource.product"),
			text:   func(ev *event.Event) string { return ev.Product },
		},
		{
			name: "logsource.service", caption: "Sigma log source: service",
			column: column("logsource.service"),
			text:   func(ev *event.Event) string { return ev.Service },
		},
		{
			name: "logsource.category", caption: "Sigma log source: category",
			column: column("logsource.category"),
			text:   func(ev *event.Event) string { return ev.Category },
		},
		{
			name: "problem", caption: "Why the record could not be decoded", column: "e.problem",
			kind: kindProse, text: func(ev *event.Event) string { return ev.Problem },
		},
		{
			name: "raw_data", kind: kindRaw, caption: "Original bytes of the record",
			text: func(ev *event.Event) string { return plain.Raw(ev.Raw) },
		},
	}
}

// column returns the quoted column of the events relation.
func column(name string) string { return `e.` + ident(name) }

// ident quotes an SQL identifier.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// findField returns the field of that name in any case, or a fault at
// [from, to) that says what may have been meant.
func findField(name string, from, to int) (*field, error) {
	for i := range fields {
		if strings.EqualFold(fields[i].name, name) {
			return &fields[i], nil
		}
	}
	if reason, refused := safeguard.Refuse(name); refused {
		return nil, fault(from, to, "", "%s", reason)
	}
	hint := `to search for the text itself, quote it`
	if near := nearest(name); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return nil, fault(from, to, hint, "unknown field %q", name)
}

// nearest returns the field name that is most like the name, whole or by its
// last part, "" when none is.
func nearest(name string) string {
	name = strings.ToLower(name)
	var whole, last []string
	for _, f := range fields {
		whole = append(whole, f.name)
		last = append(last, f.name[strings.LastIndexByte(f.name, '.')+1:])
	}
	if i := slices.Index(last, textmatch.Nearest(name, last)); i >= 0 && !strings.Contains(name, ".") {
		return whole[i]
	}
	return textmatch.Nearest(name, whole)
}

// freeText lists the fields that a word without a field is looked for in,
// besides the original bytes.
var freeText = func() []*field {
	wanted := []event.Attr{
		event.AttrMessage, event.AttrProcessCmdLine, event.AttrActorCmdLine,
		event.AttrServiceCmd, event.AttrJobCmd, event.AttrScript,
	}
	var out []*field
	for i := range fields {
		if slices.Contains(wanted, fields[i].attr) {
			out = append(out, &fields[i])
		}
	}
	return out
}()
