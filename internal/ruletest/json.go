package ruletest

import (
	"encoding/json"

	"github.com/evident-sec/evident/internal/yamltree"
)

// appendJSON writes a YAML value as JSON. Numbers keep their text.
func appendJSON(out []byte, n *yamltree.Node) []byte {
	switch n.Kind {
	case yamltree.Null:
		return append(out, "null"...)
	case yamltree.Bool:
		return append(out, n.Text...)
	case yamltree.Int, yamltree.Float:
		if json.Valid([]byte(n.Text)) {
			return append(out, n.Text...)
		}
		return appendText(out, n.Text) // .inf, .nan, +1
	case yamltree.List:
		out = append(out, '[')
		for i, item := range n.Items {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendJSON(out, item)
		}
		return append(out, ']')
	case yamltree.Map:
		out = append(out, '{')
		for i, e := range n.Entries {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(appendText(out, e.Key), ':')
			out = appendJSON(out, e.Val)
		}
		return append(out, '}')
	}
	return appendText(out, n.Text)
}

func appendText(out []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return append(out, `""`...)
	}
	return append(out, text...)
}
