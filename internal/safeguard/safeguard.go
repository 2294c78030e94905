package safeguard

import (
	"fmt"
	"strings"
	"unicode"
)

// maxIdentifier bounds the work on one name, in bytes; real names are far
// shorter and the rest of a longer one is not read.
const maxIdentifier = 512

// Refuse says whether the identifier (a field, column or rule field name, not
// free text) stands for a protected attribute, and why. It ignores case and
// reads ".", "_", "-", spaces and camel case as gaps between words.
func Refuse(identifier string) (reason string, refused bool) {
	words := split(identifier)
	for i := range terms {
		if containsRun(words, terms[i].words) {
			return fmt.Sprintf("refused: %s is protected; such fields do not exist",
				terms[i].reason), true
		}
	}
	return "", false
}

// split returns the lower-case words of an identifier.
func split(identifier string) []string {
	if len(identifier) > maxIdentifier {
		identifier = identifier[:maxIdentifier]
	}
	var spaced strings.Builder
	var before rune
	for _, r := range identifier {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = ' '
		case unicode.IsUpper(r) && unicode.IsLower(before):
			spaced.WriteByte(' ')
		}
		spaced.WriteRune(unicode.ToLower(r))
		before = r
	}
	return strings.Fields(spaced.String())
}

// containsRun reports whether the words of run follow one another in words.
func containsRun(words []string, run string) bool {
	want := strings.Fields(run)
	for i := 0; i+len(want) <= len(words); i++ {
		if startsWith(words[i:], want) {
			return true
		}
	}
	return false
}

func startsWith(words, want []string) bool {
	for i := range want {
		if words[i] != want[i] && words[i] != want[i]+"s" {
			return false
		}
	}
	return true
}
