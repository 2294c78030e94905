package ledger_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/proof"
)

// manifest returns the manifest with the sequence, derived from it alone.
func manifest(seq uint64) proof.Manifest {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seq)
	return proof.Manifest{
		Seq: seq, Count: uint32(seq%500) + 1, Bytes: seq * 1000,
		Root: sha256.Sum256(b[:]), Header: sha256.Sum256(b[4:]),
	}
}

func open(t testing.TB, dir string) *ledger.Log {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledger.Config{Dir: dir, CheckpointInterval: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// fill appends manifests up to and including last and waits for the seal.
func fill(t testing.TB, l *ledger.Log, last uint64) {
	t.Helper()
	for seq := l.Next(); seq <= last; seq++ {
		if err := l.Append(t.Context(), manifest(seq)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// verified returns how many entries Verify finds, all of which must be the
// ones appended.
func verified(t testing.TB, l *ledger.Log) uint64 {
	t.Helper()
	var n uint64
	err := l.Verify(t.Context(), func(seq uint64, m proof.Manifest) error {
		if n++; seq != n || m != manifest(n) {
			return fmt.Errorf("entry %d is not the one appended: %+v", n, m)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAppendProveVerify(t *testing.T) {
	const last = 600 // two full bundles and a part
	dir := t.TempDir()
	l := open(t, dir)
	if l.Next() != 1 || l.Sealed() != 0 {
		t.Fatalf("new ledger: Next %d, Sealed %d", l.Next(), l.Sealed())
	}
	if n := verified(t, l); n != 0 {
		t.Fatalf("new ledger verifies %d entries", n)
	}
	fill(t, l, last)
	if l.Next() != last+1 || l.Sealed() != last || verified(t, l) != last {
		t.Fatalf("Next %d, Sealed %d", l.Next(), l.Sealed())
	}
	for _, seq := range []uint64{1, 2, 255, 256, 257, 512, 513, last} {
		m, index, path, checkpoint, err := l.Prove(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		c, err := proof.ParseCheckpoint(checkpoint, note.VerifierList(l.Verifier()))
		if err != nil {
			t.Fatal(err)
		}
		if m != manifest(seq) || index != int64(seq-1) || c.Size != last {
			t.Fatalf("Prove(%d) = %+v at %d of %d", seq, m, index, c.Size)
		}
		if err := proof.VerifyPath(m.LogHash(), index, c.Size, path, c.Root); err != nil {
			t.Fatal(err)
		}
	}
	if err := ledger.VerifyOffline(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
}

func TestReopenGoesOn(t *testing.T) {
	dir := t.TempDir()
	var key string
	for round := range uint64(4) {
		l := open(t, dir)
		if key == "" {
			key = l.VerifierKey()
		}
		if l.Next() != round*150+1 || l.VerifierKey() != key {
			t.Fatalf("round %d: Next %d, key %s", round, l.Next(), l.VerifierKey())
		}
		fill(t, l, (round+1)*150)
		if n := verified(t, l); n != (round+1)*150 {
			t.Fatalf("round %d: %d entries verified", round, n)
		}
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Fatal(err)
		}
		if err := l.Append(t.Context(), manifest(l.Next())); !errors.Is(err, ledger.ErrClosed) {
			t.Fatal("Append after Close:", err)
		}
	}
}

func TestCloseSealsWhatIsQueued(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for seq := uint64(1); seq <= 1000; seq++ {
		if err := l.Append(t.Context(), manifest(seq)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	if l.Next() != 1001 || l.Sealed() != 1000 || verified(t, l) != 1000 {
		t.Fatalf("Next %d, Sealed %d", l.Next(), l.Sealed())
	}
}

func TestRefusals(t *testing.T) {
	l := open(t, t.TempDir())
	for _, seq := range []uint64{0, 2, 1 << 60} {
		if err := l.Append(t.Context(), manifest(seq)); !errors.Is(err, ledger.ErrOutOfOrder) {
			t.Errorf("Append(%d) = %v, want out of order", seq, err)
		}
	}
	fill(t, l, 3)
	if err := l.Append(t.Context(), manifest(3)); !errors.Is(err, ledger.ErrOutOfOrder) {
		t.Errorf("Append of what is there = %v, want out of order", err)
	}
	for _, seq := range []uint64{0, 4, 1 << 60} {
		if _, err := l.Manifest(t.Context(), seq); !errors.Is(err, ledger.ErrNotSealed) {
			t.Errorf("Manifest(%d) = %v, want not sealed", seq, err)
		}
		if _, _, _, _, err := l.Prove(t.Context(), seq); !errors.Is(err, ledger.ErrNotSealed) {
			t.Errorf("Prove(%d) = %v, want not sealed", seq, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Append(t.Context(), manifest(4)); err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Flush under a cancelled context = %v", err)
	}
}
