package glob

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func anyGlob() *rapid.Generator[Glob] {
	return rapid.Custom(func(t *rapid.T) Glob {
		var g Glob
		for _, r := range rapid.SliceOf(rapid.SampledFrom([]rune{'a', 'b', 'ß', '.', '\\', '"', ' ', Star, Any1})).
			Draw(t, "runes") {
			g = g.Add(r)
		}
		return g
	})
}

// TestMatchIsThePattern: the matcher and the expression that SQL is given agree,
// and Within holds where some part of the text matches.
func TestMatchIsThePattern(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := anyGlob().Draw(rt, "glob")
		text := rapid.StringOf(rapid.SampledFrom([]rune("abß.\\\" \n"))).Draw(rt, "text")
		if got, want := g.Match(text), regexp.MustCompile(g.pattern()).MatchString(text); got != want {
			rt.Errorf("%q matches %q: %v, by %s %v", g, text, got, g.pattern(), want)
		}
		some, runes := false, []rune(text)
		for i := range len(runes) + 1 {
			for j := i; j <= len(runes); j++ {
				some = some || g.Match(string(runes[i:j]))
			}
		}
		if got := g.Within().Match(text); got != some {
			rt.Errorf("%q is within %q: %v, want %v", g, text, got, some)
		}
	})
}

// TestSQL: what is typed becomes a parameter, never part of the condition.
func TestSQL(t *testing.T) {
	for _, c := range []struct{ glob, sql, arg string }{
		{"o'brien", "c = $", "o'brien"},
		{"o'*", "starts_with(c, $)", "o'"},
		{"*'; DROP", "ends_with(c, $)", "'; DROP"},
		{"*x*", "contains(c, $)", "x"},
		{"x*y", "regexp_matches(c, $)", `(?s)\Ax.*y\z`},
		{"*", "true", ""},
	} {
		var g Glob
		for _, r := range c.glob {
			if r == '*' {
				r = Star
			}
			g = g.Add(r)
		}
		got := ""
		sql := g.SQL("c", func(v any) string { got = v.(string); return "$" })
		if sql != c.sql || got != c.arg {
			t.Errorf("%s: %s with %q, want %s with %q", c.glob, sql, got, c.sql, c.arg)
		}
	}
}

// TestWriteEscapes: a word keeps its wildcards, a plain text is quoted where a
// word would not do.
func TestWriteEscapes(t *testing.T) {
	for _, c := range []struct {
		glob Glob
		want string
	}{
		{Glob("plain"), "plain"},
		{Glob("AND"), `"AND"`},
		{Glob(`say "hi"`), `"say \"hi\""`},
		{Glob{'a', Star, '*', Any1, ' '}, `a*\*?\ `},
	} {
		var w strings.Builder
		if c.glob.Write(&w, Special); w.String() != c.want {
			t.Errorf("%q is written %s, want %s", c.glob, w.String(), c.want)
		}
	}
}
