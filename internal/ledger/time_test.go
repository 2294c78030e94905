package ledger_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestClockSetBack gives the checkpoint a time in the future, as after the clock was
// set back by an hour: new ones come all the same.
func TestClockSetBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for seq := uint64(1); seq <= 3; seq++ {
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(filepath.Join(dir, "log", "checkpoint"), later, later); err != nil {
			t.Fatal(err)
		}
		if err := l.Append(t.Context(), manifest(seq)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := l.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if l.CheckpointTime().After(time.Now().Add(time.Minute)) {
			t.Errorf("the checkpoint of entry %d is written in the future", seq)
		}
	}
}
