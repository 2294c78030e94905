package lake_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/lake/laketest"
)

// sealedLake returns a lake with one file of entries 1 to n.
func sealedLake(t testing.TB, dir string, n uint64, records int) (*lake.Table, lake.File) {
	t.Helper()
	l, err := lake.Open(t.Context(), lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for seq := uint64(1); seq <= n; seq++ {
		e, evs := laketest.Made(seq, records)
		if err := l.Append(t.Context(), e, evs); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l, l.Files()[0]
}

// TestFlip flips single bytes all over both files: the hash notices each, and
// reading gives what was written or a DamageError, never a panic.
func TestFlip(t *testing.T) {
	const entries, records = 12, 100
	l, f := sealedLake(t, t.TempDir(), entries, records)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for _, path := range []string{f.Path, f.Originals} {
		clean, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var damaged, altered, same int
		for range 60 {
			dirty := bytes.Clone(clean)
			at := rnd.IntN(len(dirty))
			dirty[at] ^= byte(1 + rnd.IntN(255))
			overwrite(t, path, dirty)
			var d *lake.DamageError
			if err := l.Verify(t.Context(), f); !errors.As(err, &d) || d.Path != path {
				t.Fatalf("byte %d of %s flipped: %v", at, path, err)
			}
			switch readDamaged(t, l, f, records) {
			case "damaged":
				damaged++
			case "altered":
				altered++
			default:
				same++
			}
		}
		t.Logf("%s: %d flips: reading failed %d times, gave other values %d times, "+
			"did not touch values %d times", path, damaged+altered+same, damaged, altered, same)
		overwrite(t, path, clean)
	}
	if got := readDamaged(t, l, f, records); got != "same" {
		t.Fatalf("restored files are %s", got)
	}
}

func overwrite(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// readDamaged reads everything every way there is.
func readDamaged(t *testing.T, l *lake.Table, f lake.File, records int) string {
	t.Helper()
	result := "same"
	note := func(err error) {
		var d *lake.DamageError
		if !errors.As(err, &d) {
			t.Fatalf("not a DamageError: %v", err)
		}
		if d.Path != f.Path && d.Path != f.Originals || d.Error() == "" {
			t.Fatalf("names no file: %v", err)
		}
		result = "damaged"
	}
	seen := 0
	for e, err := range l.Entries(t.Context(), f) {
		if err != nil {
			note(err)
			continue
		}
		seen++
		want, _ := laketest.Made(e.Seq, records)
		if result == "same" && !sameEntry(want, e) {
			result = "altered"
		}
	}
	var of uint64
	var evs []event.Event
	_ = l.Rows(t.Context(), f, func(row *lake.Row, err error) error {
		if err != nil {
			note(err)
			return nil
		}
		seen++
		if result == "same" && row.ID.Entry > 0 && int(row.ID.Leaf) < records {
			if of != row.ID.Entry {
				of = row.ID.Entry
				_, evs = laketest.Made(of, records)
			}
			want := lake.RowOf(&evs[row.ID.Leaf])
			if row.Differs(&want) != "" {
				result = "altered"
			}
		}
		return nil
	})
	if seen == 0 && result == "same" {
		t.Fatal("nothing was read and nothing was reported")
	}
	if _, err := l.Original(t.Context(), event.ID{Entry: 4, Leaf: 3}); err != nil &&
		!errors.Is(err, lake.ErrNotFound) {
		note(err)
	}
	return result
}

func sameEntry(a, b *event.Entry) bool {
	am, aerr := a.MarshalBinary()
	bm, berr := b.MarshalBinary()
	return aerr == nil && berr == nil && a.Seq == b.Seq && bytes.Equal(am, bm)
}

// TestDamageNamesEntries damages one row group: the others still read, and the
// error names the entries of the damaged one.
func TestDamageNamesEntries(t *testing.T) {
	l, f := sealedLake(t, t.TempDir(), 40, 500)
	raw, err := os.ReadFile(f.Originals)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 64 {
		raw[len(raw)/2+i] ^= 0x55
	}
	overwrite(t, f.Originals, raw)
	var lost, read uint64
	for e, err := range l.Entries(t.Context(), f) {
		var d *lake.DamageError
		switch {
		case err == nil:
			if want, _ := laketest.Made(e.Seq, 500); sameEntry(want, e) {
				read++
			} else {
				lost++ // the salts carry no checksum: the ledger tells
			}
		case !errors.As(err, &d) || d.Group < 0 || d.Last-d.First > 8:
			t.Fatalf("not named: %v", err)
		default:
			t.Log(err)
			lost += d.Last - d.First + 1
		}
	}
	if lost == 0 || read+lost != 40 {
		t.Fatalf("%d entries read, %d reported, want 40 together", read, lost)
	}
}

func TestTruncatedAndMissing(t *testing.T) {
	l, f := sealedLake(t, t.TempDir(), 4, 50)
	for _, path := range []string{f.Path, f.Originals} {
		clean, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 3, 8, len(clean) / 2, len(clean) - 1} {
			overwrite(t, path, clean[:n])
			if err := l.Verify(t.Context(), f); err == nil {
				t.Fatalf("%s cut to %d bytes verifies", path, n)
			}
			if got := readDamaged(t, l, f, 50); got != "damaged" {
				t.Fatalf("%s cut to %d bytes is %s", path, n, got)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if got := readDamaged(t, l, f, 50); got != "damaged" {
			t.Fatalf("%s removed is %s", path, got)
		}
		overwrite(t, path, clean)
	}
}
