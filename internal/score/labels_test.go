package score

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/reconstruct"
)

// write puts files into a folder of the test.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ownLogs are four Sysmon records that a user might label.
const ownLogs = `{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Hostname":"pc1","TimeCreated":"2026-03-02T09:00:00Z","ProcessGuid":"{aaaaaaaa-0000-0000-0000-000000000001}","ProcessId":"11","Image":"C:\\Users\\u\\view.exe","CommandLine":"view.exe","ParentProcessGuid":"{aaaaaaaa-0000-0000-0000-0000000000ff}","ParentProcessId":"9","ParentImage":"C:\\Windows\\explorer.exe"}
{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Hostname":"pc1","TimeCreated":"2026-03-02T09:00:05Z","ProcessGuid":"{aaaaaaaa-0000-0000-0000-000000000002}","ProcessId":"12","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd.exe","ParentProcessGuid":"{aaaaaaaa-0000-0000-0000-000000000001}","ParentProcessId":"11","ParentImage":"C:\\Users\\u\\view.exe"}
{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Hostname":"pc1","TimeCreated":"2026-03-02T09:00:06Z","ProcessGuid":"{aaaaaaaa-0000-0000-0000-000000000003}","ProcessId":"13","Image":"C:\\Windows\\System32\\notepad.exe","CommandLine":"notepad.exe","ParentProcessGuid":"{aaaaaaaa-0000-0000-0000-0000000000ff}","ParentProcessId":"9","ParentImage":"C:\\Windows\\explorer.exe"}
{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Hostname":"pc1","TimeCreated":"2026-03-02T09:00:09Z","ProcessGuid":"{aaaaaaaa-0000-0000-0000-000000000004}","ProcessId":"14","Image":"C:\\Windows\\System32\\whoami.exe","CommandLine":"whoami","ParentProcessGuid":"{aaaaaaaa-0000-0000-0000-000000000002}","ParentProcessId":"12","ParentImage":"C:\\Windows\\System32\\cmd.exe"}
`

const ownKey = `{"format":"answer-key/1","campaign":"own","host":"pc1","source":{"files":["logs/pc1.jsonl"]},
"attack_process_starts":[{"event_line":1},{"process_guid":"{aaaaaaaa-0000-0000-0000-000000000002}"},{"event_line":4}],
"steps":[{"id":"1","name":"opened","technique":"T1204.002","other_events":[{"event_line":1}]},
{"id":"2","name":"shell","technique":"T1059.003","other_events":[{"event_line":2}]},
{"id":"3","name":"who","technique":"T1033","process_guids":["{aaaaaaaa-0000-0000-0000-000000000004}"]},
{"id":"4","name":"elsewhere","technique":"T1587","other_events":[]}],
"seeds":[{"id":"whoami","event_line":4},{"id":"gone","event_line":99}]}`

// TestOwnLabels scores a campaign that a user wrote, with processes named by
// identifier and by record.
func TestOwnLabels(t *testing.T) {
	dir := write(t, map[string]string{
		"key.json": ownKey, "logs/pc1.jsonl": ownLogs, "notes.json": `[1]`, "other.json": `{"a":1}`,
	})
	rep, err := Run(t.Context(), Config{Labels: dir, Interleave: 1, Trials: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Campaigns) != 1 || len(rep.Campaigns[0].Seeds) != 1 {
		t.Fatalf("scored %+v", rep.Campaigns)
	}
	c := rep.Campaigns[0]
	s := c.Seeds[0]
	if s.Processes.Hits != 3 || s.Processes.Wrong != 0 {
		t.Errorf("processes %+v", s.Processes)
	}
	if s.Story.Visible != 3 || s.Story.Told != 3 || s.Story.Tau != 1 || s.Story.Top1 != 3 {
		t.Errorf("story %+v", s.Story)
	}
	if s.Story.CauseRow < 1 || s.Story.CauseRow > 1+s.Gaps || rep.Total.Rows != s.Story.CauseRow {
		t.Errorf("root cause after %d rows of %d gaps, most %d", s.Story.CauseRow, s.Gaps, rep.Total.Rows)
	}
	if s.Baselines.Tree.Hits != 3 || s.Baselines.Closure.Hits != 3 || s.Baselines.Closure.Wrong == 0 {
		t.Errorf("baselines %+v: the closure must take the editor too", s.Baselines)
	}
	if !s.Same || c.Honesty.Invented > 0 || c.Honesty.Trials != 3 || c.Honesty.Broken == 0 {
		t.Errorf("same %v, honesty %+v", s.Same, c.Honesty)
	}
	if len(c.Unknown) != 1 || c.Unknown[0] != "gone" {
		t.Errorf("seeds that the logs lack: %v", c.Unknown)
	}
	var text strings.Builder
	if err := rep.WriteText(&text); err != nil || !strings.Contains(text.String(), "3/3") {
		t.Errorf("table: %v\n%s", err, text.String())
	}
}

func TestBadLabels(t *testing.T) {
	for name, c := range map[string]struct{ key, want string }{
		"no logs":  {`{"format":"answer-key/1","source":{}}`, "names neither archive nor files"},
		"missing":  {`{"format":"answer-key/1","source":{"archive":"gone.zip"}}`, "gone.zip is not in"},
		"no seeds": {`{"format":"answer-key/1","source":{"files":["key.json"]}}`, "no seeds"},
		"broken":   {`{"format":"answer-key/1","seeds":3}`, "parse labels"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadLabels(write(t, map[string]string{"key.json": c.key}), "")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := ReadLabels(t.TempDir(), ""); !errors.Is(err, ErrNoLabels) {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestKendall(t *testing.T) {
	at := func(ns ...int) (list []told) {
		for _, n := range ns {
			list = append(list, told{by: &reconstruct.Step{N: n}})
		}
		return list
	}
	for _, c := range []struct {
		list  []told
		tau   float64
		pairs int
	}{
		{at(1, 2, 3), 1, 3},
		{at(3, 2, 1), -1, 3},
		{at(1, 3, 2), 1.0 / 3, 3},
		{at(1, 1, 2), 1, 2},
		{at(4), 1, 0},
	} {
		if tau, pairs := kendall(c.list); tau-c.tau > 1e-9 || c.tau-tau > 1e-9 || pairs != c.pairs {
			t.Errorf("tau %f of %d pairs, want %f of %d", tau, pairs, c.tau, c.pairs)
		}
	}
}
