package register

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Encode returns the register as one file, kinds in the order of the format,
// empty fields left out. Reading it back gives the same register.
func (r *Register) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "version: %s\n", formatVersion)
	all := reflect.ValueOf(r).Elem()
	for _, k := range kinds {
		list := all.Field(k.field)
		if list.Len() == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s:\n", k.name)
		for i := range list.Len() {
			k.shape.block(&b, list.Index(i).Elem())
		}
	}
	return b.Bytes()
}

// block writes an entity as a list item, a field a line.
func (s *shape) block(b *bytes.Buffer, v reflect.Value) {
	lead := "  - "
	for _, f := range s.fields {
		fv := v.FieldByIndex(f.index)
		if fv.IsZero() || fv.Kind() == reflect.Slice && fv.Len() == 0 {
			continue
		}
		fmt.Fprintf(b, "%s%s: %s\n", lead, f.key, f.flow(fv))
		lead = "    "
	}
}

// flow writes a value in flow style.
func (f *field) flow(v reflect.Value) string {
	if v.Kind() != reflect.Slice {
		return scalarText(v)
	}
	var items []string
	for i := range v.Len() {
		if f.shape == nil {
			items = append(items, scalarText(v.Index(i)))
			continue
		}
		var pairs []string
		for _, sub := range f.shape.fields {
			if sv := v.Index(i).FieldByIndex(sub.index); !sv.IsZero() {
				pairs = append(pairs, sub.key+": "+sub.flow(sv))
			}
		}
		items = append(items, "{"+strings.Join(pairs, ", ")+"}")
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// scalarText writes one value; texts that YAML could take for something else are
// quoted.
func scalarText(v reflect.Value) string {
	if v.Type() == dateType {
		return v.Interface().(Date).Format(time.DateOnly)
	}
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); plainText(s) {
			return s
		}
		return quote(v.String())
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return fmt.Sprint(v.Interface())
}

// plainText reports whether a text is a YAML string without quotes: it begins
// with a letter, is no word of YAML's, and has nothing that means something.
func plainText(s string) bool {
	if s == "" || strings.HasSuffix(s, " ") {
		return false
	}
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && !strings.ContainsRune(" -_./()+", rune(c))) {
			return false
		}
	}
	return true
}

// quote writes a YAML double-quoted string on one line.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
