package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/evident-sec/evident/internal/ledger"
)

// TestPin keeps a checkpoint and holds later states of the ledger against it.
func TestPin(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	var pins [][]byte
	var backup string
	for _, n := range []uint64{0, 1, 10, 256, 300, 700} {
		fill(t, l, n)
		signed, err := l.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pins = append(pins, signed)
		if n == 256 {
			backup = copyDir(t, dir)
		}
	}
	for i, pin := range pins {
		if err := l.CheckPin(t.Context(), pin); err != nil {
			t.Errorf("pin %d: %v", i, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wantFault := func(l *ledger.Log, pin []byte, seq uint64) {
		t.Helper()
		var fault *ledger.Fault
		if err := l.CheckPin(t.Context(), pin); !errors.As(err, &fault) || fault.Seq != seq || fault.Part != "pin" {
			t.Errorf("CheckPin = %v, want a fault at entry %d", err, seq)
		}
	}
	old := open(t, backup) // rolled back to an old backup
	for _, pin := range pins[:4] {
		if err := old.CheckPin(t.Context(), pin); err != nil {
			t.Error(err)
		}
	}
	wantFault(old, pins[4], 257)
	for seq := old.Next(); seq <= 800; seq++ { // and on with other entries
		m := manifest(seq)
		m.Count++
		if err := old.Append(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantFault(old, pins[4], 0)
	wantFault(old, pins[5], 0)
	wantFault(open(t, t.TempDir()), pins[3], 0) // another key
	wantFault(old, []byte("nonsense"), 0)
}

// TestVerifyFindsWitnessed changes the cosigned checkpoint that is kept.
func TestVerifyFindsWitnessed(t *testing.T) {
	dir := sealedDir(t, 20)
	newer := copyDir(t, dir)
	l := open(t, newer)
	fill(t, l, 30)
	signed, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log", "checkpoint.witnessed")
	for name, text := range map[string][]byte{"ahead of the log": signed, "garbage": []byte("x\n")} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		var fault *ledger.Fault
		err := ledger.VerifyOffline(t.Context(), dir, nil)
		if !errors.As(err, &fault) || fault.Part != "cosigned checkpoint" {
			t.Errorf("%s: Verify = %v", name, err)
		}
	}
	for name, text := range map[string][]byte{"ahead of the log": signed, "garbage": []byte("x\n")} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ledger.Open(t.Context(), ledger.Config{Dir: dir}); !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("%s: Open = %v", name, err)
		}
	}
}
