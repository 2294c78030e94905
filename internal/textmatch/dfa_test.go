package textmatch_test

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/textmatch"
)

// TestLazyDFA: the automaton agrees with the regexp package on any text, also
// beyond ASCII and where it is not UTF-8, and a text that matches has one of the
// literals that are required.
func TestLazyDFA(t *testing.T) {
	parts := []string{
		"a", "b", "K", "é", "ß", "[a-f]", "[^a]", "[é-ü]", "(?i:k)", "(?i:ſ)", ".", `\w`, `\W`, `\b`, `\B`, "^", "$",
		`\A`, `\z`, "(?m:^)", "(?m:$)", "(?s:.)", "(a|bé)", "a*", "[ab]+", "(ab){2,3}", "[ab]{8,}", "a{9}", ".{8,12}", "[^b]{8}", "x?", `\pL`, `\x{FFFD}`, "\n",
	}
	texts := []string{"a", "b", "k", "K", "\u212A", "s", "ſ", "é", "ß", "ü", "\n", " ", "_", "ab", "aaaaaaaa", "abababababab", "\xff", "\uFFFD", "中"}
	rapid.Check(t, func(t *rapid.T) {
		expr := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, 6).Draw(t, "expr"), "")
		re, err := regexp.Compile(expr)
		if err != nil {
			t.Skip(expr)
		}
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		required := textmatch.Required(tree.Simplify())
		d := textmatch.NewLazyDFA(re)
		for range 5 {
			text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(texts), 0, 10).Draw(t, "text"), "")
			if got, want := d.Match(text), re.MatchString(text); got != want {
				t.Fatalf("%q on %q: got %v, want %v", expr, text, got, want)
			}
			has := func(l string) bool { return strings.Contains(textmatch.Fold(text), l) }
			if re.MatchString(text) && required != nil && !slices.ContainsFunc(required, has) {
				t.Fatalf("%q matches %q without any of %q", expr, text, required)
			}
		}
	})
}

// TestLazyDFAForgets: an expression whose automaton is larger than the bound
// still gives the right answer, and keeps no more than the bound.
func TestLazyDFAForgets(t *testing.T) {
	const bound = 1<<20 + 1<<12
	for _, expr := range []string{`(a|b)*a(a|b){14}c`, `.{1000,}x`, `[ab]{3,900}c`, `[a-b]{800,}`, `x[ab]{64}`} {
		re := regexp.MustCompile(expr)
		d := textmatch.NewLazyDFA(re)
		text := strings.Builder{}
		for i := uint32(1); text.Len() < 6000; i = i*1664525 + 1013904223 {
			text.WriteByte("ab"[i>>31])
		}
		for _, s := range []string{text.String(), text.String() + "c", text.String() + "x", text.String()[:999] + "x"} {
			if got, want := d.Match(s), re.MatchString(s); got != want {
				t.Errorf("%s on %d bytes: got %v, want %v", expr, len(s), got, want)
			}
		}
		if d.Size() > bound {
			t.Errorf("%s keeps %d", expr, d.Size())
		}
	}
}
