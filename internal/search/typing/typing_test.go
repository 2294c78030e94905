package typing

import "testing"

// TestWords: | in the text is the cursor, what is returned stands in brackets.
func TestWords(t *testing.T) {
	for _, c := range []struct{ before, after, word, stage string }{
		{"device.host", "name:x", "device.hostname:x", ""},
		{`message:"two wo`, `rds" y`, `message:"two words"`, ""},
		{`message:two\ wo`, "rds y", `message:two\ words`, ""},
		{"a (b", "c) d", "bc", ""},
		{"host:(a", "b)", "host:(ab", ""},
		{"", "", "", ""},
		{"a | co", "unt", "count", "co"},
		{`"a | b" | top 3 x `, "by", "by", "top 3 x"},
		{"a|b", "", "a|b", ""},
		{`\`, "", `\`, ""},
	} {
		text := c.before + c.after
		start, end := WordStart(c.before), WordEnd(text, len(c.before))
		if start > len(c.before) || end < len(c.before) || text[start:end] != c.word {
			t.Errorf("%q at %d: %d to %d, want %q", text, len(c.before), start, end, c.word)
		}
		stage, ok := LastStage(c.before)
		if ok != (c.stage != "") || stage != c.stage {
			t.Errorf("%q: stage %q %v, want %q", c.before, stage, ok, c.stage)
		}
	}
}
