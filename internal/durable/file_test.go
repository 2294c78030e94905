package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/evident-sec/evident/internal/durable"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWriteAndNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	must(t, durable.New(path, []byte("one"), 0o600))
	if err := durable.New(path, []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that is there: %v", err)
	}
	must(t, os.WriteFile(path+durable.Suffix, []byte("left by a kill, longer"), 0o600))
	must(t, durable.Write(path, []byte("two"), 0o600))
	if got, err := os.ReadFile(path); err != nil || string(got) != "two" {
		t.Errorf("file has %q, %v", got, err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Errorf("folder has %v, %v", all, err)
	}
	if err := durable.Write(filepath.Join(dir, "none", "a"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestWipe looks at the bytes through a second name of the same file.
func TestWipe(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	must(t, os.WriteFile(path, []byte("secret"), 0o600))
	must(t, os.Link(path, other))
	must(t, durable.Wipe(path))
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	if got, err := os.ReadFile(other); err != nil || string(got) != "\x00\x00\x00\x00\x00\x00" {
		t.Errorf("the bytes are %q, %v", got, err)
	}
	must(t, durable.Wipe(path))
}
