package edge

import "strings"

// Command is what a command line mentions.
type Command struct {
	Code  []string // bases of CodeMentions
	Words []Word   // that may name a host, in order
}

// Word is a word of a command line, and the host's name that it would be; Short
// is "" for what is too short for one.
type Word struct{ Text, Short string }

// Commands remembers what command lines mention: many processes have the same
// one, and graphs are built again as they grow. It is not safe for concurrent use.
type Commands map[string]*Command

// Of returns what the command line mentions.
func (c Commands) Of(line string) *Command {
	if told := c[line]; told != nil {
		return told
	}
	told := new(Command)
	for _, token := range CodeMentions(line) {
		told.Code = append(told.Code, Base(token))
	}
	for _, text := range strings.FieldsFunc(line[:min(len(line), maxCmdLine)], betweenNames) {
		w := Word{text, ShortHost(text)}
		if len(w.Short) <= 2 {
			w.Short = ""
		}
		told.Words = append(told.Words, w)
	}
	c[line] = told
	return told
}

func betweenNames(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r == '.' || r == '-' || r == '_')
}
