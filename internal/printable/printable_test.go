package printable_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/printable"
)

// someText draws texts with what terminals obey.
func someText(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
		"a", "é", "\x1b[2J", "\u202e", "\x9b", "\u0085", "\n", "\xff", "\U000e0041", "\\u0041", `"`, "\x7f",
	}), 0, 6).Draw(t, "text"), "")
}

func TestTextIsClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := someText(t)
		out := printable.Text(in)
		if strings.IndexFunc(out, printable.Hostile) >= 0 || !utf8.ValidString(out) {
			t.Fatalf("%q became %q", in, out)
		}
		if strings.IndexFunc(in, printable.Hostile) < 0 && utf8.ValidString(in) && in != out {
			t.Fatalf("%q became %q", in, out)
		}
	})
}

func TestJSONKeepsItsMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, err := json.Marshal(map[string]string{someText(t): someText(t)})
		if err != nil {
			t.Fatal(err)
		}
		out := printable.JSON(in)
		var a, b map[string]string
		if err := json.Unmarshal(in, &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &b); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		for k, v := range a {
			if b[k] != v {
				t.Fatalf("%q became %q", in, out)
			}
		}
		if strings.IndexFunc(string(out), printable.Hostile) >= 0 {
			t.Fatalf("%q", out)
		}
	})
}
