package ruletest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/sigma"
)

// Filter is a benign pattern of a rule: every field has its value.
type Filter struct {
	Rule   *sigma.Rule
	Fields []string // with Sigma modifiers if wanted
	Values []string // literal; of a field with the modifier re, an expression
}

// Text writes the filter as a Sigma document. It refers to the rule by its id,
// so that an update of the rule keeps it. The id is made of what the filter
// says: the same filter gives the same document.
func (f *Filter) Text() (text, id string) {
	var b strings.Builder
	var pairs []string
	for i, field := range f.Fields {
		value := f.Values[i]
		if !strings.Contains(field, "|re") {
			value = escapeValue(value)
		}
		pairs = append(pairs, fmt.Sprintf("    %s: %s", yamlScalar(field), yamlScalar(value)))
	}
	id = uuidOf(append([]string{Key(&f.Rule.Meta)}, pairs...))
	fmt.Fprintf(&b, "title: %s\n", yamlScalar("Tuning of "+f.Rule.Title))
	fmt.Fprintf(&b, "id: %s\n", id)
	fmt.Fprintf(&b, "description: %s\n", yamlScalar(
		"A benign pattern that the rule finds. Written by evident rules tune, which tried it on the "+
			"rule's tests and on the past."))
	b.WriteString("status: experimental\nlogsource:\n")
	ls := f.Rule.Logsource
	for _, part := range [][2]string{
		{"product", ls.Product}, {"category", ls.Category}, {"service", ls.Service},
	} {
		if part[1] != "" {
			fmt.Fprintf(&b, "  %s: %s\n", part[0], yamlScalar(part[1]))
		}
	}
	fmt.Fprintf(&b, "filter:\n  rules:\n    - %s\n  benign:\n%s\n  condition: not benign\n",
		yamlScalar(Key(&f.Rule.Meta)), strings.Join(pairs, "\n"))
	return b.String(), id
}

// escapeValue makes a literal text a Sigma value: wildcards lose their meaning,
// and so do backslashes that would take it from what follows them.
func escapeValue(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '*' || c == '?':
			b.WriteByte('\\')
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`\*?`, s[i+1]) >= 0:
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// yamlScalar writes a text as a YAML scalar: plain where that is safe, in
// single quotes where it can be read, else with JSON's escapes, which YAML has.
func yamlScalar(s string) string {
	bare := s != "" && unicode.IsLetter(rune(s[0])) && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '|' || r == '.')
	})
	if bare && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"},
		strings.ToLower(s)) {
		return s
	}
	if !strings.ContainsFunc(s, func(r rune) bool {
		return printable.Hostile(r) || r == '\uFFFD' || unicode.IsSpace(r) && r != ' '
	}) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	text, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return "''"
	}
	return string(printable.JSON(text))
}

// uuidOf makes an identifier of texts, in the form of a UUID of version 8
// (RFC 9562), which is free for that.
func uuidOf(parts []string) string {
	h := sha256.Sum256([]byte("evident.tuning\n" + strings.Join(parts, "\n")))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
