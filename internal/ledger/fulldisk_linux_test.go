package ledger_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// TestFullDisk fills a small file system under the ledger: Flush says so, and
// what was appended is sealed in order once there is room.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("no small file system to fill: mount tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	l := open(t, filepath.Join(dir, "ledger"))
	fill(t, l, 10)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 5<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal("the file system is not full:", err)
	}
	for seq := uint64(11); seq <= 1000; seq++ {
		if err := l.Append(t.Context(), manifest(seq)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := l.Flush(ctx)
	if err == nil {
		t.Fatal("Flush on a full disk works")
	}
	t.Log(err)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := verified(t, l); n != 1000 {
		t.Fatalf("%d entries verify", n)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Join(dir, "ledger"))
	noTemporaries(t, dir)
}

// noTemporaries fails the test where files with Tessera's temporary names are
// left.
func noTemporaries(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && regexp.MustCompile(`\d{5,}$`).MatchString(e.Name()) {
			t.Errorf("left behind: %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
