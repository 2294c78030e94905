package replay_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/journal/journaltest"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/replay"
)

const entryBytes = 1 << 19

// damage changes a bit of an entry that lies in a journal.
func damage(t *testing.T, dir string, id uint64) {
	t.Helper()
	raw := journaltest.Entry(id, 1, entryBytes).Records[0].Raw
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream/*/streams/*/msgs/*.blk"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range blocks {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(data, raw); at >= 0 {
			data[at+100] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("entry %d is in no block", id)
}

// TestDamage damages entries under a running journal: one that the lake has comes
// from there, one that nobody has is lost by name, all others are what they were.
func TestDamage(t *testing.T) {
	const entries, inLake, first, second = 30, 6, 3, 12
	dir := t.TempDir()
	cfg := journal.Config{Dir: filepath.Join(dir, "journal")}
	j, err := journal.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lake.Open(t.Context(), lake.Config{Dir: filepath.Join(dir, "lake")})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for id := uint64(1); id <= entries; id++ {
		e := journaltest.Entry(id, 1, entryBytes)
		if _, err := j.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if id <= inLake {
			if err := l.Append(t.Context(), e, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Opened again, the server has nothing in memory.
	if err := errors.Join(l.Seal(t.Context()), j.Close()); err != nil {
		t.Fatal(err)
	}
	if j, err = journal.Open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	damage(t, cfg.Dir, first)
	damage(t, cfg.Dir, second)

	var lost []uint64
	r := replay.Reader{Journal: j, Lake: l, Lost: func(_ context.Context, seq uint64) error {
		lost = append(lost, seq)
		return nil
	}}
	next := uint64(1)
	for e, err := range r.Read(t.Context(), 1) {
		if err != nil || e.Seq != next {
			t.Fatalf("entry %d: %v, %v", next, e, err)
		}
		if loss, is := journal.LossOf(e); is != (next == second) || is && loss.Entry != second {
			t.Fatalf("entry %d: lost %v, %+v", next, is, loss)
		} else if !is {
			journaltest.Same(t, e, journaltest.Entry(next, 1, entryBytes))
		}
		if next++; next > entries {
			break
		}
	}
	if !slices.Equal(lost, []uint64{second}) {
		t.Errorf("told that %v are lost", lost)
	}
	if e, err := r.Entry(t.Context(), first); err != nil {
		t.Error(err)
	} else {
		journaltest.Same(t, e, journaltest.Entry(first, 1, entryBytes))
	}
}
