package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// maxBytes bounds one model, unpacked.
const maxBytes = 256 << 20

// value is a part of a JSON or YAML model.
type value struct{ v any }

// parse reads JSON, or YAML where it is not JSON.
func parse(name string, body []byte) (value, error) {
	if len(body) > maxBytes {
		return value{}, fmt.Errorf("read %s: more than %d bytes", name, maxBytes)
	}
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		dec := json.NewDecoder(bytes.NewReader(trimmed))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			return value{}, fmt.Errorf("read %s: %w", name, err)
		}
		if _, err := dec.Token(); err != io.EOF {
			return value{}, fmt.Errorf("read %s: something follows the JSON value", name)
		}
		return value{v}, nil
	}
	docs, err := yamltree.ParseWithin(trimmed, yamltree.Limits{
		Bytes: 64 << 20, Nodes: 4_000_000, Merge: true,
	})
	if err != nil {
		return value{}, fmt.Errorf("read %s: line %d: %w", name, yamltree.LineOf(err, 1), err)
	}
	if len(docs) == 0 {
		return value{}, fmt.Errorf("read %s: it is empty", name)
	}
	return value{plain(docs[0])}, nil
}

// plain turns a YAML tree into maps and lists; the order of keys is kept beside
// them.
func plain(n *yamltree.Node) any {
	switch n.Kind {
	case yamltree.Map:
		out := &ordered{values: map[string]any{}}
		for _, e := range n.Entries {
			out.keys = append(out.keys, e.Key)
			out.values[e.Key] = plain(e.Val)
		}
		return out
	case yamltree.List:
		out := []any{}
		for _, item := range n.Items {
			out = append(out, plain(item))
		}
		return out
	case yamltree.Null:
		return nil
	case yamltree.Bool:
		return n.Text == "true"
	}
	return n.Text
}

// ordered is a YAML map.
type ordered struct {
	keys   []string
	values map[string]any
}

// at follows keys into maps.
func (v value) at(keys ...string) value {
	for _, k := range keys {
		switch m := v.v.(type) {
		case map[string]any:
			v = value{m[k]}
		case *ordered:
			v = value{m.values[k]}
		default:
			return value{}
		}
	}
	return v
}

// str is the text under keys, "" for anything else.
func (v value) str(keys ...string) string {
	switch s := v.at(keys...).v.(type) {
	case string:
		return strings.TrimSpace(s)
	case json.Number:
		return s.String()
	case bool:
		return fmt.Sprint(s)
	}
	return ""
}

// yes reports whether the value under keys is true.
func (v value) yes(keys ...string) bool { return v.str(keys...) == "true" }

// has reports whether there is anything under keys.
func (v value) has(keys ...string) bool { return v.at(keys...).v != nil }

// list is the members of the list under keys.
func (v value) list(keys ...string) []value {
	list, _ := v.at(keys...).v.([]any)
	out := make([]value, len(list))
	for i := range list {
		out[i] = value{list[i]}
	}
	return out
}

// texts is the texts in the list under keys.
func (v value) texts(keys ...string) []string {
	var out []string
	for _, item := range v.list(keys...) {
		if s := item.str(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// named visits the members of the map under keys, in the file's order for YAML
// and by name for JSON.
func (v value) named(visit func(name string, v value), keys ...string) {
	switch m := v.at(keys...).v.(type) {
	case *ordered:
		for _, k := range m.keys {
			visit(k, value{m.values[k]})
		}
	case map[string]any:
		for _, k := range sortedKeys(m) {
			visit(k, value{m[k]})
		}
	}
}
