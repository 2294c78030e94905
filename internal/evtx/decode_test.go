package evtx

import (
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

// TestDecode runs testdata/decode.txt: a template as XML with %N for its
// substitutions, its values, and the fields that they give.
func TestDecode(t *testing.T) {
	datadriven.RunTest(t, "testdata/decode.txt", func(t *testing.T, d *datadriven.TestData) string {
		text, values, _ := strings.Cut(d.Input, "\nvalues\n")
		list := parseValues(t, values)
		body := func(w *evtxtest.XML) {
			w.Fragment()
			w.Template(text, func(w *evtxtest.XML) { writeXML(t, w, text) }, list...)
			w.End()
		}
		if d.Cmd == "direct" { // no template
			body = func(w *evtxtest.XML) { w.Fragment(); writeXML(t, w, text); w.End() }
		}
		// The second record finds the definition in the first one.
		records, r := readAll(t, write(t, body, body))
		for _, p := range lines(r) {
			t.Errorf("%s: %s", d.Pos, p)
		}
		var outs []string
		dec := NewDecoder(nil)
		for _, rec := range records {
			fields, err := dec.Fields(rec.raw, nil)
			if !reflect.DeepEqual(fields, rec.fields) || (err == nil) != (rec.err == nil) {
				t.Errorf("%s: alone %v, %v; in the chunk %v, %v", d.Pos, fields, err, rec.fields, rec.err)
			}
			outs = append(outs, show(fields, err))
		}
		if d.Cmd != "direct" && strings.ReplaceAll(outs[0], "record 1:", "record 2:") != outs[1] {
			t.Errorf("%s: the first record gives\n%s\nthe second\n%s", d.Pos, outs[0], outs[1])
		}
		return outs[0]
	})
}

func show(fields event.Fields, err error) string {
	var out strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&out, "%s = %s\n", f.Name, showValue(f.Value))
	}
	if err != nil {
		fmt.Fprintf(&out, "error: %v\n", err)
	}
	return out.String()
}

func showValue(v event.Value) string {
	switch v.Kind {
	case event.Null:
		return "null"
	case event.String:
		return strconv.QuoteToASCII(v.Text)
	case event.List:
		var items []string
		for _, item := range v.Items {
			items = append(items, showValue(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return v.Text
}

// writeXML writes text as binary XML.
func writeXML(t *testing.T, w *evtxtest.XML, text string) {
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			writeElement(t, w, dec, start)
		}
	}
}

func writeElement(t *testing.T, w *evtxtest.XML, dec *xml.Decoder, start xml.StartElement) {
	var attrs []evtxtest.Attr
	for _, a := range start.Attr {
		attrs = append(attrs, evtxtest.Attr{Name: a.Name.Local, Value: pieces(a.Value)})
	}
	w.Element(start.Name.Local, attrs, func() {
		for {
			token, err := dec.Token()
			if err != nil {
				t.Fatal(err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				writeElement(t, w, dec, token)
			case xml.CharData:
				pieces(string(token))(w)
			case xml.EndElement:
				return
			}
		}
	})
}

// pieces writes text in which %N is a substitution, %?N an optional one.
func pieces(text string) evtxtest.Piece {
	return func(w *evtxtest.XML) {
		for text != "" {
			before, after, found := strings.Cut(text, "%")
			if before != "" {
				evtxtest.Text(before)(w)
			}
			if !found {
				return
			}
			after, optional := strings.CutPrefix(after, "?")
			digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
			id, _ := strconv.Atoi(after[:digits])
			if optional {
				evtxtest.Optional(id, 0)(w)
			} else {
				evtxtest.Sub(id, 0)(w)
			}
			text = after[digits:]
		}
	}
}

// kinds are the names that values have in testdata/decode.txt.
var kinds = map[string]byte{
	"null": typeNull, "ansi": typeANSI, "int8": typeInt8, "uint8": typeUint8, "int16": typeInt16,
	"uint16": typeUint16, "int32": typeInt32, "uint32": typeUint32, "int64": typeInt64,
	"uint64": typeUint64, "float32": typeFloat32, "float64": typeFloat64, "bool": typeBool,
	"binary": typeBinary, "guid": typeGUID, "size": typeSize, "filetime": typeFileTime,
	"systemtime": typeSystemTime, "sid": typeSID, "hex32": typeHex32, "hex64": typeHex64,
	"handle": typeHandle, "utf16": typeString, "evtxml": typeXML, "type22": 0x22, "type7f": 0x7f,
}

// parseValues reads one value a line: a type and its bytes in hex, or string
// and text. "[]" behind a type makes an array; document, XML.
func parseValues(t *testing.T, text string) (out []evtxtest.Value) {
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		switch name {
		case "string":
			out = append(out, evtxtest.String(rest))
			continue
		case "string[]":
			out = append(out, evtxtest.Strings(strings.Split(rest, "|")...))
			continue
		case "document":
			out = append(out, evtxtest.Document(func(w *evtxtest.XML) {
				w.Fragment()
				writeXML(t, w, rest)
				w.End()
			}))
			continue
		}
		base, array := strings.CutSuffix(name, "[]")
		kind, ok := kinds[base]
		b, err := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		if !ok || err != nil {
			t.Fatalf("value %q: %v", line, err)
		}
		if array {
			kind |= typeArray
		}
		out = append(out, evtxtest.Value{Kind: kind, Bytes: b})
	}
	return out
}
