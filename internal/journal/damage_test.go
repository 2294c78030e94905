package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

// wantAll wants every entry of filled, from first, but those that are lost.
func wantAll(t *testing.T, s *journal.Stream, first, last uint64, lost ...uint64) {
	t.Helper()
	for seq := first; seq <= last; seq++ {
		e, err := s.Get(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		loss, isLost := journal.LossOf(e)
		if isLost != slices.Contains(lost, seq) || isLost && loss.Entry != seq {
			t.Fatalf("entry %d: lost %v (%+v), want lost %v", seq, isLost, loss, lost)
		}
		if !isLost {
			journaltest.Same(t, e, journaltest.Entry(seq, 1, entryBytes))
		}
	}
}

// TestDamagedEntry changes one bit in the middle of a block: that entry is lost,
// by name, and no other.
func TestDamagedEntry(t *testing.T) {
	for _, scan := range []bool{false, true} {
		dir := filled(t, 20)
		path, at := blockWith(t, dir, 3)
		flipByte(t, path, at+1000)
		if scan {
			removeIndex(t, dir)
		}
		s := mustOpen(t, dir)
		wantAll(t, s, 1, 20, 3)
		lost := journaltest.Entry(3, 1, entryBytes)
		losses := s.Losses()
		if len(losses) != 1 || losses[0].Entry != 3 || losses[0].Batch != lost.Batch.String() ||
			losses[0].Source != lost.Source || losses[0].Records != 1 {
			t.Fatalf("scan %v: losses %+v", scan, losses)
		}
		t.Logf("scan %v: %s", scan, losses[0].Sentence())
		if seq, err := s.Append(t.Context(), journaltest.Entry(21, 1, entryBytes)); err != nil || seq != 21 {
			t.Fatalf("scan %v: Append = %d, %v", scan, seq, err)
		}
		first, _ := s.Get(t.Context(), 3)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, dir)
		wantAll(t, s, 1, 21, 3)
		again, _ := s.Get(t.Context(), 3)
		journaltest.Same(t, again, first) // it may be sealed already
		if err := s.Purge(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		wantAll(t, s, 6, 21)
		if len(s.Losses()) != 0 {
			t.Errorf("purged losses stay: %+v", s.Losses())
		}
	}
}

// TestDamageWhileOpen changes a bit under a running server.
func TestDamageWhileOpen(t *testing.T) {
	dir := filled(t, 20)
	s := mustOpen(t, dir)
	path, at := blockWith(t, dir, 3)
	flipByte(t, path, at+1000)
	var damage *journal.DamageError
	if _, err := s.Get(t.Context(), 3); !errors.As(err, &damage) || damage.Seq != 3 {
		t.Fatalf("Get of the damaged entry = %v", err)
	}
	if _, err := s.SetAside(damage); err != nil {
		t.Fatal(err)
	}
	wantAll(t, s, 1, 20, 3)
}

// TestDamagedTail damages the last block, which the server then cuts: sequences
// must not be given out again, and what stood behind the damage is there.
func TestDamagedTail(t *testing.T) {
	dir := filled(t, 12)
	path, at := blockWith(t, dir, 11)
	flipByte(t, path, at+1000)
	removeIndex(t, dir)
	s := mustOpen(t, dir)
	wantAll(t, s, 1, 12, 11)
	if seq, err := s.Append(t.Context(), journaltest.Entry(13, 1, 10)); err != nil || seq != 13 {
		t.Errorf("Append = %d, %v", seq, err)
	}
}

// TestLostMeta removes what the server knows of its stream: it begins a new one,
// which must hold everything.
func TestLostMeta(t *testing.T) {
	dir := filled(t, 12)
	meta, err := filepath.Glob(filepath.Join(dir, "jetstream/*/streams/*/meta.*"))
	if err != nil || len(meta) == 0 {
		t.Fatalf("no meta data of the stream: %v", err)
	}
	for _, path := range meta {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	s, err := journal.Open(t.Context(), journal.Config{Dir: dir, Need: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantAll(t, s, 5, 12)
	if seq, err := s.Append(t.Context(), journaltest.Entry(13, 1, 10)); err != nil || seq != 13 {
		t.Errorf("Append = %d, %v", seq, err)
	}
}

// TestLostBlocks removes a whole block without a trace: the first, or the last.
func TestLostBlocks(t *testing.T) {
	for _, name := range []string{"first", "last"} {
		dir := filled(t, 20)
		blocks, err := filepath.Glob(filepath.Join(dir, "jetstream/*/streams/*/msgs/*.blk"))
		if err != nil || len(blocks) != 3 {
			t.Fatalf("%d blocks: %v", len(blocks), err)
		}
		gone, lost := blocks[0], []uint64{1, 2, 3, 4, 5, 6, 7}
		if name == "last" {
			gone, lost = blocks[2], []uint64{15, 16, 17, 18, 19, 20}
		}
		if err := os.Remove(gone); err != nil {
			t.Fatal(err)
		}
		cfg := journal.Config{Dir: dir, Need: 1}
		if _, err := journal.Open(t.Context(), cfg); !errors.Is(err, journal.ErrLost) {
			t.Fatalf("%s block gone: Open = %v, want ErrLost", name, err)
		}
		cfg.AcceptLoss = true
		s, err := journal.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, s, 1, 20, lost...)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, dir)
		wantAll(t, s, 1, 20, lost...)
		if seq, err := s.Append(t.Context(), journaltest.Entry(21, 1, 10)); err != nil || seq != 21 {
			t.Errorf("Append = %d, %v", seq, err)
		}
	}
}

// TestAnyDamage flips bits, zeroes pages, cuts blocks and leaves garbage anywhere:
// every entry is there as it was appended or is a named loss, and only those are
// lost whose bytes were hit.
func TestAnyDamage(t *testing.T) {
	seed := envInt(killSeedEnv, int(time.Now().UnixNano()))
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 3))
	const entries, size = 40, 200_000
	lostAll := 0
	for round := range envInt(killRoundsEnv, 12) {
		dir := t.TempDir()
		s := mustOpen(t, dir)
		for id := uint64(1); id <= entries; id++ {
			if _, err := s.Append(t.Context(), journaltest.Entry(id, 1, size)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		most, what := hurtBlock(t, random, dir, size)
		if random.IntN(2) == 0 {
			removeIndex(t, dir)
		}
		s, err := journal.Open(t.Context(), journal.Config{Dir: dir, Need: 1})
		if err != nil {
			t.Fatalf("round %d, %s: %v", round, what, err)
		}
		lost := len(s.Losses())
		for seq := uint64(1); seq <= entries; seq++ {
			e, err := s.Get(t.Context(), seq)
			if err != nil {
				t.Fatalf("round %d, %s: %v", round, what, err)
			}
			if _, ok := journal.LossOf(e); ok {
				lostAll++
				continue
			}
			journaltest.Same(t, e, journaltest.Entry(seq, 1, size))
		}
		if lost > most {
			t.Errorf("round %d, %s: %d entries lost, at most %d were hit", round, what, lost, most)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d entries lost", lostAll)
}

// hurtBlock damages a block and says how many entries it can have hit.
func hurtBlock(t *testing.T, random *rand.Rand, dir string, size int) (most int, what string) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream/*/streams/*/msgs/*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("no blocks: %v", err)
	}
	path := blocks[random.IntN(len(blocks))]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := random.IntN(len(data))
	switch random.IntN(4) {
	case 0:
		data[at] ^= 1 << random.IntN(8)
		most, what = 1, "a bit"
	case 1:
		page := data[at:min(len(data), at+4096)]
		clear(page)
		most, what = 2, "a page of zeros"
	case 2:
		wide := data[at:min(len(data), at+3*size)]
		for i := range wide {
			wide[i] = byte(random.IntN(256))
		}
		most, what = 5, "garbage over three entries"
	case 3:
		// Exactly between two records is a cut that leaves no trace.
		most, what = (len(data)-at)/size+1, "a cut"
		data = data[:at]
	}
	what = fmt.Sprintf("%s at %d of %s", what, at, filepath.Base(path))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return most, what
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
	s, err := journal.Open(t.Context(), journal.Config{Dir: dir, FirstSeq: 3, Need: 3})
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
