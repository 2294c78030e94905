package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// flipByte changes one byte of a file: flipbyte GLOB OFFSET, where OFFSET may
// be "middle" or "text:SOMETHING" for the first occurrence of a text.
func flipByte(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flipbyte GLOB OFFSET")
	}
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("no file matches %s", args[0])
	}
	data, err := os.ReadFile(found[0])
	ts.Check(err)
	at := len(data) / 2
	if text, ok := bytes.CutPrefix([]byte(args[1]), []byte("text:")); ok {
		if at = bytes.Index(data, text); at < 0 {
			ts.Fatalf("%s does not contain %q", found[0], text)
		}
	} else if args[1] != "middle" {
		at, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	data[at] ^= 0x01
	ts.Check(os.WriteFile(found[0], data, 0o600))
}

// truncateFile cuts a file to a length: truncate FILE LENGTH.
func truncateFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate FILE LENGTH")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// eventOf sets $EVENT and $FINDING from the first line of a command's standard
// output, OCSF JSON: eventof stdout.
func eventOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: eventof stdout")
	}
	line, _, _ := bytes.Cut([]byte(ts.ReadFile(args[0])), []byte("\n"))
	var v struct {
		Metadata struct{ UID string } `json:"metadata"`
		Info     struct{ UID string } `json:"finding_info"`
		Evidence []struct {
			Data struct {
				UID string `json:"event_uid"`
			} `json:"data"`
		} `json:"evidences"`
	}
	ts.Check(json.Unmarshal(line, &v))
	event := v.Metadata.UID
	if len(v.Evidence) > 0 {
		event = v.Evidence[0].Data.UID
	}
	if event == "" {
		ts.Fatalf("no event in %s", fmt.Sprintf("%.200s", line))
	}
	ts.Setenv("EVENT", event)
	ts.Setenv("FINDING", v.Info.UID)
}
