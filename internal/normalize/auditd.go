package normalize

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/event"
)

// auditEvent collects the fields of the lines ("records") of one Linux audit
// event. A name that several lines carry with different values becomes a list
// in line order, so that a rule about any one of them holds.
type auditEvent struct {
	out    event.Fields
	from   int // index in out where this event's fields begin
	pairs  int
	argv   [][]byte
	names  []string // PATH names by line order
	closed error
}

// decodeAuditd reads all lines of one audit event, joined by newlines.
// Format: https://github.com/linux-audit/audit-documentation/wiki
func decodeAuditd(s string, out event.Fields) (event.Fields, error) {
	ev := auditEvent{out: out, from: len(out)}
	lines := 0
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := ev.line(line); err != nil {
			return ev.out, err
		}
		lines++
	}
	if lines == 0 {
		return ev.out, errors.New("decode auditd: empty event")
	}
	ev.finish()
	return ev.out, ev.closed
}

// line reads "[node=N] type=T msg=audit(SECONDS.MS:SERIAL): k=v …".
func (ev *auditEvent) line(line string) error {
	at := strings.Index(line, "audit(")
	end := strings.Index(line, "):")
	if at < 0 || end < at {
		return errors.New("decode auditd: no audit(time:serial) in line")
	}
	head := strings.TrimSuffix(line[:at], "msg=")
	typ := ""
	eachPair(head, func(key, value string, _ bool) bool {
		if key == "type" {
			typ = value
		}
		return ev.set(key, textValue(value))
	})
	stamp, serial, _ := strings.Cut(line[at+len("audit("):end], ":")
	ev.set("timestamp", event.Value{Kind: event.Number, Text: stamp})
	ev.set("serial", event.Value{Kind: event.Number, Text: serial})
	body, enriched, _ := strings.Cut(line[end+2:], "\x1d")
	if strings.HasPrefix(typ, "AUOMS_") {
		body = ev.tail(body)
	}
	ev.body(typ, body)
	eachPair(enriched, func(key, value string, _ bool) bool {
		return ev.set(key, textValue(value))
	})
	return ev.closed
}

// tail takes the end off a line of the AUOMS agent, which writes proctitle bare
// and cmdline in quotes that it does not escape, and returns the rest.
func (ev *auditEvent) tail(body string) string {
	body, _, _ = strings.Cut(body, " redactors=")
	if before, cmdline, ok := strings.Cut(body, ` cmdline="`); ok {
		ev.set("cmdline", textValue(strings.TrimSuffix(cmdline, `"`)))
		body = before
	}
	if before, title, ok := strings.Cut(body, " proctitle="); ok {
		ev.set("proctitle", textValue(title))
		body = before
	}
	return body
}

// body reads the pairs of one line; msg='…' holds further pairs.
func (ev *auditEvent) body(typ, body string) {
	eachPair(body, func(key, value string, quoted bool) bool {
		if key == "msg" && quoted && strings.Contains(value, "=") {
			return ev.pairsOf(typ, value)
		}
		return ev.pair(typ, key, value, quoted)
	})
}

// pairsOf reads pairs that hold no further ones.
func (ev *auditEvent) pairsOf(typ, text string) (more bool) {
	eachPair(text, func(key, value string, quoted bool) bool {
		return ev.pair(typ, key, value, quoted)
	})
	return ev.closed == nil
}

// pair takes one key and its value as written.
func (ev *auditEvent) pair(typ, key, value string, quoted bool) (more bool) {
	value = auditValue(typ, key, value, quoted)
	switch typ {
	case "EXECVE":
		ev.arg(key, value)
	case "PATH":
		if key == "name" {
			ev.names = append(ev.names, value)
		}
	case "SOCKADDR":
		if key == "saddr" {
			ev.address(value)
		}
	}
	return ev.set(key, auditKind(key, value))
}

// set adds the field, or its value to the field of that name. Equal values are
// kept once. It returns false when the event has more than it may have.
func (ev *auditEvent) set(key string, v event.Value) (more bool) {
	if ev.pairs++; ev.pairs > maxValues {
		ev.closed = errors.New("decode auditd: too many values")
		return false
	}
	for i := ev.from; i < len(ev.out); i++ {
		if ev.out[i].Name == key {
			addValue(&ev.out[i].Value, v)
			return true
		}
	}
	if len(ev.out)-ev.from >= maxAuditFields {
		ev.closed = fmt.Errorf("decode auditd: more than %d fields", maxAuditFields)
		return false
	}
	ev.out = append(ev.out, event.Field{Name: key, Value: v})
	return true
}

// addValue makes old a list that also holds v.
func addValue(old *event.Value, v event.Value) {
	if old.Kind != event.List {
		if old.Kind == v.Kind && old.Text == v.Text {
			return
		}
		old.Items = []event.Value{*old, v}
		old.Kind, old.Text = event.List, ""
		return
	}
	for i := range old.Items[:min(len(old.Items), 64)] {
		if old.Items[i].Kind == v.Kind && old.Items[i].Text == v.Text {
			return
		}
	}
	old.Items = append(old.Items, v)
}

// maxAuditFields bounds distinct names: the kernel splits longer argument
// lists over several events.
const maxAuditFields = 1024

// arg remembers argument N of EXECVE's aN, or a piece of it (aN[M]).
func (ev *auditEvent) arg(key, value string) {
	if len(key) < 2 || key[0] != 'a' {
		return
	}
	number, _, piece := strings.Cut(key[1:], "[")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > len(ev.argv) || n >= maxAuditFields {
		return
	}
	switch {
	case n == len(ev.argv):
		ev.argv = append(ev.argv, []byte(value))
	case piece:
		ev.argv[n] = append(ev.argv[n], value...)
	}
}

// address adds the decoded socket address as fields of its own.
func (ev *auditEvent) address(hexText string) {
	family, addr, port := decodeSockaddr(hexText)
	if family == "" {
		return
	}
	ev.set("saddr_family", textValue(family))
	if addr != "" {
		ev.set("saddr_ip", textValue(addr))
		ev.set("saddr_port", event.Value{Kind: event.Number, Text: strconv.Itoa(port)})
	}
}

// finish adds the fields that the lines together make: the command line and
// the absolute path of the program or file.
func (ev *auditEvent) finish() {
	if len(ev.argv) > 0 {
		ev.set("cmdline", textValue(shellJoin(ev.argv)))
	}
	if len(ev.names) > 0 {
		cwd := event.Fields(ev.out[ev.from:]).Text("cwd")
		path := ev.names[len(ev.names)-1]
		if path != "" && path[0] != '/' && cwd != "" && path != "(null)" {
			path = strings.TrimSuffix(cwd, "/") + "/" + path
		}
		ev.set("target_path", textValue(path))
	}
}
