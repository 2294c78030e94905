package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/faultfs"
)

// TestClockSetBack lets an hour's worth of ingest happen by a clock that is an hour
// ahead, then goes on by the right one: everything is taken, sealed and found at
// once, and verify says what happened.
func TestClockSetBack(t *testing.T) {
	const events = 3000
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	first, second := filepath.Join(dir, "first.ndjson"), filepath.Join(dir, "second.ndjson")
	writeEvents(t, first, events)
	body, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(body, []byte("\n"))
	write(t, first, bytes.Join(lines[:events/2], nil))
	write(t, second, bytes.Join(lines[events/2:], nil))

	cmd := evidentCommand(t, "ingest", "--data", data, "--seal-at", "500", first)
	cmd.Env = append(cmd.Env, faultfs.ClockEnv(time.Hour))
	if o := ended(t, cmd); o.code == exitUnwatched {
		t.Skip(o.stderr)
	} else {
		o.done(t)
	}
	// The files, too, were written by that clock.
	err = filepath.WalkDir(data, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		at := info.ModTime().Add(time.Hour)
		return os.Chtimes(path, at, at)
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	evident(t, nil, "ingest", "--data", data, "--seal-at", "500", second).done(t)
	t.Logf("taken, in the lake and under a checkpoint after %v", time.Since(began).Round(time.Millisecond))
	o := evident(t, nil, "verify", "--data", data).done(t)
	want := fmt.Sprintf("NOTE clock: entry %d: arrived 1h", 1+events/2/500)
	if !strings.Contains(o.stdout, want) && !strings.Contains(o.stdout, "arrived 59m") {
		t.Errorf("verify does not say %q: %s", want, o.stdout)
	}
	checkOnce(t, data, events)
	evident(t, nil, "lake", "compact", "--data", data).done(t)
	checkOnce(t, data, events)
}
