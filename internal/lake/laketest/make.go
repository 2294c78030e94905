package laketest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/evident-sec/evident/event"
)

// Start is when the made entries begin; entry seq arrives seq minutes later.
func Start() time.Time { return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC) }

// Made returns entry seq with n records and their events. The same arguments
// give the same bytes, so that a reader can check content without keeping it.
func Made(seq uint64, n int) (*event.Entry, []event.Event) {
	rnd := rand.New(rand.NewPCG(seq, uint64(n)))
	e := &event.Entry{
		Seq: seq, Source: "file:made.json", Format: event.FormatJSON, Schema: "a,b,c",
		Received: Start().Add(time.Duration(seq)*time.Minute + 123456789*time.Nanosecond),
		Records:  make([]event.Record, n),
	}
	binary.BigEndian.PutUint64(e.Batch[:], seq)
	evs := make([]event.Event, n)
	for i := range e.Records {
		r := &e.Records[i]
		binary.BigEndian.PutUint64(r.Salt[:], rnd.Uint64())
		binary.BigEndian.PutUint64(r.Salt[8:], rnd.Uint64())
		r.Position = int64(seq)*1000 + int64(i)
		r.Raw = fmt.Appendf(nil, `{"seq":%d,"leaf":%d,"noise":"%x"}`, seq, i, rnd.Uint64())
		evs[i] = madeEvent(e, i, rnd)
	}
	return e, evs
}

func madeEvent(e *event.Entry, leaf int, rnd *rand.Rand) event.Event {
	pid := strconv.Itoa(rnd.IntN(9000))
	return event.Event{
		ID:   event.ID{Entry: e.Seq, Leaf: uint32(leaf)},
		Time: e.Received.Add(-time.Duration(rnd.IntN(60)) * time.Second), Received: e.Received,
		Source: e.Source, Format: e.Format, Product: "windows", Service: "sysmon",
		Category: "process_creation", Class: 1007, Activity: 1, Severity: uint8(rnd.IntN(5)),
		Raw: e.Records[leaf].Raw,
		Attrs: event.Attributes{
			{Attr: event.AttrHost, Text: "ws-" + strconv.Itoa(rnd.IntN(40))},
			{Attr: event.AttrActorUser, Text: "user" + strconv.Itoa(rnd.IntN(100))},
			{Attr: event.AttrProcessPID, Text: pid},
			{Attr: event.AttrProcessUID, Text: fmt.Sprintf("{%016x-%s}", rnd.Uint64(), pid)},
			{Attr: event.AttrProcessPath, Text: `C:\Windows\System32\cmd.exe`},
			{Attr: event.AttrProcessCmdLine, Text: "cmd.exe /c echo " + pid},
		},
	}
}
