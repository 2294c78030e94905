package normalize

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journald"
)

// journalMark is the field that every entry of the systemd journal has, in the
// export format and in JSON.
const journalMark = "__REALTIME_TIMESTAMP"

// maxJournalFields bounds the fields of one entry; journald's own limit is 1,024.
const maxJournalFields = 4096

// decodeJournal reads an entry in the Journal Export Format. A name that comes
// more than once becomes a list; of the address fields (__…) the first counts,
// because those that journald did not write stand behind its own.
func decodeJournal(mem *memory, raw []byte, out event.Fields) (event.Fields, error) {
	from := len(out)
	err := journald.Fields(raw, func(name, value []byte) bool {
		out = append(out, event.Field{Name: alias(name), Value: textValue(validText(value))})
		return len(out)-from < maxJournalFields
	})
	own := out[from:]
	if !repeats(own) {
		return out, err
	}
	return out[:from+gather(mem, own)], err
}

// repeats reports whether two fields have the same name.
func repeats(fields event.Fields) bool {
	if len(fields) > 32 {
		names := make([]string, len(fields))
		for i := range fields {
			names[i] = fields[i].Name
		}
		slices.Sort(names)
		for i := 1; i < len(names); i++ {
			if names[i] == names[i-1] {
				return true
			}
		}
		return false
	}
	for i := range fields {
		for j := range i {
			if len(fields[i].Name) == len(fields[j].Name) && fields[i].Name == fields[j].Name {
				return true
			}
		}
	}
	return false
}

// gather joins the values of fields with the same name, in place, and returns
// how many fields are left.
func gather(mem *memory, fields event.Fields) int {
	first := make(map[string]int, len(fields))
	lists := make([][]event.Value, len(fields))
	kept := fields[:0]
	for _, f := range fields {
		at, there := first[f.Name]
		switch {
		case !there:
			first[f.Name] = len(kept)
			lists[len(kept)] = append([]event.Value(nil), f.Value)
			kept = append(kept, f)
		case !strings.HasPrefix(f.Name, "__"):
			lists[at] = append(lists[at], f.Value)
		}
	}
	for i := range kept {
		if len(lists[i]) > 1 {
			base := len(mem.stack)
			mem.stack = append(mem.stack, lists[i]...)
			kept[i].Value = event.Value{Kind: event.List, Items: mem.keepItems(base)}
		}
	}
	return len(kept)
}

// journalAudit adds the fields of the audit record that an entry of the journal
// carries in its message, without the head that the audit log has. Each record of
// an audit event is an entry of its own there.
func journalAudit(fields event.Fields) event.Fields {
	kind, message := fields.Text("_AUDIT_TYPE_NAME"), fields.Text("MESSAGE")
	body, found := strings.CutPrefix(message, kind+" ")
	stamp := fields.Text("_SOURCE_REALTIME_TIMESTAMP")
	if stamp == "" {
		stamp = fields.Text(journalMark)
	}
	if !found || len(stamp) < 7 || strings.ContainsAny(kind, " \n") {
		return fields
	}
	seconds, micros := stamp[:len(stamp)-6], stamp[len(stamp)-6:]
	head := "type=" + kind + " msg=audit(" + seconds + "." + micros[:3] + ":" + fields.Text("_AUDIT_ID") + "): "
	line := head + body
	inner, err := decodeAuditd(strings.ReplaceAll(line, "\n", " "), nil)
	if err != nil {
		return fields
	}
	outer := fields
	for _, f := range inner {
		if _, there := outer.Get(f.Name); !there {
			fields = append(fields, f)
		}
	}
	return fields
}
