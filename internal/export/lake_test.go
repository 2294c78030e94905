package export_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
)

// sealed makes a lake with one file of 400 events and returns its path.
func sealed(t *testing.T) string {
	t.Helper()
	ctx := t.Context()
	table, err := lake.Open(ctx, lake.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	entry := &event.Entry{Seq: 1, Source: "test", Format: event.FormatText}
	var evs []event.Event
	for i, ev := range some(400) {
		ev.ID = event.ID{Entry: 1, Leaf: uint32(i)}
		entry.Received = ev.Received
		entry.Records = append(entry.Records, event.Record{Raw: []byte("one record"), Position: int64(i + 1)})
		evs = append(evs, *ev)
	}
	if err := table.Append(ctx, entry, evs); err != nil {
		t.Fatal(err)
	}
	if err := table.Seal(ctx); err != nil {
		t.Fatal(err)
	}
	from, to := evs[len(evs)-1].Time, evs[0].Time.AddDate(0, 0, 1)
	snap, err := table.Snapshot(ctx, from, to)
	if err != nil || len(snap.Files) != 1 {
		t.Fatalf("%+v, %v", snap, err)
	}
	return snap.Files[0].Path
}

// TestOthersReadTheLake asks pyarrow and DuckDB's own command line about a file
// of the lake as it lies there.
func TestOthersReadTheLake(t *testing.T) {
	path := sealed(t)
	for name, command := range map[string][]string{
		"pyarrow": {"python3", "-c", "import sys, pyarrow.parquet as p, pyarrow.compute as c; " +
			"t = p.read_table(sys.argv[1]); print(t.num_rows, c.max(t.column('process.pid')), " +
			"c.count_distinct(t.column('device.hostname')))", path},
		"duckdb": {"duckdb", "-noheader", "-list", "-separator", " ", "-c", `SELECT count(*), ` +
			`max("process.pid"), count(DISTINCT "device.hostname") FROM '` + path + `'`},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "pyarrow" && exec.Command("python3", "-c", "import pyarrow").Run() != nil {
				t.Skip("pyarrow is not installed: python3 -m pip install pyarrow")
			}
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip(command[0] + " is not installed: python3 -m pip install duckdb-cli")
			}
			out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != "400 499 400" {
				t.Errorf("%s, %v", out, err)
			}
		})
	}
}
