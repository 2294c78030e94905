package textmatch_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/textmatch"
)

// drawLiteral draws a folded text of a few bytes, often one that others share
// a part of.
func drawLiteral(t *rapid.T, label string) string {
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{
		"a", "b", "k", "s", `\`, " ", "ab", ".exe", "cmd", "power", "shell", "é", "ß", "\u2013", "-", "@", "`",
	}), 1, 5).Draw(t, label)
	return textmatch.Fold(strings.Join(parts, ""))
}

// TestLiterals: exactly the literals that the folded text contains are found,
// in folded text and, where it is ASCII, in the text itself.
func TestLiterals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.SampledFrom([]int{1, 2, 3, 4, 5, 7, 9, 12}).Draw(t, "least")
		var literals []string
		var ids []int32
		for i := range rapid.IntRange(1, 30).Draw(t, "literals") {
			l := drawLiteral(t, "literal")
			for len(l) < least {
				l += drawLiteral(t, "more")
			}
			literals = append(literals, l)
			ids = append(ids, int32(i))
		}
		find := textmatch.NewLiterals(literals, ids)
		for range 4 {
			text := ""
			for range rapid.IntRange(0, 6).Draw(t, "parts") {
				if rapid.Bool().Draw(t, "whole") {
					text += rapid.SampledFrom(literals).Draw(t, "of")
				} else {
					text += drawLiteral(t, "other")
				}
			}
			if rapid.Bool().Draw(t, "upper") {
				text = strings.ToUpper(text)
			}
			folded := textmatch.Fold(text)
			if textmatch.IsASCII(text) {
				compare(t, find, literals, text, folded)
			}
			compare(t, find, literals, folded, folded)
		}
	})
}

func compare(t *rapid.T, find *textmatch.Literals, literals []string, text, folded string) {
	found := find.AppendFind(nil, text)
	for i, l := range literals {
		if got, want := slices.Contains(found, int32(i)), strings.Contains(folded, l); got != want {
			t.Fatalf("%q in %q: got %v, want %v (of %q)", l, text, got, want, literals)
		}
	}
}

// TestTries: exactly the literals that the text begins or ends with are found.
func TestTries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var literals, reversed []string
		var ids []int32
		for i := range rapid.IntRange(1, 20).Draw(t, "literals") {
			l := drawLiteral(t, "literal")
			literals, reversed, ids = append(literals, l), append(reversed, textmatch.Reversed(l)), append(ids, int32(i))
		}
		text := drawLiteral(t, "a") + rapid.SampledFrom(literals).Draw(t, "b") + drawLiteral(t, "c")
		begins := textmatch.NewTrie(literals, ids).AppendPrefixes(nil, []byte(text))
		ends := textmatch.NewTrie(reversed, ids).AppendSuffixes(nil, []byte(text))
		for i, l := range literals {
			if slices.Contains(begins, int32(i)) != strings.HasPrefix(text, l) {
				t.Fatalf("%q begins %q", l, text)
			}
			if slices.Contains(ends, int32(i)) != strings.HasSuffix(text, l) {
				t.Fatalf("%q ends %q", l, text)
			}
		}
	})
}

// TestFold: folding is that of strings.EqualFold, bytes that are not UTF-8
// become U+FFFD each.
func TestFold(t *testing.T) {
	letters := []string{"a", "A", "z", "K", "\u212A", "ſ", "S", "é", "É", "ß", "Ω", "ω", "İ", "\xff", "@", "[", "`", "{"}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(letters), 0, 24).Draw(t, label), "")
		}
		a, b := draw("a"), draw("b")
		if rapid.Bool().Draw(t, "alike") {
			b = strings.ToLower(a)
		}
		a, b = textmatch.ValidText(a), textmatch.ValidText(b)
		if got, want := textmatch.Fold(a) == textmatch.Fold(b), strings.EqualFold(a, b); got != want {
			t.Fatalf("%q and %q: got %v, want %v", a, b, got, want)
		}
		if got, want := textmatch.Fold(a+"\xff"), textmatch.Fold(a)+"\uFFFD"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		if got, want := textmatch.IsASCII(a), !strings.ContainsFunc(a, func(r rune) bool { return r > 0x7F }); got != want {
			t.Fatalf("%q is ASCII: got %v", a, got)
		}
	})
}
