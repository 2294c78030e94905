package simulate

import (
	_ "embed"
	"strconv"
	"strings"
)

// messagesText holds message texts as Windows writes them, without the closing
// explanations. "== ID" lines name the events of the text that follows; names
// in braces are event fields. Codes such as %%1833 stay as they are stored, as
// in records whose forwarder lacks the provider's message table.
//
//go:embed messages.txt
var messagesText string

// messages are the texts by event number, which no two channels share.
var messages = parseMessages(messagesText)

func parseMessages(text string) map[int]template {
	out := map[int]template{}
	for part := range strings.SplitSeq("\n"+text, "\n== ") {
		ids, body, _ := strings.Cut(part, "\n")
		t := parseTemplate(body)
		for _, id := range strings.Fields(ids) {
			if n, err := strconv.Atoi(id); err == nil {
				out[n] = t
			}
		}
	}
	return out
}

// template is a message with fields in braces, parsed once.
type template []string // literal text and field names in turn

// parseTemplate reads a message text, fields as {Name}. It is stored with its
// literals already escaped for JSON.
func parseTemplate(text string) template {
	var t template
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "\r\n")
	for text != "" {
		literal, rest, found := strings.Cut(text, "{")
		t = append(t, string(appendEscaped(nil, literal)))
		if !found {
			break
		}
		name, tail, _ := strings.Cut(rest, "}")
		t = append(t, name)
		text = tail
	}
	return t
}

func (t template) message(b []byte, data []string) []byte {
	for i, part := range t {
		if i%2 == 0 {
			b = append(b, part...)
		} else {
			b = appendEscaped(b, value(data, part))
		}
	}
	return b
}

// appendMessage appends the event's text: a title and a list of all fields, the
// form that Sysmon uses, where the event has a title.
func (e *winEvent) appendMessage(b []byte) []byte {
	if e.title == "" {
		return messages[e.id].message(b, e.data)
	}
	b = append(append(b, e.title...), ':')
	for i := 0; i+1 < len(e.data); i += 2 {
		b = append(b, `\r\n`...)
		b = append(b, e.data[i]...)
		b = append(b, ':', ' ')
		b = appendEscaped(b, e.data[i+1])
	}
	return b
}
