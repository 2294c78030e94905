package event

import (
	"strconv"
	"strings"
	"time"
)

// schemaVersion is the OCSF schema the attribute paths follow.
const schemaVersion = "1.9.0-dev"

var severityNames = [...]string{
	"Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal",
}

// OCSF returns the event as an OCSF object: nested maps ready for
// encoding/json. Native fields are under "unmapped" when the event carries
// them; original bytes are never included.
func (e *Event) OCSF() map[string]any {
	class := ClassInfo(e.Class)
	out := map[string]any{
		"class_uid": e.Class, "class_name": class.Name, "category_name": class.Category,
		"category_uid": e.Class / 1000 % 100, "activity_id": e.Activity,
		"activity_name": class.ActivityName(e.Activity), "type_uid": e.TypeUID(),
		"severity_id": e.Severity, "severity": severityName(e.Severity),
		"time": e.Time.Format(time.RFC3339Nano),
		"metadata": map[string]any{
			"uid": e.ID.String(), "version": schemaVersion,
			"logged_time": e.Received.Format(time.RFC3339Nano),
		},
		"evident": map[string]any{"entry": e.ID.Entry, "leaf": e.ID.Leaf},
	}
	for _, av := range e.Attrs {
		put(out, av.Attr.String(), attrValue(av))
	}
	if len(e.Native) > 0 {
		unmapped := make(map[string]any, len(e.Native))
		for _, f := range e.Native {
			if _, dup := unmapped[f.Name]; !dup {
				unmapped[f.Name] = f.Value.JSON()
			}
		}
		out["unmapped"] = unmapped
	}
	if e.Problem != "" {
		put(out, "evident.problem", e.Problem)
	}
	return out
}

func severityName(id uint8) string {
	if int(id) < len(severityNames) {
		return severityNames[id]
	}
	return "Other"
}

func attrValue(av AttrValue) any {
	if av.Attr.Info().Type == TypeInt {
		if n, err := strconv.ParseInt(av.Text, 10, 64); err == nil {
			return n
		}
	}
	return av.Text
}

// put sets the value at a dotted path. Where an attribute and an object would
// share a name, the attribute stays under its whole path.
func put(object map[string]any, path string, value any) {
	at := object
	rest := path
	for {
		head, tail, nested := strings.Cut(rest, ".")
		if !nested {
			at[rest] = value
			return
		}
		child, ok := at[head].(map[string]any)
		if !ok {
			if _, taken := at[head]; taken {
				object[path] = value
				return
			}
			child = make(map[string]any)
			at[head] = child
		}
		at, rest = child, tail
	}
}

// JSON returns the value as encoding/json would decode it, numbers as their
// text where they do not fit a float64 exactly.
func (v Value) JSON() any {
	switch v.Kind {
	case Null:
		return nil
	case Bool:
		return v.Text == "true"
	case Number:
		if n, err := strconv.ParseInt(v.Text, 10, 53); err == nil {
			return n
		}
		return v.Text
	case List:
		items := make([]any, len(v.Items))
		for i := range v.Items {
			items[i] = v.Items[i].JSON()
		}
		return items
	}
	return v.Text
}
