package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/export"
	"github.com/evident-sec/evident/internal/search"
)

// some makes n events with attributes that a spreadsheet or terminal would obey.
func some(n int) []*event.Event {
	evs := make([]*event.Event, n)
	for i := range evs {
		ev := &event.Event{
			ID:    event.ID{Entry: uint64(1 + i/5), Leaf: uint32(i % 5)},
			Time:  time.Date(2026, 3, 1, 0, 0, n-i, 123456000, time.UTC),
			Class: event.ClassProcess, Activity: 1, Severity: uint8(i % 7), Product: "windows",
		}
		ev.Received = ev.Time.Add(time.Second)
		ev.Attrs.Set(event.AttrHost, fmt.Sprintf("ws-%02d", i))
		ev.Attrs.Set(event.AttrProcessPID, fmt.Sprint(100+i))
		ev.Attrs.Set(event.AttrProcessCmdLine, "=cmd|' /C calc'!A1 \"x\",\n\x1b[31mred")
		evs[i] = ev
	}
	return evs
}

func write(t testing.TB, form string, evs []*event.Event) string {
	t.Helper()
	var out bytes.Buffer
	w, err := export.NewEvents(form, &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range evs {
		if err := w.Write(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLines(t *testing.T) {
	for form, want := range map[string][]string{
		"ndjson": {`"class_name":"Process Activity"`, `"hostname":"ws-02"`, `"pid":102`},
		"timesketch": {
			`"datetime":"2026-03-01T00:00:01.123456+00:00"`, `"timestamp":1772323201123456`,
			`"timestamp_desc":"Process Activity: Launch"`, `"evident_event":"1-2"`, `"hostname":"ws-02"`,
			`"message":"Process Activity: Launch device.hostname=ws-02 process.cmd_line==cmd`,
		},
	} {
		lines := strings.Split(strings.TrimSuffix(write(t, form, some(3)), "\n"), "\n")
		if len(lines) != 3 || strings.Contains(strings.Join(lines, ""), "\x1b") {
			t.Fatalf("%s: %q", form, lines)
		}
		for _, text := range want {
			if !strings.Contains(lines[2], text) {
				t.Errorf("%s: no %s in %s", form, text, lines[2])
			}
		}
		for _, line := range lines {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: %s is no JSON", form, line)
			}
		}
	}
}

// TestCSVIsSafe reads what was written: every cell is back, and none begins as
// a formula does.
func TestCSVIsSafe(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ev := some(1)[0]
		text := rapid.OneOf(rapid.String(), rapid.StringMatching("[=+@\t\r\n\"',-]{1,4}.*")).Draw(rt, "text")
		ev.Attrs.Set(event.AttrUser, text)
		rows, err := csv.NewReader(strings.NewReader(write(t, "csv", []*event.Event{ev}))).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
			rt.Fatalf("%v, %v", rows, err)
		}
		for i, cell := range rows[1] {
			if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
				rt.Fatalf("%s begins as a formula: %q", rows[0][i], cell)
			}
			if rows[0][i] == "user.name" && strings.TrimPrefix(cell, "'") != strings.TrimPrefix(export.Cell(text), "'") {
				rt.Fatalf("%q became %q", text, cell)
			}
		}
	})
}

func TestTable(t *testing.T) {
	table := &search.Table{
		Columns: []search.Column{{Name: "time", Type: "time"}, {Name: "user.name", Type: "text"}, {Name: "count", Type: "int"}},
		Rows:    [][]any{{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "-2+3", int64(-7)}, {nil, nil, int64(1)}},
	}
	for form, want := range map[string]string{
		"csv": "time,user.name,count\n2026-03-01T00:00:00.000000Z,'-2+3,-7\n,,1\n",
		"ndjson": `{"count":-7,"time":"2026-03-01T00:00:00.000000Z","user.name":"-2+3"}` + "\n" +
			`{"count":1,"time":null,"user.name":null}` + "\n",
	} {
		var out bytes.Buffer
		if err := export.Table(form, &out, table); err != nil || out.String() != want {
			t.Errorf("%s: %v\n%s", form, err, out.String())
		}
	}
	if err := export.Table("timesketch", io.Discard, table); err == nil {
		t.Error("a table was written for Timesketch")
	}
}

// TestFileIsWholeOrNot fails half way, and in a folder that is not there.
func TestFileIsWholeOrNot(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	whole := func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err }
	if err := export.File(path, whole); err != nil {
		t.Fatal(err)
	}
	err := export.File(path, func(w io.Writer) error {
		return errors.Join(whole(w), whole(w), io.ErrUnexpectedEOF)
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "whole" {
		t.Errorf("the file is %q, %v", text, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := export.File(filepath.Join(dir, "no", "x"), whole); err == nil {
		t.Error("a file was written into a folder that is not there")
	}
}

// parquet writes 12,000 events to a Parquet file and returns its path.
func parquet(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.parquet")
	err := export.Beside(path, func(temp string) error {
		return search.WriteParquet(t.Context(), temp, func(visit func(*event.Event) error) error {
			for _, ev := range some(12_000) {
				if err := visit(ev); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
	return path
}

// TestOthersReadParquet asks pyarrow and DuckDB's own command line, where they
// are installed.
func TestOthersReadParquet(t *testing.T) {
	path := parquet(t)
	if data, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(data, []byte("PAR1")) {
		t.Fatalf("not Parquet: %v", err)
	}
	for name, command := range map[string][]string{
		"pyarrow": {"python3", "-c", "import sys, pyarrow.parquet as p; t = p.read_table(sys.argv[1]); " +
			"print(t.num_rows, t.column('device.hostname')[0], t.column('process.pid')[0])", path},
		"duckdb": {"duckdb", "-noheader", "-list", "-separator", " ", "-c", `SELECT count(*), ` +
			`first("device.hostname"), first("process.pid") FROM '` + path + `'`},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "pyarrow" && exec.Command("python3", "-c", "import pyarrow").Run() != nil {
				t.Skip("pyarrow is not installed: python3 -m pip install pyarrow")
			}
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip(command[0] + " is not installed: python3 -m pip install duckdb-cli")
			}
			out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != "12000 ws-11999 12099" {
				t.Errorf("%s, %v", out, err)
			}
		})
	}
}
