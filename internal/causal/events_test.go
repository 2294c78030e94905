package causal

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// parseEvents reads hand-written events, one a line:
//
//	1-0 09:00:01 process.launch host=ws1 actor.process.uid=a process.uid=b …
//
// Values with blanks stand in single quotes. Short names stand for attributes
// that every line needs.
func parseEvents(t testing.TB, text string) []event.Event {
	t.Helper()
	var list []event.Event
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		ev, err := parseEvent(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, ev)
	}
	return list
}

var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

var kinds = map[string][2]int{
	"process.launch": {event.ClassProcess, 1}, "process.end": {event.ClassProcess, 2},
	"process.open": {event.ClassProcess, 3}, "process.inject": {event.ClassProcess, 4},
	"file.create": {event.ClassFile, 1}, "file.delete": {event.ClassFile, 4}, "file.rename": {event.ClassFile, 5},
	"module.load": {event.ClassModule, 1}, "registry.set": {event.ClassRegValue, 2},
	"network.open": {event.ClassNetwork, 1}, "dns.query": {event.ClassDNS, 1},
	"logon": {event.ClassAuth, 1}, "logoff": {event.ClassAuth, 2},
	"credentials": {event.ClassAuth, 7}, "ticket": {event.ClassAuth, 4},
	"service.create": {event.ClassWinService, 1}, "job.create": {event.ClassJob, 1},
	"log.clear": {event.ClassEventLog, 1}, "script.run": {event.ClassScript, 1},
	"account.create": {event.ClassAccount, 1}, "share.open": {event.ClassSMB, 3},
	"api.call": {event.ClassAPI, 1}, "pipe": {event.ClassWinResource, 1},
	"pipe.open": {event.ClassWinResource, 2}, "group.add": {event.ClassGroup, 3},
	"device.add": {event.ClassEntity, 1},
}

var shortNames = map[string]string{
	"host": "device.hostname", "parent": "actor.process.uid", "ppid": "actor.process.pid",
	"pimage": "actor.process.file.path", "uid": "process.uid", "pid": "process.pid",
	"image": "process.file.path", "cmd": "process.cmd_line", "user": "user.name",
	"runas": "process.user.name", "session": "session.uid", "insession": "process.session.uid",
	"bysession": "actor.session.uid", "guid": "session.uid_alt", "path": "file.path",
	"src": "src_endpoint.ip", "sport": "src_endpoint.port", "dst": "dst_endpoint.ip",
	"dport": "dst_endpoint.port", "dhost": "dst_endpoint.hostname", "type": "logon_type_id",
	"service": "win_service.name", "scmd": "win_service.cmd_line", "access": "actual_permissions",
	"job": "job.name", "jcmd": "job.cmd_line", "key": "reg_key.path", "value": "reg_value.data",
	"seq": "metadata.sequence", "log": "metadata.log_name", "sha": "process.file.hashes.sha256",
	"ip": "device.ip", "script": "script.script_content", "query": "query.hostname",
	"linked": "session.linked_uid", "origin": "file.url", "op": "api.operation",
	"cuid": "connection_info.uid", "resource": "resource.name", "group": "group.name",
	"svc": "api.service.name", "part": "status_detail", "app": "app.name", "fsha": "file.hashes.sha256",
}

func parseEvent(line string) (event.Event, error) {
	words := splitQuoted(line)
	if len(words) < 3 {
		return event.Event{}, fmt.Errorf("want ID TIME KIND")
	}
	id, err := event.ParseID(words[0])
	if err != nil {
		return event.Event{}, err
	}
	at, err := time.Parse("15:04:05.999", words[1])
	if err != nil {
		return event.Event{}, err
	}
	kind, ok := kinds[words[2]]
	if !ok {
		return event.Event{}, fmt.Errorf("unknown kind %s", words[2])
	}
	ev := event.Event{ID: id, Class: uint32(kind[0]), Activity: uint8(kind[1])}
	ev.Time = day.Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute +
		time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond()))
	for _, w := range words[3:] {
		name, value, _ := strings.Cut(w, "=")
		if long := shortNames[name]; long != "" {
			name = long
		}
		attr, ok := event.Lookup(name)
		if !ok {
			return event.Event{}, fmt.Errorf("unknown attribute %s", name)
		}
		ev.Attrs.Set(attr, value)
	}
	return ev, nil
}

func splitQuoted(s string) []string {
	quoted := false
	words := strings.FieldsFunc(s, func(r rune) bool {
		if r == '\'' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "'", "")
	}
	return words
}

func build(events []event.Event) *Graph {
	b := NewBuilder()
	for i := range events {
		b.Add(&events[i], true)
	}
	return b.Build()
}

// describe writes a spine as text: members, links and gaps in order.
func describe(g *Graph, sp *Spine) string {
	var b strings.Builder
	fmt.Fprintf(&b, "grade %s\n", sp.Grade())
	for i := range sp.Members {
		m := &sp.Members[i]
		n := g.Node(m.Node)
		fmt.Fprintf(&b, "%s %-11s %s %s", m.From.Format("15:04:05"), m.Verdict, n.Host, g.Label(m.Node))
		if m.Entry != "" {
			fmt.Fprintf(&b, " [%s]", m.Entry)
		}
		b.WriteByte('\n')
	}
	for _, l := range sp.Links {
		fmt.Fprintf(&b, "  %s -%s-> %s %s: %s %v\n", g.Label(l.Src), l.Verb, g.Label(l.Dst), l.Grade,
			l.Why, l.Events)
	}
	for _, gap := range sp.Gaps {
		fmt.Fprintf(&b, "  gap %s: %s [%s]\n", gap.Kind, gap.Text, gap.Query)
	}
	return b.String()
}

func seedOf(t testing.TB, s string) event.ID {
	t.Helper()
	id, err := event.ParseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func itoa(n int) string { return strconv.Itoa(n) }
