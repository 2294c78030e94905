package lake_test

import (
	"bytes"
	stdcmp "cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/lake/laketest"
)

// manyFiles opens a lake and seals entries 1 to n into files of the given
// number of entries.
func manyFiles(t testing.TB, dir string, n, each uint64) *lake.Table {
	t.Helper()
	l, err := lake.Open(t.Context(), lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for seq := l.Watermark() + 1; seq <= n; seq++ {
		e, evs := laketest.Made(seq, crashRecords(seq))
		if err := l.Append(t.Context(), e, evs); err != nil {
			t.Fatal(err)
		}
		if seq%each == 0 || seq == n {
			if err := l.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return l
}

// contents reads all entries and all rows of a lake.
func contents(t testing.TB, l *lake.Table) (entries []*event.Entry, rows map[event.ID]lake.Row) {
	t.Helper()
	rows = map[event.ID]lake.Row{}
	for _, f := range l.Files() {
		if err := l.Verify(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		for e, err := range l.Entries(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			entries = append(entries, e)
		}
		err := l.Rows(t.Context(), f, func(row *lake.Row, err error) error {
			if _, twice := rows[row.ID]; twice || err != nil {
				return fmt.Errorf("row %s twice, or %w", row.ID, err)
			}
			one := *row
			one.Attrs = slices.Clone(row.Attrs)
			rows[row.ID] = one
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return entries, rows
}

// TestCompact merges days of small files: all entries and rows stay as they
// were, in fewer files, sorted by host and time within the day.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	l := manyFiles(t, dir, 3000, 40) // two days and a bit, a minute an entry
	before, rows := contents(t, l)
	snapshot, err := l.Snapshot(t.Context(), time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	done, err := l.Compact(t.Context(), lake.CompactOptions{All: true})
	if err != nil || len(done.Left) != 0 {
		t.Fatal(err, done.Left)
	}
	if len(l.Files()) != 3 || done.Merged != 75 || done.Made != 3 {
		t.Fatalf("%d files after %+v", len(l.Files()), done)
	}
	if _, err := os.Stat(snapshot.Files[0].Path); err != nil {
		t.Errorf("who reads the old snapshot lost a file: %v", err)
	}
	if err := l.Dispose(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", "*.parquet")); len(left) != 6 {
		t.Errorf("%d files left: %v", len(left), left)
	}
	for range 2 {
		after, compacted := contents(t, l)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("entries changed:\n%s", diff)
		}
		if diff := cmp.Diff(rows, compacted); diff != "" {
			t.Fatalf("rows changed:\n%s", diff)
		}
		sorted(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = manyFiles(t, dir, 3000, 40)
	}
}

// sorted wants the rows of every file by day, host and time.
func sorted(t *testing.T, l *lake.Table) {
	t.Helper()
	for _, f := range l.Files() {
		last := ""
		err := l.Rows(t.Context(), f, func(r *lake.Row, err error) error {
			if err != nil {
				return err
			}
			key := r.Time.Format(time.DateOnly) + " " + r.Attrs.Get(event.AttrHost) + " " +
				r.Time.Format(time.RFC3339Nano)
			if key < last {
				return fmt.Errorf("%s comes after %s", key, last)
			}
			last = key
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestCompactAsTimeGoes compacts between seals, as serve does: no event is ever
// away, and no file of a day is rewritten more often than it has generations.
func TestCompactAsTimeGoes(t *testing.T) {
	if testing.Short() {
		t.Skip("syncs thousands of files")
	}
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		l, err := lake.Open(t.Context(), lake.Config{Dir: dir})
		if err != nil {
			r.Fatal(err)
		}
		defer l.Close()
		fanin := rapid.IntRange(2, 4).Draw(r, "fanin")
		var want []event.ID
		for seq := uint64(1); seq <= 14; seq++ {
			e, evs := laketest.Made(seq*120, rapid.IntRange(1, 4).Draw(r, "records"))
			e.Seq = seq
			for i := range evs {
				evs[i].ID.Entry = seq
				want = append(want, evs[i].ID)
			}
			if err := l.Append(t.Context(), e, evs); err != nil {
				r.Fatal(err)
			}
			if rapid.Bool().Draw(r, "seal") || seq == 14 {
				if err := l.Seal(t.Context()); err != nil {
					r.Fatal(err)
				}
			}
			if rapid.IntRange(0, 5).Draw(r, "compact") == 0 {
				o := lake.CompactOptions{
					Fanin: fanin, Now: e.Received, Rows: 20, Both: rapid.Bool().Draw(r, "both"),
				}
				if _, err := l.Compact(t.Context(), o); err != nil {
					r.Fatal(err)
				}
			}
			if rapid.IntRange(0, 9).Draw(r, "dispose") == 0 {
				if err := l.Dispose(t.Context(), 0); err != nil {
					r.Fatal(err)
				}
			}
		}
		_, rows := contents(t, l)
		got := slices.SortedFunc(maps.Keys(rows), func(a, b event.ID) int {
			return stdcmp.Or(stdcmp.Compare(a.Entry, b.Entry), stdcmp.Compare(a.Leaf, b.Leaf))
		})
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatal(diff)
		}
		for _, f := range l.Files() {
			if f.Generation() > 0 && f.Rows > 20 {
				r.Fatalf("%s has %d rows", f.Path, f.Rows)
			}
		}
	})
}

// TestCompactLeavesDamage merges around a file that is not as it was sealed.
func TestCompactLeavesDamage(t *testing.T) {
	l := manyFiles(t, t.TempDir(), 60, 10)
	bad := l.Files()[2]
	body, err := os.ReadFile(bad.Originals)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)/2] ^= 1
	overwrite(t, bad.Originals, body)
	done, err := l.Compact(t.Context(), lake.CompactOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	var d *lake.DamageError
	if len(done.Left) != 1 || !errors.As(done.Left[0], &d) || d.Path != bad.Originals {
		t.Fatalf("left %v", done.Left)
	}
	if now, _ := os.ReadFile(bad.Originals); !bytes.Equal(now, body) {
		t.Error("the damaged file was touched")
	}
}

// TestCompactRefused leaves files alone whose entries the ledger does not know.
func TestCompactRefused(t *testing.T) {
	l := manyFiles(t, t.TempDir(), 40, 10)
	refuse := func(e *event.Entry) error {
		if e.Seq == 15 {
			return errors.New("another root was sealed")
		}
		return nil
	}
	done, err := l.Compact(t.Context(), lake.CompactOptions{All: true, Check: refuse})
	if err != nil || done.Made != 0 || len(l.Files()) != 4 {
		t.Fatalf("%+v, %d files: %v", done, len(l.Files()), err)
	}
	if len(done.Left) != 1 || !strings.Contains(done.Left[0].Error(), "entries 15 to 15") {
		t.Errorf("left %v", done.Left)
	}
}

// TestCompactMemory halves what holds more text than it may keep.
func TestCompactMemory(t *testing.T) {
	l := manyFiles(t, t.TempDir(), 80, 10)
	_, rows := contents(t, l)
	done, err := l.Compact(t.Context(), lake.CompactOptions{All: true, Memory: 30_000})
	if err != nil || done.Made < 2 {
		t.Fatalf("%+v: %v", done, err)
	}
	if _, after := contents(t, l); cmp.Diff(rows, after) != "" {
		t.Error("rows changed")
	}
}

// TestErase destroys records: their bytes, salts and rows are gone from the
// folder, what stands for them has their leaf hash, all others are as before.
func TestErase(t *testing.T) {
	dir := t.TempDir()
	l := manyFiles(t, dir, 40, 20)
	before, rows := contents(t, l)
	gone := func(id event.ID) uint64 {
		if id.Entry%3 == 0 && id.Leaf%2 == 0 {
			return 99
		}
		return 0
	}
	if _, err := l.Erase(t.Context(), l.Files()[0], nil, gone); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Compact(t.Context(), lake.CompactOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	after, left := contents(t, l)
	for i, e := range after {
		if e.HeaderHash() != before[i].HeaderHash() {
			t.Fatalf("entry %d: header changed", e.Seq)
		}
		for j := range e.Records {
			r, old := &e.Records[j], &before[i].Records[j]
			id := event.ID{Entry: e.Seq, Leaf: uint32(j)}
			_, there := left[id]
			if e.Seq <= 20 && gone(id) != 0 {
				if r.Erased == nil || r.Erased.Tombstone != 99 || len(r.Raw) != 0 || there ||
					r.Salt != (event.Salt{}) {
					t.Fatalf("%s is still there: %+v", id, r)
				}
				delete(rows, id)
				continue
			}
			if diff := cmp.Diff(old, r); diff != "" {
				t.Fatalf("%s changed:\n%s", id, diff)
			}
		}
	}
	if diff := cmp.Diff(rows, left); diff != "" {
		t.Fatalf("rows:\n%s", diff)
	}
}
