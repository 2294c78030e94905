package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/journal/journaltest"
)

// TestFullDisk fills a small file system: the error says so, nothing that was
// acknowledged is lost, and appends work again once there is room.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("no small file system to fill: mount tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, filepath.Join(dir, "journal"))
	seq, err := uint64(0), error(nil)
	for err == nil {
		_, err = s.Append(t.Context(), journaltest.Entry(seq+1, 1, entryBytes))
		if err == nil {
			seq++
		}
	}
	t.Logf("full after %d entries: %v", seq, err)
	if !errors.Is(err, syscall.ENOSPC) || seq < 5 {
		t.Fatalf("after %d entries: %v, want a full disk", seq, err)
	}
	for range 3 {
		_, err := s.Append(t.Context(), journaltest.Entry(seq+1, 1, entryBytes))
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("Append on a full disk = %v", err)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	next, err := s.Append(t.Context(), journaltest.Entry(seq+1, 1, entryBytes))
	if err != nil {
		t.Fatalf("Append with room again: %v", err)
	}
	t.Logf("back after %v with entry %d", time.Since(start), next)
	for i := uint64(1); i <= seq; i++ {
		e, err := s.Get(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		journaltest.Same(t, e, journaltest.Entry(i, 1, entryBytes))
	}
	e, err := s.Get(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	journaltest.Same(t, e, journaltest.Entry(seq+1, 1, entryBytes))
}
