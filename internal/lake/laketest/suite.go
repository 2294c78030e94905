package laketest

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/google/go-cmp/cmp"
)

// Lake is what the suite tests.
type Lake interface {
	Watermark() uint64
	Append(ctx context.Context, e *event.Entry, evs []event.Event) error
	Pending() int
	Seal(ctx context.Context) error
	Snapshot(ctx context.Context, from, to time.Time) (lake.Snapshot, error)
	Original(ctx context.Context, id event.ID) (lake.Original, error)
	Entry(ctx context.Context, seq uint64) (*event.Entry, error)
	Entries(ctx context.Context, f lake.File) iter.Seq2[*event.Entry, error]
	Rows(ctx context.Context, f lake.File, visit func(*lake.Row, error) error) error
	Verify(ctx context.Context, f lake.File) error
	Close() error
}

// Opener opens the lake in dir, sealing by itself at sealEvents events.
type Opener func(dir string, sealEvents int) (Lake, error)

// Run runs the suite.
func Run(t *testing.T, open Opener) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"empty lake":                 testEmpty,
		"nothing visible until seal": testInvisible,
		"records and rows come back": testContent,
		"seals by itself":            testSealsItself,
		"order is enforced":          testOrder,
		"unsealed is given up":       testUnsealed,
		"pruned by time":             testPrune,
		"journal begins above one":   testFirst,
	} {
		t.Run(name, func(t *testing.T) {
			f := &fixture{T: t, open: open, dir: t.TempDir(), sealEvents: 1 << 30}
			f.reopen()
			t.Cleanup(func() { _ = f.lake.Close() })
			test(t, f)
		})
	}
}

type fixture struct {
	*testing.T
	open       Opener
	dir        string
	sealEvents int
	lake       Lake
}

func (f *fixture) reopen() {
	f.Helper()
	if f.lake != nil {
		f.ok(f.lake.Close())
	}
	l, err := f.open(f.dir, f.sealEvents)
	f.ok(err)
	f.lake = l
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) fill(from, to uint64, records int) {
	f.Helper()
	for seq := from; seq <= to; seq++ {
		f.ok(f.lake.Append(f.Context(), first(Made(seq, records)), second(Made(seq, records))))
	}
}

func first[A, B any](a A, _ B) A  { return a }
func second[A, B any](_ A, b B) B { return b }

func (f *fixture) snapshot() lake.Snapshot {
	f.Helper()
	s, err := f.lake.Snapshot(f.Context(), time.Time{}, time.Time{})
	f.ok(err)
	return s
}

func (f *fixture) watermark(want uint64) {
	f.Helper()
	if got := f.lake.Watermark(); got != want {
		f.Fatalf("watermark is %d, want %d", got, want)
	}
}

func testEmpty(t *testing.T, f *fixture) {
	f.ok(f.lake.Seal(t.Context()))
	for range 2 {
		f.watermark(0)
		if s := f.snapshot(); len(s.Files) != 0 || s.Events != 0 || s.Through != 0 {
			t.Fatalf("empty lake has %+v", s)
		}
		f.reopen()
	}
}

func testInvisible(t *testing.T, f *fixture) {
	f.fill(1, 3, 4)
	f.watermark(0)
	if n := f.lake.Pending(); n != 12 {
		t.Fatalf("%d pending, want 12", n)
	}
	if _, err := f.lake.Entry(t.Context(), 2); !errors.Is(err, lake.ErrNotFound) {
		t.Fatalf("unsealed entry: %v", err)
	}
	before := f.snapshot()
	f.ok(f.lake.Seal(t.Context()))
	f.watermark(3)
	if n := f.lake.Pending(); n != 0 || len(before.Files) != 0 {
		t.Fatalf("%d pending after seal, %d files before", n, len(before.Files))
	}
	if s := f.snapshot(); s.Events != 12 || s.Through != 3 || s.ID == before.ID {
		t.Fatalf("after seal: %+v", s)
	}
}

func testContent(t *testing.T, f *fixture) {
	f.fill(1, 5, 7)
	f.ok(f.lake.Seal(t.Context()))
	f.fill(6, 9, 500)
	f.ok(f.lake.Seal(t.Context()))
	for range 2 {
		for _, file := range f.snapshot().Files {
			f.ok(f.lake.Verify(t.Context(), file))
			f.checkFile(file)
		}
		f.checkOriginal(event.ID{Entry: 7, Leaf: 499})
		_, err := f.lake.Original(t.Context(), event.ID{Entry: 7, Leaf: 500})
		if !errors.Is(err, lake.ErrNotFound) {
			t.Fatalf("leaf after the last: %v", err)
		}
		f.reopen()
	}
}

func records(seq uint64) int {
	if seq <= 5 {
		return 7
	}
	return 500
}

// checkFile compares entries and rows of a file with what was put in.
func (f *fixture) checkFile(file lake.File) {
	f.Helper()
	seq := file.FirstEntry
	for e, err := range f.lake.Entries(f.Context(), file) {
		f.ok(err)
		want, _ := Made(seq, records(seq))
		if diff := cmp.Diff(want, e); diff != "" || e.HeaderHash() != want.HeaderHash() {
			f.Fatalf("entry %d (-want +got):\n%s", seq, diff)
		}
		seq++
	}
	if seq != file.LastEntry+1 {
		f.Fatalf("entries end before %d, want %d", seq, file.LastEntry)
	}
	var want []lake.Row
	for seq := file.FirstEntry; seq <= file.LastEntry; seq++ {
		_, evs := Made(seq, records(seq))
		for i := range evs {
			want = append(want, lake.RowOf(&evs[i]))
		}
	}
	f.ok(f.lake.Rows(f.Context(), file, func(row *lake.Row, err error) error {
		f.ok(err)
		if len(want) == 0 {
			return errors.New("more rows than events")
		}
		if diff := cmp.Diff(&want[0], row); diff != "" {
			f.Fatalf("row %s (-want +got):\n%s", row.ID, diff)
		}
		want = want[1:]
		return nil
	}))
	if len(want) != 0 {
		f.Fatalf("%d rows are missing", len(want))
	}
}

func (f *fixture) checkOriginal(id event.ID) {
	f.Helper()
	got, err := f.lake.Original(f.Context(), id)
	f.ok(err)
	e, _ := Made(id.Entry, records(id.Entry))
	r := e.Records[id.Leaf]
	want := lake.Original{
		ID: id, Salt: r.Salt, Raw: r.Raw, Position: r.Position, Source: e.Source,
		Format: e.Format, Schema: e.Schema, Received: e.Received, Batch: e.Batch,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.Fatalf("original %s (-want +got):\n%s", id, diff)
	}
}

func testSealsItself(t *testing.T, f *fixture) {
	f.sealEvents = 100
	f.reopen()
	f.fill(1, 25, 10)
	f.watermark(20)
	if s := f.snapshot(); len(s.Files) != 2 || s.Events != 200 || f.lake.Pending() != 50 {
		t.Fatalf("%d files, %d events, %d pending", len(s.Files), s.Events, f.lake.Pending())
	}
}

func testOrder(t *testing.T, f *fixture) {
	f.fill(1, 4, 2)
	f.ok(f.lake.Seal(t.Context()))
	f.fill(5, 5, 2)
	for _, seq := range []uint64{1, 4, 5, 7} {
		e, evs := Made(seq, 2)
		if err := f.lake.Append(t.Context(), e, evs); err == nil {
			t.Fatalf("entry %d after 5 was taken", seq)
		}
	}
	e, evs := Made(6, 2)
	evs[1].ID.Leaf = 2
	if err := f.lake.Append(t.Context(), e, evs); err == nil {
		t.Fatal("event of another entry was taken")
	}
	f.fill(6, 6, 2)
	f.ok(f.lake.Seal(t.Context()))
	f.watermark(6)
	if s := f.snapshot(); s.Events != 12 {
		t.Fatalf("%d events, want 12", s.Events)
	}
}

func testUnsealed(t *testing.T, f *fixture) {
	f.fill(1, 2, 3)
	f.ok(f.lake.Seal(t.Context()))
	f.fill(3, 9, 3)
	f.reopen()
	f.watermark(2)
	f.fill(3, 4, 3)
	f.ok(f.lake.Seal(t.Context()))
	f.watermark(4)
	if s := f.snapshot(); s.Events != 12 {
		t.Fatalf("%d events, want 12", s.Events)
	}
}

func testPrune(t *testing.T, f *fixture) {
	for day := range uint64(3) { // entries are a minute apart
		f.fill(day*10+1, day*10+10, 2)
		f.ok(f.lake.Seal(t.Context()))
	}
	at := func(minutes int) time.Time { return Start().Add(time.Duration(minutes) * time.Minute) }
	for _, c := range []struct {
		from, to time.Time
		first    []uint64
	}{
		{time.Time{}, time.Time{}, []uint64{1, 11, 21}},
		{at(12), at(18), []uint64{11}},
		{at(5), at(15), []uint64{1, 11}},
		{at(15), time.Time{}, []uint64{11, 21}},
		{time.Time{}, at(8), []uint64{1}},
		{at(90), at(99), nil},
	} {
		s, err := f.lake.Snapshot(t.Context(), c.from, c.to)
		f.ok(err)
		var got []uint64
		for _, file := range s.Files {
			got = append(got, file.FirstEntry)
		}
		if diff := cmp.Diff(c.first, got); diff != "" {
			t.Errorf("files from %v to %v (-want +got):\n%s", c.from, c.to, diff)
		}
	}
}

func testFirst(t *testing.T, f *fixture) {
	f.fill(40, 42, 1)
	f.ok(f.lake.Seal(t.Context()))
	f.reopen()
	f.watermark(42)
	if _, err := f.lake.Entry(t.Context(), 39); !errors.Is(err, lake.ErrNotFound) {
		t.Fatalf("entry before the first: %v", err)
	}
	f.checkEntry(41)
}

func (f *fixture) checkEntry(seq uint64) {
	f.Helper()
	got, err := f.lake.Entry(f.Context(), seq)
	f.ok(err)
	want, _ := Made(seq, 1)
	if diff := cmp.Diff(want, got); diff != "" {
		f.Fatalf("entry %d (-want +got):\n%s", seq, diff)
	}
}
