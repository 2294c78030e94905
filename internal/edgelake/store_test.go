package edgelake_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/edgelake"
	"github.com/evident-sec/evident/internal/lake"
)

// anEvent draws an event with the attributes that edges are read from, some of
// them hostile.
func anEvent(t *rapid.T) event.Event {
	ev := event.Event{
		Class:    rapid.SampledFrom(append(edge.Classes(), 0, 999)).Draw(t, "class"),
		Activity: uint8(rapid.IntRange(0, 16).Draw(t, "activity")),
		Time:     time.Unix(1_800_000_000, int64(rapid.IntRange(0, 5_000_000_000).Draw(t, "time"))).UTC(),
		Service:  rapid.SampledFrom([]string{"", "sysmon", "auditd"}).Draw(t, "service"),
	}
	text := rapid.OneOf(
		rapid.SampledFrom([]string{
			"", "-", "ws1", "WS1.corp.example", "10.0.0.1", "::ffff:10.0.0.1", `C:\Windows\System32\lsass.exe`,
			`\\ws2\ADMIN$\x.exe`, "/usr/bin/sh", "0x3e7", "0x1F", "{6a910b9d-498a-5ee0-c903-000000000400}",
			"outbound", "failure", "0x1fffff", "bad\xff\xfeutf", "2026-11-18 02:11:00.123", "445",
			`HKLM\SYSTEM\CurrentControlSet\Services\x\ImagePath`, strings.Repeat("script ", 400),
		}),
		rapid.StringN(0, 12, 40),
	)
	number := rapid.SampledFrom([]string{"", "0", "1", "4312", "007", "+5", "-3", "x", "99999999999999999999"})
	for range rapid.IntRange(0, 25).Draw(t, "attributes") {
		a := event.Attr(rapid.IntRange(0, int(event.NumAttrs)-1).Draw(t, "attribute"))
		if a.Info().Type == event.TypeInt {
			ev.Attrs.Set(a, number.Draw(t, "number"))
		} else {
			ev.Attrs.Set(a, text.Draw(t, "text"))
		}
	}
	return ev
}

// TestRoundTrip: what comes back, while it is pending, from its file, and
// derived from columns, is what was read from the events.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		var want []edge.Record
		for range rapid.IntRange(1, 4).Draw(rt, "entries") {
			e, evs := w.entry(rapid.SliceOfN(rapid.Custom(anEvent), 1, 12).Draw(rt, "events"))
			w.append(t, e, evs)
			for i := range evs {
				want = append(want, edgelake.RecordOf(&evs[i], nil))
			}
			if rapid.Bool().Draw(rt, "seal") {
				w.seal(t)
			}
		}
		slices.SortStableFunc(want, func(a, b edge.Record) int {
			if c := a.Time.Compare(b.Time); c != 0 {
				return c
			}
			return int(a.ID.Entry*1000+uint64(a.ID.Leaf)) - int(b.ID.Entry*1000+uint64(b.ID.Leaf))
		})
		compare(rt, "as they came", want, w.all(t))
		w.seal(t)
		compare(rt, "sealed", want, w.all(t))
		w.reopen(t)
		compare(rt, "read", want, w.all(t))
		if s := w.store.Status(); s.Derived != 0 || s.Damaged != 0 {
			rt.Fatalf("status %+v after reading what was stored", s)
		}
		w.verify(t)
		os.RemoveAll(filepath.Join(w.dir, "edges"))
		w.reopen(t)
		compare(rt, "derived", want, w.all(t))
		if s := w.store.Status(); s.Derived != int64(s.Files) {
			rt.Fatalf("%d of %d files derived", s.Derived, s.Files)
		}
	})
}

func compare(t *rapid.T, how string, want, got []edge.Record) {
	if len(want) != len(got) {
		t.Fatalf("%s: %d records, want %d", how, len(got), len(want))
	}
	for i := range want {
		if !edgelake.Equal(&want[i], &got[i]) {
			t.Fatalf("%s: record %d\n got %+v\nwant %+v", how, i, got[i], want[i])
		}
	}
}

func (w *world) all(t testing.TB) []edge.Record {
	return w.records(t, edge.Query{From: time.Unix(0, 0), To: time.Unix(1<<34, 0)})
}

func (w *world) reopen(t testing.TB) {
	w.close(t)
	w.open(t)
}

func (w *world) verify(t testing.TB) {
	t.Helper()
	if err := w.store.VerifyAll(t.Context(), func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
}

// fill makes n sealed files of a few process starts each.
func fill(t testing.TB, w *world, n int) {
	t.Helper()
	for i := range n {
		e, evs := w.entry(starts(i, 5))
		w.append(t, e, evs)
		w.seal(t)
	}
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
}

func starts(file, n int) []event.Event {
	evs := make([]event.Event, n)
	for i := range evs {
		evs[i] = event.Event{Class: event.ClassProcess, Activity: event.ProcessLaunch}
		evs[i].Time = time.Unix(1_800_000_000+int64(60*file+i), 0).UTC()
		a := &evs[i].Attrs
		a.Set(event.AttrHost, "ws"+strconv.Itoa(i%2))
		a.Set(event.AttrProcessPID, strconv.Itoa(100+i))
		a.Set(event.AttrProcessPath, `C:\Tools\secret`+strconv.Itoa(file)+`.exe`)
		a.Set(event.AttrActorPID, "4")
	}
	return evs
}

func edgeFiles(t testing.TB, w *world) []string {
	t.Helper()
	names, err := w.table.EdgeFiles()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestDamagedFile: a file that is altered, cut or gone is named, not believed,
// and made anew.
func TestDamagedFile(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"altered": func(path string) error {
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			raw[len(raw)/2] ^= 1
			return os.WriteFile(path, raw, 0o600)
		},
		"cut":  func(path string) error { return os.Truncate(path, 100) },
		"gone": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			fill(t, w, 3)
			want := w.all(t)
			path := filepath.Join(w.dir, "edges", edgeFiles(t, w)[1])
			if err := harm(path); err != nil {
				t.Fatal(err)
			}
			w.reopen(t)
			var named []string
			if err := w.store.VerifyAll(t.Context(), func(err error) {
				named = append(named, err.Error())
			}); err != nil {
				t.Fatal(err)
			}
			if len(named) != 1 || !strings.Contains(named[0], filepath.Base(path)) {
				t.Fatalf("verify names %q, want %s", named, path)
			}
			got := w.all(t)
			if len(got) != len(want) || w.store.Status().Damaged != 1 {
				t.Fatalf("%d records, want %d; status %+v", len(got), len(want), w.store.Status())
			}
			w.verify(t)
		})
	}
}

// TestKilled: whatever a kill left behind, the next start has all edges, each
// once.
func TestKilled(t *testing.T) {
	w := newWorld(t)
	fill(t, w, 2)
	want := w.all(t)
	edges := filepath.Join(w.dir, "edges")
	names := edgeFiles(t, w)
	// killed while writing: half a file under its pending name, none in place
	raw, err := os.ReadFile(filepath.Join(edges, names[0]))
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(w.dir, "pending", "edges-"+names[0])
	if err := errors.Join(os.WriteFile(half, raw[:len(raw)/2], 0o600), os.Remove(filepath.Join(edges, names[0])),
		// killed between the rename and the note
		os.WriteFile(filepath.Join(edges, "000000000900-000000000901.parquet"), raw, 0o600)); err != nil {
		t.Fatal(err)
	}
	w.reopen(t)
	if err := w.store.Follow(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := edgeFiles(t, w); !slices.Equal(got, names) {
		t.Errorf("files %v, want %v", got, names)
	}
	if _, err := os.Stat(half); err == nil {
		t.Error("half a file stays")
	}
	if got := w.all(t); len(got) != len(want) {
		t.Errorf("%d records, want %d", len(got), len(want))
	}
	w.verify(t)
}

// TestCompacted: edges follow the files they belong to, and give the same.
func TestCompacted(t *testing.T) {
	w := newWorld(t)
	fill(t, w, 6)
	want := w.all(t)
	done, err := w.table.Compact(t.Context(), lake.CompactOptions{All: true})
	if err != nil || done.Made != 1 {
		t.Fatalf("compaction %+v: %v", done, err)
	}
	if got := w.all(t); len(got) != len(want) { // before anybody followed
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	if err := w.table.Dispose(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Follow(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	got := w.all(t)
	for i := range want {
		if !edgelake.Equal(&want[i], &got[i]) {
			t.Fatalf("record %d differs after compaction", i)
		}
	}
	if names := edgeFiles(t, w); len(names) != 1 {
		t.Errorf("files of edges after compaction: %v", names)
	}
	w.verify(t)
}

// TestErased: the edges of a record go with it, from memory and disk.
func TestErased(t *testing.T) {
	w := newWorld(t)
	fill(t, w, 2)
	before := w.all(t)
	gone := before[0].ID
	f := w.table.Files()[0]
	if _, err := w.table.Erase(t.Context(), f, nil, func(id event.ID) uint64 {
		if id.Entry == gone.Entry {
			return 2
		}
		return 0
	}); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(w.dir, "edges"))
	if err != nil || len(left) != 1 {
		t.Fatalf("%d files of edges right after erasing, %v", len(left), err)
	}
	for range 2 {
		got := w.all(t)
		if len(got) != len(before)-5 {
			t.Errorf("%d records, want %d", len(got), len(before)-5)
		}
		for _, r := range got {
			if r.ID.Entry == gone.Entry || len(r.Edges) > 0 && strings.Contains(r.Edges[0].Dst.Name, "secret0") {
				t.Errorf("event %s was erased", r.ID)
			}
		}
		w.reopen(t)
	}
}

// TestFollowing: records are there as soon as they were appended, once, in
// order, whatever was sealed meanwhile; a small memory changes nothing.
func TestFollowing(t *testing.T) {
	w := newWorld(t)
	store, err := edgelake.Open(t.Context(), edgelake.Config{Table: w.table, Memory: 1})
	if err != nil {
		t.Fatal(err)
	}
	w.store = store
	for i := range 9 {
		e, evs := w.entry(starts(i, 5))
		w.append(t, e, evs)
		if i%2 == 0 {
			w.seal(t)
		}
		got := w.all(t)
		if len(got) != 5*(i+1) {
			t.Fatalf("%d records after %d entries", len(got), i+1)
		}
		if !slices.IsSortedFunc(got, func(a, b edge.Record) int { return a.Time.Compare(b.Time) }) {
			t.Fatal("records are not in order")
		}
	}
	if s := w.store.Status(); s.Loaded > 1 {
		t.Errorf("%d blocks in memory for one byte", s.Loaded)
	}
}

// TestQueries: every condition selects what it says.
func TestQueries(t *testing.T) {
	w := newWorld(t)
	fill(t, w, 4)
	all := w.all(t)
	q := edge.Query{From: all[3].Time, To: all[12].Time, Hosts: []string{"ws1"}}
	for _, r := range w.records(t, q) {
		if r.Time.Before(q.From) || !r.Time.Before(q.To) || r.Host != "ws1" {
			t.Errorf("%s at %s on %s was not asked for", r.ID, r.Time, r.Host)
		}
	}
	if n := len(w.records(t, q)); n != 4 {
		t.Errorf("%d records, want 4", n)
	}
}

// TestCancelled: a reader that gives up gets its error, the next one its answer.
func TestCancelled(t *testing.T) {
	w := newWorld(t)
	fill(t, w, 3)
	w.reopen(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := w.store.Each(ctx, edge.Query{To: time.Unix(1<<34, 0)}, func(*edge.Record) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if n := len(w.all(t)); n != 15 {
		t.Errorf("%d records, want 15", n)
	}
}
