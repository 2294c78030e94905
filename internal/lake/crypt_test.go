package lake_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/daykey"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/lake/laketest"
)

// encrypted opens a lake in dir with keys beside it.
func encrypted(tb testing.TB, dir string) (*lake.Table, *daykey.Ring) {
	tb.Helper()
	ring := ringIn(tb, dir)
	l, err := lake.Open(tb.Context(), lake.Config{Dir: filepath.Join(dir, "lake"), Keys: ring})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l, ring
}

// fill appends entries of a day with a marker in every record, and seals.
func fill(tb testing.TB, l *lake.Table, day time.Time, entries int, marker string) {
	tb.Helper()
	for i := range entries {
		e, evs := laketest.Made(l.Watermark()+uint64(i)+1, 40)
		e.Received = day.Add(time.Duration(i) * time.Second)
		for j := range e.Records {
			e.Records[j].Raw = fmt.Appendf(e.Records[j].Raw, " %s %d", marker, j)
		}
		for j := range evs {
			evs[j].Received = e.Received
		}
		check(tb, l.Append(tb.Context(), e, evs))
	}
	check(tb, l.Seal(tb.Context()))
}

// plaintext lists the files below dir that hold the marker.
func plaintext(tb testing.TB, dir, marker string) (found []string) {
	tb.Helper()
	check(tb, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(marker)) {
			found = append(found, path)
		}
		return err
	}))
	return found
}

var (
	monday  = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	tuesday = monday.Add(24 * time.Hour)
)

// TestEncryptedRoundTrip: whatever is appended comes back, also through Fetch
// and after compaction, and no byte of a record is on the disk in clear.
func TestEncryptedRoundTrip(t *testing.T) {
	dir := t.TempDir()
	l, _ := encrypted(t, dir)
	rapid.Check(t, func(rt *rapid.T) {
		var entries []*event.Entry
		var rows []lake.Row
		first := l.Watermark() + 1
		for i := range rapid.IntRange(1, 5).Draw(rt, "entries") {
			e, evs := drawEntry(rt, first+uint64(i))
			e.Received = monday.Add(time.Duration(rapid.IntRange(0, 72).Draw(rt, "hour")) * time.Hour)
			for j := range evs {
				evs[j].Received = e.Received
				rows = append(rows, lake.RowOf(&evs[j]))
			}
			entries = append(entries, e)
			check(rt, l.Append(t.Context(), e, evs))
		}
		check(rt, l.Seal(t.Context()))
		compare(rt, l, entries, rows)
	})
	before, rows := contents(t, l)
	done := must(l.Compact(t.Context(), lake.CompactOptions{All: true}))(t)
	after, same := contents(t, l)
	if done.Made == 0 || !slices.EqualFunc(before, after, sameEntry) || len(rows) != len(same) {
		t.Errorf("compaction made %d files; %d entries became %d", done.Made, len(before), len(after))
	}
	for _, f := range l.Files() {
		if id := must(l.KeyOf(f))(t); id == "" {
			t.Errorf("%s is not encrypted", f.Originals)
		}
	}
}

// TestFetch compares fetched records, encrypted and not, with entries read
// whole.
func TestFetch(t *testing.T) {
	for _, keys := range []bool{false, true} {
		dir := t.TempDir()
		cfg := lake.Config{Dir: filepath.Join(dir, "lake")}
		if keys {
			cfg.Keys = ringIn(t, dir)
		}
		l := must(lake.Open(t.Context(), cfg))(t)
		t.Cleanup(func() { _ = l.Close() })
		want := map[event.ID][]byte{}
		for seq := uint64(1); seq <= 60; seq++ {
			e, evs := laketest.Made(seq, 100)
			for i := range e.Records {
				// Some records take a page for themselves.
				pad := bytes.Repeat([]byte{byte(seq * 7), byte(i), byte(seq)}, int(seq*uint64(i)%977)*(1+i%3*40))
				e.Records[i].Raw = append(e.Records[i].Raw, pad...)
				want[event.ID{Entry: seq, Leaf: uint32(i)}] = e.Records[i].Raw
			}
			check(t, l.Append(t.Context(), e, evs))
			if seq%25 == 0 || seq == 60 {
				check(t, l.Seal(t.Context()))
			}
		}
		var paths []string
		for _, f := range l.Files() {
			paths = append(paths, f.Originals)
		}
		id := rapid.Custom(func(t *rapid.T) event.ID {
			return event.ID{
				Entry: rapid.Uint64Range(0, 63).Draw(t, "entry"), Leaf: rapid.Uint32Range(0, 104).Draw(t, "leaf"),
			}
		})
		rapid.Check(t, func(rt *rapid.T) {
			ids := rapid.SliceOfN(id, 0, 60).Draw(rt, "ids")
			left := map[event.ID]bool{}
			for _, id := range ids {
				left[id] = want[id] != nil
			}
			check(rt, l.Originals().Fetch(t.Context(), paths, ids, func(id event.ID, raw []byte) {
				if !left[id] || !bytes.Equal(raw, want[id]) {
					rt.Fatalf("%s: %d bytes, asked for %v, want %d bytes", id, len(raw), left[id], len(want[id]))
				}
				left[id] = false
			}))
			for id, missing := range left {
				if missing {
					rt.Fatalf("%s was not found", id)
				}
			}
		})
		seen := 0
		for _, path := range paths {
			for n := range must(l.Originals().Parts(path))(t) {
				entry, leaf, raw, err := l.Originals().Part(path, n)
				check(t, err)
				for i := range entry {
					if !bytes.Equal(raw[i], want[event.ID{Entry: uint64(entry[i]), Leaf: uint32(leaf[i])}]) {
						t.Fatalf("part %d of %s: record %d-%d is another", n, path, entry[i], leaf[i])
					}
					seen++
				}
			}
		}
		if seen != len(want) {
			t.Errorf("parts hold %d records, want %d", seen, len(want))
		}
	}
}

// TestNoPlaintext plants a marker and looks for it in every file.
func TestNoPlaintext(t *testing.T) {
	const marker = "marker-5e1f0c-of-a-person"
	for _, keys := range []bool{false, true} {
		dir := t.TempDir()
		cfg := lake.Config{Dir: filepath.Join(dir, "lake")}
		if keys {
			cfg.Keys = ringIn(t, dir)
		}
		l := must(lake.Open(t.Context(), cfg))(t)
		t.Cleanup(func() { _ = l.Close() })
		fill(t, l, monday, 5, marker)
		fill(t, l, monday.Add(time.Hour), 5, marker)
		_ = must(l.Compact(t.Context(), lake.CompactOptions{All: true}))(t)
		check(t, l.Dispose(t.Context(), 0))
		e, evs := laketest.Made(l.Watermark()+1, 400) // half written files count too
		for range 12 {
			for i := range e.Records {
				e.Records[i].Raw = bytes.Repeat([]byte(marker), 20)
			}
			check(t, l.Append(t.Context(), e, evs))
			e, evs = laketest.Made(e.Seq+1, 400)
		}
		// Without keys the pages are compressed; single records are not always.
		if found := plaintext(t, dir, marker); keys && len(found) > 0 {
			t.Errorf("in clear in %v", found)
		}
		f := l.Files()[0]
		head := make([]byte, 4)
		file := must(os.Open(f.Originals))(t)
		_ = must(file.ReadAt(head, 0))(t)
		check(t, file.Close())
		if (string(head) == "PAR1") == keys {
			t.Errorf("keys %v: file begins with %q", keys, head)
		}
	}
}

// TestUnreadableKeys takes keys away: what is under others, and all columns,
// are read as before, and the error names key, file and entries.
func TestUnreadableKeys(t *testing.T) {
	dir := t.TempDir()
	l, _ := encrypted(t, dir)
	fill(t, l, monday, 4, "monday")
	fill(t, l, tuesday, 4, "tuesday")
	check(t, l.Close())
	check(t, os.Remove(filepath.Join(dir, "keys", "2026-11-23.0.json")))
	l, _ = encrypted(t, dir)
	_, err := l.Entry(t.Context(), 2)
	var d *lake.DamageError
	if !errors.As(err, &d) || d.First != 1 || d.Last != 4 || !daykey.Missing(err) ||
		!strings.Contains(err.Error(), "key 2026-11-23.0") || strings.Contains(err.Error(), "\n") {
		t.Errorf("entry of the lost key: %v", err)
	}
	if _, err := l.Entry(t.Context(), 6); err != nil {
		t.Errorf("entry of the other day: %v", err)
	}
	rows := 0
	for _, f := range l.Files() {
		check(t, l.Verify(t.Context(), f))
		check(t, l.Rows(t.Context(), f, func(_ *lake.Row, err error) error { rows++; return err }))
	}
	if rows != 320 {
		t.Errorf("%d rows, want 320", rows)
	}
	done, err := l.Compact(t.Context(), lake.CompactOptions{All: true})
	if err != nil || done.Made != 0 {
		t.Errorf("compaction: %+v, %v", done, err)
	}
}

// TestFilesExchanged puts one day's originals in the place of the other's: each
// says what it is.
func TestFilesExchanged(t *testing.T) {
	dir := t.TempDir()
	l, _ := encrypted(t, dir)
	fill(t, l, monday, 4, "one")
	fill(t, l, monday.Add(time.Minute), 4, "two")
	a, b := l.Files()[0].Originals, l.Files()[1].Originals
	check(t, os.Rename(a, a+".x"))
	check(t, os.Rename(b, a))
	check(t, os.Rename(a+".x", b))
	for _, seq := range []uint64{1, 5} {
		if _, err := l.Entry(t.Context(), seq); err == nil || !strings.Contains(err.Error(), "in the place of") {
			t.Errorf("entry %d: %v", seq, err)
		}
	}
}

// TestEncryptedFlip flips bytes of an encrypted file: every one is an error
// that names the file, none gives other values.
func TestEncryptedFlip(t *testing.T) {
	l, _ := encrypted(t, t.TempDir())
	fill(t, l, monday, 30, "flip")
	f := l.Files()[0]
	clean := must(os.ReadFile(f.Originals))(t)
	rapid.Check(t, func(rt *rapid.T) {
		dirty := bytes.Clone(clean)
		at := rapid.IntRange(0, len(dirty)-1).Draw(rt, "byte")
		dirty[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "bits"))
		check(rt, os.WriteFile(f.Originals, dirty, 0o600))
		failed, read := 0, 0
		for e, err := range l.Entries(t.Context(), f) {
			var d *lake.DamageError
			switch {
			case err == nil:
				read++
				if !bytes.Contains(e.Records[3].Raw, []byte("flip 3")) {
					rt.Fatalf("byte %d: other bytes were read", at)
				}
			case !errors.As(err, &d) || d.Path != f.Originals:
				rt.Fatalf("byte %d: %v", at, err)
			default:
				failed++
			}
		}
		if failed == 0 {
			rt.Fatalf("byte %d: %d entries were read and nothing was said", at, read)
		}
	})
	check(t, os.WriteFile(f.Originals, clean, 0o600))
}

// TestOldFolder opens a lake without keys, goes on with keys, and compacts both
// together.
func TestOldFolder(t *testing.T) {
	dir := t.TempDir()
	old := must(lake.Open(t.Context(), lake.Config{Dir: filepath.Join(dir, "lake")}))(t)
	fill(t, old, monday, 4, "old")
	before, _ := contents(t, old)
	check(t, old.Close())
	l, _ := encrypted(t, dir)
	fill(t, l, monday.Add(time.Hour), 4, "new")
	both, rows := contents(t, l)
	if len(both) != 8 || !slices.EqualFunc(before, both[:4], sameEntry) || len(rows) != 320 {
		t.Fatalf("%d entries, %d rows", len(both), len(rows))
	}
	ids := []string{must(l.KeyOf(l.Files()[0]))(t), must(l.KeyOf(l.Files()[1]))(t)}
	if !slices.Equal(ids, []string{"", "2026-11-23.0"}) {
		t.Errorf("keys %q", ids)
	}
	done := must(l.Compact(t.Context(), lake.CompactOptions{All: true}))(t)
	if id := must(l.KeyOf(l.Files()[0]))(t); done.Made != 1 || id != "2026-11-23.0" {
		t.Errorf("compaction made %d files, under key %q", done.Made, id)
	}
	after, _ := contents(t, l)
	if !slices.EqualFunc(both, after, sameEntry) {
		t.Error("compaction changed entries")
	}
}

// TestDropKeys erases all of one day and part of another: the first day's old
// key goes and a copy of its file is unreadable, the other's stays in use.
func TestDropKeys(t *testing.T) {
	dir := t.TempDir()
	l, ring := encrypted(t, dir)
	fill(t, l, monday, 4, "monday")
	fill(t, l, tuesday, 4, "tuesday")
	fill(t, l, tuesday.Add(time.Hour), 4, "tuesday")
	gone := l.Files()[0]
	copied := must(os.ReadFile(gone.Originals))(t)
	days := []string{"2026-11-23", "2026-11-24"}
	if ids := must(l.DropKeys(t.Context(), days, "too early"))(t); len(ids) != 0 {
		t.Fatalf("keys in use were destroyed: %v", ids)
	}
	check(t, l.RenewKeys(days))
	for _, f := range l.Files()[:2] {
		_ = must(l.Erase(t.Context(), f, nil, func(event.ID) uint64 { return 99 }))(t)
	}
	ids := must(l.DropKeys(t.Context(), days, "tombstone 99-0"))(t)
	if !slices.Equal(ids, []string{"2026-11-23.0"}) {
		t.Errorf("destroyed %v", ids)
	}
	entries, rows := contents(t, l) // what stands for erased records is still read
	erased := 0
	for _, e := range entries {
		for i := range e.Records {
			if e.Records[i].Erased != nil {
				erased++
			}
		}
	}
	if erased != 320 || len(rows) != 160 {
		t.Errorf("%d erased, %d rows", erased, len(rows))
	}
	check(t, os.WriteFile(gone.Originals, copied, 0o600))
	for e, err := range l.Entries(t.Context(), gone) {
		if !errors.Is(err, daykey.ErrDestroyed) || !strings.Contains(err.Error(), "tombstone 99-0") {
			t.Fatalf("the copy gives %v, %v", e, err)
		}
	}
	if live := ring.Live("2026-11-24"); len(live) != 2 {
		t.Errorf("keys of a day that is in use: %v", live)
	}
	check(t, os.Remove(gone.Originals))
}
