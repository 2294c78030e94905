package normalize

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/event"
)

// zeekHeader is the # header of a Zeek log: how its lines are read.
// Format: https://docs.zeek.org/en/current/log-formats.html
type zeekHeader struct {
	separator, setSeparator string
	empty, unset            string
	path                    string
	fields, types           []string
}

// parseZeekHeader reads the header lines. #separator and the escapes in it
// come first; #fields must be there.
func parseZeekHeader(schema string) (*zeekHeader, error) {
	h := &zeekHeader{separator: "\t", setSeparator: ",", empty: "(empty)", unset: "-"}
	for line := range strings.SplitSeq(schema, "\n") {
		line = strings.TrimRight(line, "\r")
		if value, ok := strings.CutPrefix(line, "#separator "); ok {
			h.separator = zeekUnescape(value)
			continue
		}
		name, value, _ := strings.Cut(line, h.separator)
		switch name {
		case "#set_separator":
			h.setSeparator = zeekUnescape(value)
		case "#empty_field":
			h.empty = value
		case "#unset_field":
			h.unset = value
		case "#path":
			h.path = value
		case "#fields":
			h.fields = strings.Split(value, h.separator)
		case "#types":
			h.types = strings.Split(value, h.separator)
		}
	}
	if len(h.fields) == 0 || h.separator == "" || len(h.fields) > maxValues {
		return nil, errors.New("decode zeek header: no #fields line")
	}
	return h, nil
}

// decode reads one line of the log.
func (h *zeekHeader) decode(line string, out event.Fields) (event.Fields, error) {
	line = strings.TrimRight(line, "\r")
	if h.path != "" {
		out = append(out, event.Field{Name: "_path", Value: textValue(h.path)})
	}
	for i, name := range h.fields {
		cell, rest, more := strings.Cut(line, h.separator)
		typ := "string"
		if i < len(h.types) {
			typ = h.types[i]
		}
		out = append(out, event.Field{Name: name, Value: h.value(typ, cell)})
		if more != (i < len(h.fields)-1) {
			return out, fmt.Errorf("decode zeek line: expected %d columns", len(h.fields))
		}
		line = rest
	}
	return out, nil
}

// value converts one cell by its Zeek type.
func (h *zeekHeader) value(typ, cell string) event.Value {
	if cell == h.unset {
		return event.Value{}
	}
	if inner, ok := elementType(typ); ok {
		list := event.Value{Kind: event.List}
		if cell == h.empty {
			return list
		}
		for part := range strings.SplitSeq(cell, h.setSeparator) {
			if len(list.Items) >= maxValues {
				break
			}
			list.Items = append(list.Items, h.value(inner, part))
		}
		return list
	}
	if cell == h.empty {
		return textValue("")
	}
	switch typ {
	case "count", "int", "port", "double", "time", "interval":
		return event.Value{Kind: event.Number, Text: cell}
	case "bool":
		return event.Value{Kind: event.Bool, Text: strconv.FormatBool(cell == "T")}
	}
	return textValue(zeekUnescape(cell))
}

// elementType returns what a set or vector holds; containers inside are text.
func elementType(typ string) (string, bool) {
	inner, ok := strings.CutPrefix(typ, "set[")
	if !ok {
		inner, ok = strings.CutPrefix(typ, "vector[")
	}
	inner, closed := strings.CutSuffix(inner, "]")
	if strings.Contains(inner, "[") {
		inner = "string"
	}
	return inner, ok && closed
}

// zeekUnescape decodes \xHH.
func zeekUnescape(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			hi, ok1 := hexDigit(s[i+2])
			lo, ok2 := hexDigit(s[i+3])
			if ok1 && ok2 {
				b.WriteByte(hi<<4 | lo)
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func textValue(s string) event.Value { return event.Value{Kind: event.String, Text: s} }
