package ledger_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/ledger"
)

// sealedDir returns the folder of a closed ledger of n entries.
func sealedDir(t *testing.T, n uint64) string {
	t.Helper()
	dir := t.TempDir()
	l := open(t, dir)
	fill(t, l, n)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyDir(t *testing.T, dir string) string {
	t.Helper()
	dst := t.TempDir()
	if err := os.CopyFS(dst, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return dst
}

// current lists the files that the log of n entries is made of; left-over
// partial tiles and Tessera's own state are not.
func current(t *testing.T, dir string, n string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		partial := strings.Contains(path, ".p/")
		if err == nil && !e.IsDir() && !strings.Contains(path, ".state") && path != "key" &&
			(!partial || strings.HasSuffix(path, ".p/"+n) || strings.HasSuffix(path, ".p/2")) {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestTamperAnyFile changes, cuts and removes each file of a log of 600
// entries: Verify and Prove find it and never panic, and Open goes on only
// where what it builds on is whole.
func TestTamperAnyFile(t *testing.T) {
	const n = 600 // bundles of 256, 256 and 88
	origin := sealedDir(t, n)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	changes := map[string]func([]byte) []byte{
		"bit":      func(b []byte) []byte { b[rng.IntN(len(b))] ^= 1 << rng.IntN(8); return b },
		"truncate": func(b []byte) []byte { return b[:rng.IntN(len(b))] },
		"empty":    func([]byte) []byte { return nil },
		"garbage":  func(b []byte) []byte { return make([]byte, len(b)) },
		"huge":     func([]byte) []byte { return make([]byte, 20<<20) },
	}
	names := current(t, origin, "88")
	if len(names) < 9 {
		t.Fatalf("only these files: %v", names)
	}
	for _, name := range names {
		for kind, change := range changes {
			dir := copyDir(t, origin)
			path := filepath.Join(dir, name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, change(data), 0o600); err != nil {
				t.Fatal(err)
			}
			checkTampered(t, dir, name+" "+kind)
		}
		dir := copyDir(t, origin)
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		checkTampered(t, dir, name+" removed")
	}
}

func checkTampered(t *testing.T, dir, what string) {
	t.Helper()
	err := ledger.VerifyOffline(t.Context(), dir, nil)
	var fault *ledger.Fault
	// The verifier key is trusted input offline; only Open can hold it against
	// the signing key.
	if !strings.HasPrefix(what, "verifier.pub") && !errors.As(err, &fault) {
		t.Errorf("%s: Verify = %v, want a Fault", what, err)
	}
	if strings.Contains(what, "entries") && (fault == nil || fault.Seq == 0) {
		t.Errorf("%s: Verify names no entry: %v", what, err)
	}
	l, err := ledger.Open(t.Context(), ledger.Config{Dir: dir, CheckpointInterval: 100 * time.Millisecond})
	if err != nil {
		return
	}
	defer l.Close()
	for _, seq := range []uint64{1, 256, 257, 600} {
		if m, _, _, _, err := l.Prove(t.Context(), seq); err == nil && m != manifest(seq) {
			t.Errorf("%s: Prove(%d) gives another manifest", what, seq)
		}
	}
}

// TestTamperNamesEntry changes one byte in one stored manifest.
func TestTamperNamesEntry(t *testing.T) {
	origin := sealedDir(t, 300)
	for _, seq := range []uint64{1, 100, 256, 257, 300} {
		dir := copyDir(t, origin)
		path := filepath.Join(dir, "log/tile/entries/000")
		if seq > 256 {
			path = filepath.Join(dir, "log/tile/entries/001.p/44")
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := manifest(seq).Marshal()
		changed := strings.Replace(string(data), string(text), strings.Replace(string(text), "bytes ", "bytes 9", 1), 1)
		at := strings.Index(changed, strings.Replace(string(text), "bytes ", "bytes 9", 1))
		changed = changed[:at-1] + string(rune(changed[at-1]+1)) + changed[at:] // its length
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		var fault *ledger.Fault
		err = ledger.VerifyOffline(t.Context(), dir, nil)
		if !errors.As(err, &fault) || fault.Seq != seq {
			t.Errorf("entry %d changed: %v", seq, err)
		}
	}
}

// TestTamperState changes what Tessera would build on.
func TestTamperState(t *testing.T) {
	origin := sealedDir(t, 300)
	old := sealedDir(t, 10)
	for name, tamper := range map[string]func(dir string) error{
		"smaller tree": func(dir string) error {
			state, err := os.ReadFile(filepath.Join(old, "log/.state/treeState"))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, "log/.state/treeState"), state, 0o600))
		},
		"no tree":  func(dir string) error { return os.Remove(filepath.Join(dir, "log/.state/treeState")) },
		"no state": func(dir string) error { return os.RemoveAll(filepath.Join(dir, "log/.state")) },
		"not JSON": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "log/.state/treeState"), []byte("{"), 0o600)
		},
		"no key":      func(dir string) error { return os.Remove(filepath.Join(dir, "key")) },
		"no log":      func(dir string) error { return os.RemoveAll(filepath.Join(dir, "log/tile")) },
		"other key":   func(dir string) error { return copyFile(old, dir, "key") },
		"other cp":    func(dir string) error { return copyFile(old, dir, "log/checkpoint") },
		"no cp":       func(dir string) error { return os.Remove(filepath.Join(dir, "log/checkpoint")) },
		"other edge":  func(dir string) error { return copyFile(dir, dir, "log/tile/0/001.p/44", "log/tile/0/000") },
		"other level": func(dir string) error { return copyFile(dir, dir, "log/tile/1/000.p/1", "log/checkpoint") },
	} {
		dir := copyDir(t, origin)
		if err := tamper(dir); err != nil {
			t.Fatal(name, err)
		}
		l, err := ledger.Open(t.Context(), ledger.Config{Dir: dir})
		if err == nil {
			_ = l.Close()
		}
		if !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("%s: Open = %v, want ErrTampered", name, err)
		}
	}
}

// copyFile copies name, or the other file named, from one folder to another.
func copyFile(from, to, name string, other ...string) error {
	source := append(other, name)[0]
	data, err := os.ReadFile(filepath.Join(from, source))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, name), data, 0o600)
}
