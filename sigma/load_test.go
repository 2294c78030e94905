package sigma

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

const plainRule = "title: t\nlogsource: {product: a}\ndetection: {s: {A: 1}, condition: s}\n"

// TestLoadWalksFolders: files by extension, in order, folders below included,
// with the licence of the nearest folder that has one.
func TestLoadWalksFolders(t *testing.T) {
	fsys := fstest.MapFS{
		"r/LICENSE":     {Data: []byte("Detection Rule License (DRL) 1.1")},
		"r/b.yml":       {Data: []byte(plainRule)},
		"r/a/c.YAML":    {Data: []byte(plainRule + "license: MIT\n")},
		"r/a/notes.md":  {Data: []byte("x")},
		"r/a/empty.yml": {},
	}
	rs, err := LoadFS(fsys, "r")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rs.Rules {
		got = append(got, r.File+" "+r.License)
	}
	for _, r := range rs.Rejected {
		got = append(got, r.File+": "+r.Reason)
	}
	want := "r/a/c.YAML MIT, r/b.yml DRL-1.1, r/a/empty.yml: file holds no document"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLoadPaths: files and folders, each file once.
func TestLoadPaths(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.yml")
	if err := os.WriteFile(file, []byte(plainRule), 0o600); err != nil {
		t.Fatal(err)
	}
	rs, err := Load(file, dir)
	if err != nil || len(rs.Rules) != 1 || rs.Rules[0].File != file || len(rs.Rejected) != 0 {
		t.Errorf("got %+v, %v", rs, err)
	}
	if _, err := Load(filepath.Join(dir, "absent")); err == nil {
		t.Error("an absent path gave no error")
	}
}

// TestParseLogsources: mistakes in a mapping are named with their line.
func TestParseLogsources(t *testing.T) {
	for src, want := range map[string]string{
		"sources: []":                          "want one document with version: 1",
		"version: 1\nsource: []":               `line 2: unknown key "source"`,
		"version: 1\nsources:\n  - events: []": "line 3: source has no logsource",
		"version: 1\nsources:\n  - logsource: {service: a}\n  - logsource: {service: a}":         "line 4: log source service=a stands twice",
		"version: 1\nsources:\n  - logsource: {service: a}\n    events:\n      - fields: {A: B}": "line 5: event kind has no when",
	} {
		_, err := ParseLogsources([]byte(src))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", src, err, want)
		}
	}
}
