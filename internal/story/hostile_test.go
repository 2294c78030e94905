package story

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/printable"
)

var evils = []string{
	"\x1b[2J", "\u202egpj.exe", "<script>alert(1)</script>", "</style></script>",
	"<img src=x onerror=y>",
	"\x00\x07", "](javascript:x)", "![a](http://evil.example/)", "http://evil.example/",
	"www.evil.example", "$x$", "a@evil.example",
	"\u0085", "\u2028", "\xff", `"];evil->node["`, `\" | }`, "\\", "`code`", "```", "|a|b|", "# head",
	"line\nbreak", "\r\n- item", "&lt;b&gt;", "{{.}}", "', style='x", "\U000e0041",
}

// poison puts hostile text into every string of a value, except enumerations
// that the engine itself chooses.
func poison(t *rapid.T, v reflect.Value, keep map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			poison(t, v.Elem(), keep)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if !keep[v.Type().Field(i).Name] && v.Field(i).CanSet() {
				poison(t, v.Field(i), keep)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(t, v.Index(i), keep)
		}
	case reflect.String:
		v.SetString(rapid.SampledFrom(evils).Draw(t, "evil") + v.String() +
			rapid.SampledFrom(evils).Draw(t, "tail"))
	}
}

// TestHostileText: whatever a record holds, no form lets it do anything.
func TestHostileText(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		told := readTold(t, "harbor.json", "harbor.notes.json")
		poison(r, reflect.ValueOf(told.Result), map[string]bool{"Src": true, "Dst": true, "ID": true})
		poison(r, reflect.ValueOf(&told.Overlays).Elem(), map[string]bool{
			"Kind": true, "Verb": true, "UID": true, "Withdraws": true,
		})
		for _, f := range Forms() {
			if f.Name == "json" { // the sealed bytes as they are; commands escape them
				continue
			}
			out := written(t, f.Name, told)
			if !utf8.ValidString(out) {
				r.Fatalf("%s: not UTF-8", f.Name)
			}
			for i, c := range out {
				if c != '\n' && printable.Hostile(c) || c == '\u2028' {
					r.Fatalf("%s: a control character stands raw: %q", f.Name, out[max(0, i-40):i+4])
				}
			}
			inForm(r, f.Name, out)
		}
	})
}

// inForm checks what is special to a form.
func inForm(r *rapid.T, form, out string) {
	switch form {
	case "html":
		onlyOurMarkup(r, out)
	case "markdown":
		bare := regexp.MustCompile(`\\.`).ReplaceAllString(out, "")
		for _, bad := range []string{"<", "[", "]", "`", "![", "://", "\n# h", "www.", "@", "$"} {
			if strings.Contains(bare, bad) {
				r.Fatalf("markdown has %q outside of an escape", bad)
			}
		}
	case "timesketch":
		for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
			if !json.Valid([]byte(line)) {
				r.Fatalf("a line is no JSON: %q", line)
			}
		}
	case "stix", "ocsf", "notes":
		if !json.Valid([]byte(out)) {
			r.Fatalf("%s is no JSON", form)
		}
	case "dot":
		if err := checkDOT(out); err != nil {
			r.Fatalf("%v in\n%s", err, out)
		}
	}
}

// onlyOurMarkup: the page has only the elements and attributes of the template.
func onlyOurMarkup(r *rapid.T, out string) {
	elements := map[string]bool{}
	for name := range strings.FieldsSeq("html head meta title style body h1 h2 dl dt dd code ol li " +
		"b span p div table thead tbody tr th td ul") {
		elements[name] = true
	}
	attributes := map[string]bool{
		"lang": true, "charset": true, "http-equiv": true, "content": true, "name": true,
		"class": true, "value": true,
	}
	styles := 0
	z := html.NewTokenizer(strings.NewReader(out))
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		if tok.Type == html.TextToken || tok.Type == html.DoctypeToken || tok.Type == html.CommentToken {
			continue
		}
		if !elements[tok.Data] {
			r.Fatalf("the page has an element %q", tok.Data)
		}
		if tok.Type == html.StartTagToken && tok.Data == "style" {
			styles++
		}
		for _, a := range tok.Attr {
			if !attributes[a.Key] {
				r.Fatalf("<%s> has an attribute %q", tok.Data, a.Key)
			}
		}
	}
	if styles != 1 || strings.Contains(out, "<script") {
		r.Fatalf("%d style sheets", styles)
	}
}
