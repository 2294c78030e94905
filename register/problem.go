package register

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/evident-sec/evident/internal/textmatch"
)

// maxProblems bounds what is reported of one register.
const maxProblems = 1000

// Problem is one thing wrong with a register.
type Problem struct {
	Place
	Entity string // identifier, "" where it has none
	Text   string
}

// String returns the problem as "file:line: entity: text".
func (p Problem) String() string {
	if p.Entity == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, clip(p.Entity), p.Text)
}

// clip shortens what the author wrote for a message.
func clip(s string) string {
	const most = 60
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return utf8.RuneError
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > most {
		return string([]rune(s)[:most]) + "…"
	}
	return s
}

// suggestion returns "; did you mean X?" for the nearest of the names, "" when
// none is near.
func suggestion(name string, names []string) string {
	best := textmatch.NearestWithin(name, names, 1+len(name)/3)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}
