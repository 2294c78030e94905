package normalize

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/evident-sec/evident/event"
)

// hostile are records that a sender could craft to cost time, memory or a
// crash.
var hostile = []struct {
	name   string
	format event.Format
	schema string
	raw    string
}{
	{"deep json", event.FormatJSON, "", strings.Repeat(`{"a":`, 100_000)},
	{"deep list", event.FormatJSON, "", `{"a":` + strings.Repeat("[", 100_000)},
	{"many members", event.FormatJSON, "", "{" + strings.Repeat(`"a":1,`, 1_000_000) + `"b":1}`},
	{"many items", event.FormatJSON, "", `{"a":[` + strings.Repeat("1,", 2_000_000) + "1]}"},
	{
		"long names of many members", event.FormatJSON, "",
		`{"` + strings.Repeat("n", 1000) + `":{` + strings.Repeat(`"k\n":"v\n",`, 60_000) + `"z":1}}`,
	},
	{"escapes", event.FormatJSON, "", `{"a":"` + strings.Repeat(`\n`, 3_000_000) + `"}`},
	{"value of 50 MB", event.FormatJSON, "", `{"a":"` + strings.Repeat("x", 50<<20) + `"}`},
	{"half pairs", event.FormatJSON, "", `{"a":"` + strings.Repeat(`\ud800`, 1_000_000) + `"}`},
	{"no end", event.FormatJSON, "", `{"a":"` + strings.Repeat(`\\`, 3_000_000)},
	{
		"lines without break", event.FormatJSON, "",
		`{"Channel":"Windows PowerShell","EventID":800,"Message":"` +
			strings.Repeat("HostApplication ", 400_000) + `"}`,
	},
	{
		"xml elements", event.FormatJSON, "",
		`{"Channel":"Security","EventID":1,"EventData":"<EventData>` + strings.Repeat("<Data>", 900_000) + `"}`,
	},
	{
		"xml attributes", event.FormatText, "",
		"<Event><System><P " + strings.Repeat("a='' ", 900_000) + "/></System></Event>",
	},
	{"syslog", event.FormatSyslog, "", "<1>1 - - - - - [a" + strings.Repeat(` b="c"`, 500_000) + "] x"},
	{
		"message", event.FormatSyslog, "",
		"Jan  1 00:00:00 h sshd[1]: Failed password for " + strings.Repeat("a from b port ", 500_000),
	},
	{
		"audit brackets", event.FormatAuditd, "",
		"type=A msg=audit(1.0:1): " + strings.Repeat("a=[x ", 1_000_000),
	},
	{
		"audit messages", event.FormatAuditd, "",
		"type=A msg=audit(1.0:1): " + strings.Repeat("msg=", 1_500_000),
	},
	{
		"audit argument pieces", event.FormatAuditd, "",
		"type=EXECVE msg=audit(1.0:1): a0=b " + strings.Repeat("a0[1]=cccccccccccccccccccc ", 200_000),
	},
	{"audit fields", event.FormatAuditd, "", "type=A msg=audit(1.0:1):" + manyKeys(100_000)},
	{"zeek type", event.FormatZeek, "#fields\ta\tb\n#types\tset[\tvector[set[string]]", "x,y\tz"},
	{"zeek items", event.FormatZeek, "#fields\ta\n#types\tset[string]", strings.Repeat(",", 4_000_000)},
	{"csv columns", event.FormatCSV, "a,b", strings.Repeat(",", 4_000_000)},
	{"csv quotes", event.FormatCSV, "a,b", strings.Repeat(`"`, 4_000_001)},
	{"nothing", event.FormatJSON, "", ""},
	{"bytes", event.FormatText, "", "\x00\x1b[31m\xff\xfe\u202e"},
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" k")
		for ; i > 0; i /= 26 {
			b.WriteByte('a' + byte(i%26))
		}
		b.WriteString("=1")
	}
	return b.String()
}

func TestHostileRecordsStayCheap(t *testing.T) {
	n := newNormalizer(t)
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			start := cpuTime()
			ev := n.Entry(&event.Entry{
				Seq: 1, Format: c.format, Schema: c.schema, Received: received,
				Records: []event.Record{{Raw: []byte(c.raw)}},
			})[0]
			if took := cpuTime() - start; took > 5*time.Second {
				t.Errorf("took %v of processor time", took)
			}
			checkEvent(t, &ev)
		})
	}
}

// checkEvent holds every event to the package's invariants.
func checkEvent(t interface{ Errorf(string, ...any) }, ev *event.Event) {
	if strings.Contains(ev.Problem, "internal fault") {
		t.Errorf("%s", ev.Problem)
	}
	if ev.Problem != "" && (ev.Class != 0 || ev.Native != nil) {
		t.Errorf("dead letter has class %d and %d fields", ev.Class, len(ev.Native))
	}
	if ev.Time.Before(earliest) || ev.Time.After(ev.Received.AddDate(10, 0, 0)) {
		t.Errorf("time %v of an event received %v", ev.Time, ev.Received)
	}
	seen := map[event.Attr]bool{}
	for _, a := range ev.Attrs {
		if seen[a.Attr] {
			t.Errorf("attribute %s twice", a.Attr)
		}
		seen[a.Attr] = true
		if len(a.Text) > maxAttrBytes || !utf8.ValidString(a.Text) {
			t.Errorf("attribute %s: %d bytes, valid UTF-8 %v", a.Attr, len(a.Text), utf8.ValidString(a.Text))
		}
		if a.Attr.Info().Type == event.TypeInt && integer(a.Text) != a.Text {
			t.Errorf("attribute %s is no integer: %q", a.Attr, a.Text)
		}
	}
	checkFields(t, ev.Native)
}

func checkFields(t interface{ Errorf(string, ...any) }, fields event.Fields) {
	for _, f := range fields {
		if !utf8.ValidString(f.Name) || !utf8.ValidString(f.Value.Text) {
			t.Errorf("field %q is not UTF-8", f.Name)
		}
		for _, item := range f.Value.Items {
			if item.Kind == event.List || !utf8.ValidString(item.Text) {
				t.Errorf("field %q has a bad item", f.Name)
			}
		}
	}
}
