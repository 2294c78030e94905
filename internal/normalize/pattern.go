package normalize

import (
	"regexp"
	"strings"

	"github.com/evident-sec/evident/event"
)

// pattern reads fields out of a program's log message. The expression is
// RE2 (linear time) and must match the whole message.
type pattern struct {
	prefix string // literal text every match starts with
	match  *regexp.Regexp
	names  []string // field for each group, "" for unnamed ones
	set    []event.Field
}

// anyProgram is the key of patterns that hold for every program.
const anyProgram = "*"

// maxPatternBytes bounds the text that patterns look at.
const maxPatternBytes = 8 << 10

func newPattern(expr string, set []event.Field) (*pattern, error) {
	bare, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	full, err := regexp.Compile(`\A(?:` + expr + `)\z`)
	if err != nil {
		return nil, err
	}
	prefix, _ := bare.LiteralPrefix()
	return &pattern{prefix: prefix, match: full, names: full.SubexpNames(), set: set}, nil
}

// matchMessage adds the fields of the first pattern that the message matches.
func (d *decoder) matchMessage(fields event.Fields) event.Fields {
	message := fields.Text("message")
	if message == "" || len(message) > maxPatternBytes {
		return fields
	}
	for _, key := range [2]string{fields.Text("program"), anyProgram} {
		for _, p := range d.patterns[key] {
			if out, ok := p.apply(message, fields); ok {
				return out
			}
		}
	}
	return fields
}

func (p *pattern) apply(message string, fields event.Fields) (event.Fields, bool) {
	if !strings.HasPrefix(message, p.prefix) {
		return fields, false
	}
	at := p.match.FindStringSubmatchIndex(message)
	if at == nil {
		return fields, false
	}
	for i, name := range p.names {
		if name != "" && at[2*i] >= 0 {
			fields = appendText(fields, name, message[at[2*i]:at[2*i+1]])
		}
	}
	return append(fields, p.set...), true
}
