package faultfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/evident-sec/evident/internal/faultfs"
)

// TestCut wants a power cut to take what was not synced, and nothing else.
func TestCut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk")
	d, err := faultfs.NewDisk(dir+".img", dir, 32<<20, "")
	if errors.Is(err, faultfs.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, sync := range map[string]bool{"synced": true, "unsynced": false} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("content"); err != nil {
			t.Fatal(err)
		}
		if sync {
			err = f.Sync()
		}
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if name == "synced" {
			parent, err := os.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(parent.Sync(), parent.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := d.Cut(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "later"), nil, 0o600); err == nil {
		t.Error("a file was made without power")
	}
	if err := d.Restore(); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if body, err := os.ReadFile(filepath.Join(dir, "synced")); string(body) != "content" {
		t.Errorf("the synced file holds %q, %v", body, err)
	}
	if body, _ := os.ReadFile(filepath.Join(dir, "unsynced")); string(body) == "content" {
		t.Error("the file that nobody synced is there: the cut shows nothing")
	}
}
