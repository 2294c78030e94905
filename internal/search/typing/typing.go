package typing

import "strings"

// LastStage returns what stands behind the last pipe that begins a stage.
func LastStage(text string) (stage string, ok bool) {
	quoted, begins := false, true
	at := -1
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '|' && begins && !quoted {
			at = i
		}
		begins = strings.IndexByte(" \t\n\r)\"", c) >= 0
		switch c {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		}
	}
	if at < 0 {
		return "", false
	}
	return strings.TrimSpace(text[at+1:]), true
}

// WordStart returns where the last word of text begins; quotes hold a word
// together.
func WordStart(text string) int {
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (strings.IndexByte(" \t\n\r)", c) >= 0 || c == '(' && !afterColon(text, i)):
			start = i + 1
		}
	}
	return min(start, len(text))
}

func afterColon(text string, i int) bool { return i > 0 && text[i-1] == ':' }

// WordEnd returns where the word at the cursor ends.
func WordEnd(query string, cursor int) int {
	if n := strings.IndexAny(query[cursor:], " \t\n\r()"); n >= 0 {
		return cursor + n
	}
	return len(query)
}
