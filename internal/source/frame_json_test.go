package source

import (
	"testing"

	"pgregory.net/rapid"
)

// TestSpanEqualsStep: over any bytes in any parts, span ends a value where step
// by step it ends.
func TestSpanEqualsStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.StringMatching(`\{(["\\{}\[\],:ax ]|\\"|"[a\\"]*"){0,40}\}?`).Draw(t, "text"))
		want := -1
		var one valueScanner
		for i, c := range text {
			if one.step(c) {
				want = i + 1
				break
			}
		}
		got, at := -1, 0
		var many valueScanner
		for at < len(text) && got < 0 {
			end := at + rapid.IntRange(1, len(text)-at).Draw(t, "part")
			n, ended := many.span(text[at:end])
			if at += n; ended {
				got = at
			} else if n != end-at+n {
				t.Fatalf("took %d bytes of a part of %d without an end", n, end)
			}
		}
		if got != want {
			t.Fatalf("%q: span ends at %d, step at %d", text, got, want)
		}
	})
}
