package search

import (
	"fmt"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// benchEvents makes n process events of entries of 500, with 16 attributes and
// about 700 bytes of original each, a tenth of a second apart.
func benchEvents(first uint64, n int) []event.Event {
	evs := make([]event.Event, n)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range evs {
		no := (int(first)-1)*500 + i
		ev := &evs[i]
		ev.ID = event.ID{Entry: first + uint64(i/500), Leaf: uint32(i % 500)}
		ev.Time = start.Add(time.Duration(no) * 100 * time.Millisecond)
		ev.Received = ev.Time.Add(time.Second)
		ev.Class, ev.Activity, ev.Severity = event.ClassProcess, 1, uint8(1+no%4)
		ev.Product, ev.Service = "windows", "sysmon"
		guid := fmt.Sprintf("{%08X-5E6F-11EE-9D3C-%012X}", no*2654435761%(1<<32), no)
		cmd := fmt.Sprintf(`"C:\Windows\System32\svchost.exe" -k netsvcs -p -s Service%d`, no%977)
		if no%50021 == 7 {
			cmd = `rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 624 C:\Temp\lsass.dmp full`
		}
		ev.Attrs = event.Attributes{
			{Attr: event.AttrLogName, Text: "Microsoft-Windows-Sysmon/Operational"},
			{Attr: event.AttrEventCode, Text: "1"},
			{Attr: event.AttrHost, Text: fmt.Sprintf("ws-%04d", no%1500)},
			{Attr: event.AttrActorUser, Text: fmt.Sprintf("u_%05d", no%4000)},
			{Attr: event.AttrActorSession, Text: fmt.Sprintf("0x%x", no%9000)},
			{Attr: event.AttrActorPID, Text: fmt.Sprint(600 + no%300)},
			{Attr: event.AttrActorPath, Text: `C:\Windows\System32\services.exe`},
			{Attr: event.AttrActorName, Text: "services.exe"},
			{Attr: event.AttrProcessUID, Text: guid},
			{Attr: event.AttrProcessPID, Text: fmt.Sprint(1000 + no%60000)},
			{Attr: event.AttrProcessPath, Text: `C:\Windows\System32\svchost.exe`},
			{Attr: event.AttrProcessName, Text: "svchost.exe"},
			{Attr: event.AttrProcessCmdLine, Text: cmd},
			{Attr: event.AttrProcessIntegrity, Text: "System"},
			{Attr: event.AttrProcessSHA256, Text: fmt.Sprintf("%064x", no%3000)},
			{Attr: event.AttrSrcIP, Text: fmt.Sprintf("10.%d.%d.%d", no>>16&255, no>>8&255, no&255)},
		}
		ev.Raw = []byte(fmt.Sprintf(`{"EventID":1,"Guid":%q,"CommandLine":%q,"Filler":"%0500d"}`,
			guid, cmd, no))
	}
	return evs
}

const benchRows = 200_000

// BenchmarkSearch answers over 200,000 events, hot or in four files.
func BenchmarkSearch(b *testing.B) {
	lake := newTestLake(b)
	for i := range 4 {
		first := uint64(i*100 + 1)
		if err := lake.seal(first+99, benchEvents(first, benchRows/4)); err != nil {
			b.Fatal(err)
		}
	}
	sealed, hot := openTest(b, lake), openTest(b, nil)
	if err := hot.Hot(b.Context(), benchEvents(1, benchRows)); err != nil {
		b.Fatal(err)
	}
	for _, q := range []struct{ name, text string }{
		{"latest", "*"},
		{"needle-uid", `process.uid:"{1EA5F3A1-5E6F-11EE-9D3C-00000001E241}"`},
		{"needle-ip", "src_endpoint.ip:10.1.134.160"},
		{"wildcard", "process.cmd_line:*lsass*"},
		{"pattern", `process.cmd_line:*rundll32*minidump*lsass*`},
		{"free", "comsvcs.dll"},
		{"host", "device.hostname:ws-0777 severity:>=low"},
	} {
		query, err := Parse(q.text)
		if err != nil {
			b.Fatal(err)
		}
		for where, e := range map[string]*Engine{"hot": hot, "sealed": sealed} {
			b.Run(q.name+"/"+where, func(b *testing.B) {
				for b.Loop() {
					if _, err := e.Search(b.Context(), Request{Query: query}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkHot makes 500 events visible.
func BenchmarkHot(b *testing.B) {
	e := openTest(b, nil)
	entry := uint64(0)
	evs := benchEvents(1, 500)
	for b.Loop() {
		entry++
		for i := range evs {
			evs[i].ID.Entry = entry
		}
		if err := e.Hot(b.Context(), evs); err != nil {
			b.Fatal(err)
		}
		if entry%200 == 0 {
			if err := e.Sealed(b.Context(), entry); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*500/b.Elapsed().Seconds(), "events/s")
}
