package main

import (
	"bytes"
	"encoding/json"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

// eventLine is one line of what mkevtx reads.
type eventLine struct {
	Number                      uint64
	Time                        time.Time
	Channel, Provider, Computer string
	ID                          int
	Data                        [][2]string // name and text, in the log's order
}

// makeEventLog writes a Windows event log: mkevtx FILE.evtx LINES.ndjson.
func makeEventLog(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mkevtx FILE.evtx LINES.ndjson")
	}
	var f evtxtest.File
	for line := range bytes.Lines([]byte(ts.ReadFile(args[1]))) {
		var e eventLine
		ts.Check(json.Unmarshal(line, &e))
		out := evtxtest.Event{
			Number: e.Number, Time: e.Time, Channel: e.Channel, Provider: e.Provider,
			Computer: e.Computer, ID: e.ID,
		}
		for _, d := range e.Data {
			out.Data = append(out.Data, evtxtest.Datum{Name: d[0], Value: evtxtest.String(d[1])})
		}
		ts.Check(f.Event(out))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), f.Bytes(), 0o600))
}
