package normalize

import (
	"testing"

	"github.com/evident-sec/evident/event"
)

func fuzz(f *testing.F, format event.Format, schema string, seeds ...string) {
	n := newNormalizer(f)
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		ev := n.Entry(&event.Entry{
			Seq: 1, Format: format, Schema: schema, Received: received,
			Records: []event.Record{{Raw: raw}},
		})[0]
		checkEvent(t, &ev)
	})
}

func FuzzJSON(f *testing.F) {
	fuzz(f, event.FormatJSON, "", `{"a":[{"b":"\u00e9"},1,null],"c":{"d":-1e5,"e":true}}`,
		`{"Channel":"Security","EventID":4688,"NewProcessId":"0x1a4"}`,
		`{"Event":{"System":{"EventID":1},"EventData":{"Data":[{"@Name":"a","#text":"b"}]}}}`)
}

func FuzzSyslog(f *testing.F) {
	fuzz(f, event.FormatSyslog, "", `<165>1 2026-03-02T22:14:15.003Z h a 1 I [x@1 y="z"] m`,
		"Mar  2 09:15:09 gw01 sshd[811]: Accepted publickey for kim from 192.0.2.44 port 50122 ssh2",
		"Mar  2 09:16:00 gw01 sudo: kim : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh")
}

func FuzzAuditd(f *testing.F) {
	fuzz(f, event.FormatAuditd, "",
		"type=EXECVE msg=audit(1.1:9): argc=2 a0=\"x\" a1=2F2F\ntype=PATH msg=audit(1.1:9): name=\"y\"",
		"type=USER_LOGIN msg=audit(1.0:1): msg='op=login acct=\"kim\" res=success'",
		"type=SOCKADDR msg=audit(1.0:1): saddr=02000050C0000209")
}

func FuzzZeek(f *testing.F) {
	header := "#separator \\x09\n#path\tx\n#fields\tts\ta\tb\n#types\ttime\tset[addr]\tbool"
	fuzz(f, event.FormatZeek, header,
		"1772442909.1\t192.0.2.1,192.0.2.2\tT", "-\t(empty)\t-")
}

func FuzzCSV(f *testing.F) {
	fuzz(f, event.FormatCSV, "time,host,message", `2026-05-01,a,"b ""c"" d"`, ",,,")
}

func FuzzEventXML(f *testing.F) {
	f.Add(`<Event><System><Provider Name="a"/><EventID>1</EventID></System>` +
		`<EventData><Data Name="b">c&amp;d</Data><Data>e</Data></EventData></Event>`)
	f.Fuzz(func(t *testing.T, s string) {
		fields, _ := decodeEventXML(validText([]byte(s)), nil)
		checkFields(t, fields)
	})
}

// FuzzHeader reads arbitrary Zeek and CSV headers.
func FuzzHeader(f *testing.F) {
	f.Add("#fields\ta\n#types\tset[x]", "1")
	f.Fuzz(func(t *testing.T, header, line string) {
		if h, err := parseZeekHeader(validText([]byte(header))); err == nil {
			fields, _ := h.decode(validText([]byte(line)), nil)
			checkFields(t, fields)
		}
		if h, err := parseCSVHeader(validText([]byte(header))); err == nil {
			fields, _ := h.decode(validText([]byte(line)), nil)
			checkFields(t, fields)
		}
	})
}

func FuzzTimesketch(f *testing.F) {
	fuzz(f, event.FormatTimesketch, "",
		`{"message":"m","datetime":"2026-03-02T09:15:09Z","timestamp_desc":"Write time","timestamp":1}`,
		`{"message":"m","xml_string":"<Event><System><EventID>1</EventID></System></Event>"}`)
}

func FuzzJournal(f *testing.F) {
	fuzz(f, event.FormatJournal, "",
		"__REALTIME_TIMESTAMP=1772442909000123\nSYSLOG_IDENTIFIER=sshd\nMESSAGE=Accepted password for kim from 192.0.2.4 port 1 ssh2",
		"__REALTIME_TIMESTAMP=1\nA\n\x02\x00\x00\x00\x00\x00\x00\x00\n\xff\nA=2\nA=3",
		"__REALTIME_TIMESTAMP=1772442909000123\n_AUDIT_TYPE_NAME=EXECVE\n_AUDIT_ID=1\nMESSAGE=EXECVE argc=1 a0=\"id\"")
}
