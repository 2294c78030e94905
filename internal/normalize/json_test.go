package normalize

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

// TestJSONAgainstLibrary compares the scanner with encoding/json on generated
// documents: same names, kinds and texts, in the same order.
func TestJSONAgainstLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "{" + members(t, 3) + "}"
		got, err := decodeJSON(&memory{}, text, nil)
		if err != nil {
			t.Fatalf("decode %s: %v", text, err)
		}
		want := flatten(t, "", json.NewDecoder(strings.NewReader(text)))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s\n got %v\nwant %v", text, got, want)
		}
	})
}

// members generates the inside of an object without lists of objects, whose
// merging the library has no counterpart for.
func members(t *rapid.T, depth int) string {
	var b strings.Builder
	for i := range rapid.IntRange(0, 4).Draw(t, "members") {
		if i > 0 {
			b.WriteString(rapid.SampledFrom([]string{",", " , ", ",\n"}).Draw(t, "comma"))
		}
		name, _ := json.Marshal(rapid.String().Draw(t, "name"))
		fmt.Fprintf(&b, "%s%s%s", name, rapid.SampledFrom([]string{":", " : "}).Draw(t, "colon"), value(t, depth))
	}
	return b.String()
}

func value(t *rapid.T, depth int) string {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		if depth > 0 {
			return "{" + members(t, depth-1) + "}"
		}
		return "null"
	case 1:
		var items []string
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			items = append(items, scalar(t))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	return scalar(t)
}

func scalar(t *rapid.T) string {
	switch rapid.IntRange(0, 4).Draw(t, "scalar") {
	case 0:
		return "null"
	case 1:
		return fmt.Sprint(rapid.Bool().Draw(t, "bool"))
	case 2:
		f := rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) })
		b, _ := json.Marshal(f.Draw(t, "number"))
		return string(b)
	}
	b, _ := json.Marshal(rapid.String().Draw(t, "text"))
	return string(b)
}

// flatten is the naive oracle.
func flatten(t *rapid.T, prefix string, d *json.Decoder) event.Fields {
	d.UseNumber()
	next(t, d)
	var out event.Fields
	for d.More() {
		name := prefix + next(t, d).(string)
		out = append(out, flattenValue(t, name, d)...)
	}
	next(t, d)
	if out == nil && prefix != "" {
		return event.Fields{{Name: strings.TrimSuffix(prefix, ".")}}
	}
	return out
}

func next(t *rapid.T, d *json.Decoder) json.Token {
	token, err := d.Token()
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	return token
}

func flattenValue(t *rapid.T, name string, d *json.Decoder) event.Fields {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		t.Fatalf("oracle: %v", err)
	}
	inner := json.NewDecoder(strings.NewReader(string(raw)))
	inner.UseNumber()
	switch raw[0] {
	case '{':
		return flatten(t, name+".", inner)
	case '[':
		next(t, inner)
		list := event.Value{Kind: event.List, Items: []event.Value{}}
		for inner.More() {
			list.Items = append(list.Items, scalarValue(next(t, inner)))
		}
		return event.Fields{{Name: name, Value: list}}
	}
	return event.Fields{{Name: name, Value: scalarValue(next(t, inner))}}
}

func scalarValue(token json.Token) event.Value {
	switch v := token.(type) {
	case string:
		return textValue(v)
	case json.Number:
		return event.Value{Kind: event.Number, Text: v.String()}
	case bool:
		return event.Value{Kind: event.Bool, Text: fmt.Sprint(v)}
	}
	return event.Value{}
}
