package journal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/journal/journaltest"
)

const entryBytes = 1 << 20

func mustOpen(t testing.TB, dir string) *journal.Stream {
	t.Helper()
	s, err := journal.Open(t.Context(), journal.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// filled returns the folder of a closed journal of n entries of 1 MiB: about
// eight to a block file.
func filled(t *testing.T, n uint64) string {
	t.Helper()
	dir := t.TempDir()
	s := mustOpen(t, dir)
	for id := uint64(1); id <= n; id++ {
		if _, err := s.Append(t.Context(), journaltest.Entry(id, 1, entryBytes)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// blockWith returns the block file that holds the entry's raw bytes and where.
func blockWith(t *testing.T, dir string, id uint64) (path string, offset int) {
	t.Helper()
	raw := journaltest.Entry(id, 1, entryBytes).Records[0].Raw
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream/*/streams/*/msgs/*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("no block files under %s: %v", dir, err)
	}
	for _, path := range blocks {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(data, raw); at >= 0 {
			return path, at
		}
	}
	t.Fatalf("entry %d is in no block", id)
	return "", 0
}

func flipByte(t *testing.T, path string, offset int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[offset] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// removeIndex removes the server's index, so that it scans every block, as
// after a crash.
func removeIndex(t *testing.T, dir string) {
	t.Helper()
	index, _ := filepath.Glob(filepath.Join(dir, "jetstream/*/streams/*/msgs/index.db"))
	for _, path := range index {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamagedEntry changes one bit in the middle of a block: the entry is
// named, never returned, and those of other blocks are still read.
func TestDamagedEntry(t *testing.T) {
	for _, scan := range []bool{false, true} {
		dir := filled(t, 20)
		path, at := blockWith(t, dir, 3)
		flipByte(t, path, at+1000)
		if scan {
			removeIndex(t, dir)
		}
		s := mustOpen(t, dir)
		var damaged, good int
		for e, err := range s.Read(t.Context(), 0) {
			var damage *journal.DamageError
			switch {
			case errors.As(err, &damage):
				damaged++
				t.Logf("scan %v: %v", scan, err)
			case err != nil:
				t.Fatal(err)
			default:
				good++
				journaltest.Same(t, e, journaltest.Entry(e.Seq, 1, entryBytes))
			}
			if damaged+good == 20 {
				break
			}
		}
		if damaged == 0 || good < 12 {
			t.Errorf("scan %v: %d entries damaged, %d good", scan, damaged, good)
		}
		var damage *journal.DamageError
		if _, err := s.Get(t.Context(), 3); !errors.As(err, &damage) || damage.Seq != 3 {
			t.Errorf("scan %v: Get of the damaged entry = %v", scan, err)
		}
		if seq, err := s.Append(t.Context(), journaltest.Entry(21, 1, 10)); err != nil || seq != 21 {
			t.Errorf("scan %v: Append = %d, %v", scan, seq, err)
		}
	}
}

// TestLostTail damages the last block, which the server then cuts: sequences
// must not be given out again.
func TestLostTail(t *testing.T) {
	dir := filled(t, 12)
	path, at := blockWith(t, dir, 11)
	flipByte(t, path, at+1000)
	removeIndex(t, dir)
	if _, err := journal.Open(t.Context(), journal.Config{Dir: dir}); !errors.Is(err, journal.ErrLost) {
		t.Fatalf("Open = %v, want ErrLost", err)
	}
}

func TestLostStream(t *testing.T) {
	dir := filled(t, 2)
	if err := os.RemoveAll(filepath.Join(dir, "jetstream")); err != nil {
		t.Fatal(err)
	}
	_, err := journal.Open(t.Context(), journal.Config{Dir: dir})
	if !errors.Is(err, journal.ErrLost) {
		t.Fatalf("Open = %v, want ErrLost", err)
	}
	// All of it is known to be elsewhere: go on behind it.
	s, err := journal.Open(t.Context(), journal.Config{Dir: dir, FirstSeq: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if seq, err := s.Append(t.Context(), journaltest.Entry(3, 1, 1)); err != nil || seq != 3 {
		t.Fatalf("Append = %d, %v", seq, err)
	}
}

func TestRolledBack(t *testing.T) {
	dir := filled(t, 2)
	if err := os.Remove(filepath.Join(dir, "acknowledged")); err != nil {
		t.Fatal(err)
	}
	_, err := journal.Open(t.Context(), journal.Config{Dir: dir, FirstSeq: 10})
	if !errors.Is(err, journal.ErrLost) {
		t.Fatalf("Open of an older copy = %v, want ErrLost", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "acknowledged"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = journal.Open(t.Context(), journal.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "acknowledged does not hold a sequence") {
		t.Fatalf("Open with a spoilt mark = %v", err)
	}
}
