package main

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/evident-sec/evident/internal/journald/journaltest"
)

// makeJournal writes a sealed journal that systemd wrote, and its verification
// key: mkjournal NAME FILE KEY.
func makeJournal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: mkjournal NAME FILE KEY")
	}
	file, err := journaltest.Journal(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), file, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), journaltest.Key(args[0]), 0o600))
}
