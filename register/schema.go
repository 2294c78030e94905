package register

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// Schema returns the JSON Schema (draft 2020-12) of a register file, for the
// completion and checks of editors. References and identifiers that stand twice
// are beyond a schema; Load checks them.
func Schema() []byte {
	properties := map[string]any{
		"version": map[string]any{"const": 1, "description": "version of the format"},
	}
	defs := map[string]any{}
	for _, k := range kinds {
		properties[k.name] = map[string]any{
			"type": "array", "items": map[string]any{"$ref": "#/$defs/" + k.name},
		}
		defs[k.name] = k.shape.schema()
	}
	out, err := json.MarshalIndent(map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "Evident register",
		"description": "One file of the register of systems, holdings, vendors and what connects them.",
		"type":        "object", "additionalProperties": false,
		"properties": properties, "$defs": defs,
	}, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("encode schema: %v", err)) // maps of texts and numbers encode
	}
	return append(out, '\n')
}

// schema describes a struct.
func (s *shape) schema() map[string]any {
	properties := map[string]any{}
	var need []string
	for _, f := range s.fields {
		properties[f.key] = f.schema()
		if f.need {
			need = append(need, f.key)
		}
	}
	out := map[string]any{
		"type": "object", "additionalProperties": false, "properties": properties,
	}
	if need != nil {
		out["required"] = need
	}
	return out
}

// schema describes a field.
func (f *field) schema() map[string]any {
	t := f.typ
	if t.Kind() != reflect.Slice {
		out := f.scalarSchema(t)
		out["description"] = f.describe()
		return out
	}
	var items map[string]any
	if f.shape != nil {
		items = f.shape.schema()
	} else {
		items = f.scalarSchema(t.Elem())
	}
	return map[string]any{"type": "array", "items": items, "description": f.describe()}
}

// describe adds to a field's text what it refers to.
func (f *field) describe() string {
	if len(f.refs) == 0 {
		return f.doc
	}
	return f.doc + " (an id of " + strings.Join(f.refs, ", ") + ")"
}

func (f *field) scalarSchema(t reflect.Type) map[string]any {
	out := map[string]any{}
	switch {
	case t == dateType:
		out["type"], out["format"] = "string", "date"
	case t.Kind() == reflect.Bool:
		out["type"] = "boolean"
	case t.Kind() == reflect.Float64:
		out["type"] = "number"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		out["type"] = "integer"
	default:
		out["type"] = "string"
	}
	if len(f.enum) > 0 {
		out["enum"] = f.enum
	}
	if !math.IsInf(f.min, 0) {
		out["minimum"] = f.min
	}
	if !math.IsInf(f.max, 0) {
		out["maximum"] = f.max
	}
	return out
}

// Reference returns the fields of every kind as Markdown, for
// docs/formats/register.md.
func Reference() string {
	var b strings.Builder
	for _, k := range kinds {
		fmt.Fprintf(&b, "### %s\n\n| key | type | meaning |\n|---|---|---|\n", k.name)
		k.shape.rows(&b, "")
		b.WriteByte('\n')
	}
	b.WriteString("### Categories of data\n\n" +
		"| category | what | for life | dimension | 28 CFR 202 |\n|---|---|---|---|---|\n")
	for _, t := range traits {
		fmt.Fprintf(&b, "| %s | %s | %g | %s | %s |\n", t.Category, t.Doc, t.Irrevocable, t.Dimension, t.Bulk)
	}
	return b.String()
}

// rows writes a table row for every field.
func (s *shape) rows(b *strings.Builder, prefix string) {
	for _, f := range s.fields {
		mark := ""
		if f.need {
			mark = " (required)"
		}
		fmt.Fprintf(b, "| %s%s%s | %s | %s |\n", prefix, f.key, mark, f.typeName(), f.describe())
		if f.shape != nil {
			f.shape.rows(b, prefix+f.key+".")
		}
	}
}

// typeName is the type in words.
func (f *field) typeName() string {
	t, list := f.typ, ""
	if t.Kind() == reflect.Slice {
		t, list = t.Elem(), "list of "
	}
	switch {
	case f.shape != nil:
		return list + "maps"
	case len(f.enum) > 0 && t.Name() != "Category":
		return list + strings.Join(f.enum, " / ")
	case t.Name() == "Category":
		return list + "categories"
	case t == dateType:
		return list + "day"
	case t.Kind() == reflect.Bool:
		return list + "true / false"
	case t.Kind() == reflect.String:
		return list + "text"
	}
	return list + "number"
}
