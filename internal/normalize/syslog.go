package normalize

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	syslog "github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/rfc5424"

	"github.com/evident-sec/evident/event"
)

// syslogDecoder reads RFC 5424 lines with a parser made for them and all else
// (RFC 3164, rsyslog's and journald's file formats) with its own split, since
// those lines follow no strict grammar. Not safe for concurrent use.
type syslogDecoder struct {
	strict syslog.Machine
}

func newSyslogDecoder() *syslogDecoder {
	return &syslogDecoder{strict: rfc5424.NewMachine()}
}

func (d *syslogDecoder) decode(line string, out event.Fields) (event.Fields, error) {
	line = strings.TrimRight(line, "\r\n")
	if strings.TrimSpace(line) == "" {
		return out, errors.New("decode syslog: empty line")
	}
	if len(line) <= maxStrictBytes && isRFC5424(line) {
		if m, err := d.strict.Parse([]byte(line)); err == nil {
			if msg, ok := m.(*rfc5424.SyslogMessage); ok {
				return appendRFC5424(msg, out), nil
			}
		}
	}
	return splitRFC3164(line, out), nil
}

// maxStrictBytes bounds lines that are read by the strict parser, whose
// structured data has no limit of its own.
const maxStrictBytes = 256 << 10

// isRFC5424 reports whether the line starts with "<PRI>VERSION ".
func isRFC5424(line string) bool {
	end := strings.IndexByte(line, '>')
	return end > 1 && end < 5 && line[0] == '<' && strings.HasPrefix(line[end+1:], "1 ")
}

func appendRFC5424(m *rfc5424.SyslogMessage, out event.Fields) event.Fields {
	if m.Priority != nil {
		out = appendPriority(int(*m.Priority), out)
	}
	if m.Timestamp != nil {
		out = appendText(out, "timestamp", m.Timestamp.Format(time.RFC3339Nano))
	}
	for _, f := range []struct {
		name string
		text *string
	}{
		{"hostname", m.Hostname},
		{"program", m.Appname},
		{"pid", m.ProcID},
		{"msgid", m.MsgID},
		{"message", m.Message},
	} {
		if f.text != nil {
			out = appendText(out, f.name, strings.TrimPrefix(*f.text, "\uFEFF"))
		}
	}
	if m.StructuredData == nil {
		return out
	}
	from := len(out)
	for id, params := range *m.StructuredData {
		for name, text := range params {
			out = appendText(out, "sd."+id+"."+name, text)
		}
	}
	slices.SortFunc(out[from:], func(a, b event.Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func appendText(out event.Fields, name, text string) event.Fields {
	return append(out, event.Field{Name: name, Value: textValue(text)})
}

func appendPriority(pri int, out event.Fields) event.Fields {
	number := func(n int) event.Value {
		return event.Value{Kind: event.Number, Text: strconv.Itoa(n)}
	}
	return append(out, event.Field{Name: "facility", Value: number(pri / 8)},
		event.Field{Name: "severity", Value: number(pri % 8)})
}

// splitRFC3164 reads "[<PRI>]TIMESTAMP HOST TAG[PID]: MESSAGE", each part
// optional; what does not fit is the message.
func splitRFC3164(line string, out event.Fields) event.Fields {
	rest := line
	if end := strings.IndexByte(rest, '>'); end > 1 && end < 5 && rest[0] == '<' {
		if pri, err := strconv.Atoi(rest[1:end]); err == nil && pri >= 0 && pri < 192 {
			out = appendPriority(pri, out)
			rest = rest[end+1:]
		}
	}
	stamp, after := cutTimestamp(rest)
	if stamp == "" {
		return appendText(out, "message", rest)
	}
	out = appendText(out, "timestamp", stamp)
	host, rest, _ := cutByte(strings.TrimLeft(after, " "), ' ')
	if strings.HasSuffix(host, ":") || strings.HasSuffix(host, "]") {
		rest = host + " " + rest // no host: this was the tag
	} else if host != "" {
		out = appendText(out, "hostname", host)
	}
	program, pid, message := cutTag(strings.TrimLeft(rest, " "))
	if program != "" {
		out = appendText(out, "program", program)
	}
	if pid != "" {
		out = appendText(out, "pid", pid)
	}
	return appendText(out, "message", message)
}

// cutTimestamp returns the leading "Jan _2 15:04:05" (a year may stand before
// or after the clock) or RFC 3339 time, and what follows; "" where there is none.
func cutTimestamp(s string) (stamp, rest string) {
	first, after, _ := cutByte(s, ' ')
	if len(first) >= 19 && first[4] == '-' && first[7] == '-' {
		return first, after
	}
	for _, layout := range bsdLayouts {
		if len(s) < len(layout) || !looksLike(layout, s) {
			continue
		}
		if _, err := time.Parse(layout, s[:len(layout)]); err == nil {
			return s[:len(layout)], s[len(layout):]
		}
	}
	return "", s
}

// looksLike reports whether s has spaces, colons and digits where the layout
// has them: it spares reading what cannot be a time.
func looksLike(layout, s string) bool {
	for i := range len(layout) {
		switch c := layout[i]; {
		case c == ' ' || c == ':':
			if s[i] != c {
				return false
			}
		case c >= '0' && c <= '9':
			if (s[i] < '0' || s[i] > '9') && s[i] != ' ' {
				return false
			}
		}
	}
	return true
}

// cutTag splits "program[pid]: message".
func cutTag(s string) (program, pid, message string) {
	end := strings.IndexAny(s, ":[ ")
	if end <= 0 || end > 48 || s[end] == ' ' {
		return "", "", s
	}
	program, rest := s[:end], s[end:]
	if rest[0] == '[' {
		if stop := strings.IndexByte(rest, ']'); stop > 0 {
			pid, rest = rest[1:stop], rest[stop+1:]
		}
	}
	return program, pid, strings.TrimLeft(strings.TrimPrefix(rest, ":"), " ")
}
