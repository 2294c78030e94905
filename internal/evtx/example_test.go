package evtx_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/evident-sec/evident/internal/evtx"
	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

// Read a log, cut its records out, and decode one alone.
func Example() {
	var f evtxtest.File
	err := f.Event(evtxtest.Event{
		Number: 41, Time: time.Date(2026, 11, 18, 2, 15, 0, 0, time.UTC), ID: 1102,
		Provider: "Microsoft-Windows-Eventlog", Channel: "Security", Computer: "ws-017",
		Data: []evtxtest.Datum{{Name: "SubjectUserName", Value: evtxtest.String("u.ashgrove")}},
	})
	if err != nil {
		fmt.Println(err)
	}
	log, err := evtx.NewReader(bytes.NewReader(f.Bytes()))
	if err != nil {
		fmt.Println(err)
	}
	decoder := evtx.NewDecoder(nil)
	for {
		chunk, err := log.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Println(err)
		}
		for _, record := range chunk.Records() {
			fields, err := decoder.Fields(chunk.AppendRaw(nil, record), nil)
			fmt.Println(record.Number, fields.Text("Event.System.EventID"),
				fields.Text("Event.EventData.SubjectUserName"), err)
		}
	}
	fmt.Println(log.Verdict().Records, "records,", len(log.Problems()), "problems")
	// Output:
	// 41 1102 u.ashgrove <nil>
	// 1 records, 0 problems
}
