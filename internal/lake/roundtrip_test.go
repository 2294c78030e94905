package lake_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
)

// hostile draws the texts that logs carry when an attacker writes them.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 40), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{
			"", "\x00", "\xff\xfe", "a\x80b", "'; DROP TABLE", "-1", "007",
			"+5", "9223372036854775807", "9223372036854775808", "1e3", "\u202e\x1b[31m",
		}),
	)
}

func drawEntry(t *rapid.T, seq uint64) (*event.Entry, []event.Event) {
	ns := rapid.Int64Range(-2e18, 4e18)
	e := &event.Entry{
		Seq: seq, Source: hostile().Draw(t, "source"),
		Format:   event.Format(hostile().Draw(t, "format")),
		Schema:   hostile().Draw(t, "schema"),
		Received: time.Unix(0, ns.Draw(t, "received")).UTC(),
		Records:  make([]event.Record, rapid.IntRange(1, 6).Draw(t, "records")),
	}
	copy(e.Batch[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "batch"))
	var evs []event.Event
	for i := range e.Records {
		r := &e.Records[i]
		copy(r.Salt[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt"))
		r.Raw = rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "raw")
		r.Position = rapid.Int64().Draw(t, "position")
		ev := event.Event{
			ID: event.ID{Entry: seq, Leaf: uint32(i)}, Received: e.Received,
			Time:  time.Unix(0, ns.Draw(t, "time")).UTC(),
			Class: uint32(rapid.IntRange(0, 1<<30).Draw(t, "class")), Severity: uint8(i),
			Product: hostile().Draw(t, "product"), Problem: hostile().Draw(t, "problem"),
		}
		for range rapid.IntRange(0, 8).Draw(t, "attrs") {
			a := event.Attr(rapid.IntRange(0, int(event.NumAttrs)-1).Draw(t, "attr"))
			// Not Set: a mapping that repeats an attribute must not shift columns.
			ev.Attrs = append(ev.Attrs, event.AttrValue{Attr: a, Text: hostile().Draw(t, "text")})
		}
		evs = append(evs, ev)
	}
	return e, evs
}

// TestRoundTrip: whatever is appended comes back, exactly for records, as RowOf
// says for columns, also after reopening. All draws go into one lake.
func TestRoundTrip(t *testing.T) {
	cfg := lake.Config{Dir: t.TempDir() + "/a lake %20#?"}
	l := must(lake.Open(t.Context(), cfg))(t)
	defer func() { _ = l.Close() }()
	rapid.Check(t, func(rt *rapid.T) {
		var entries []*event.Entry
		var rows []lake.Row
		first := l.Watermark() + 1
		for i := range rapid.IntRange(1, 5).Draw(rt, "entries") {
			e, evs := drawEntry(rt, first+uint64(i))
			entries = append(entries, e)
			for j := range evs {
				rows = append(rows, lake.RowOf(&evs[j]))
			}
			check(rt, l.Append(t.Context(), e, evs))
			if rapid.IntRange(0, 4).Draw(rt, "seal") == 0 {
				check(rt, l.Seal(t.Context()))
			}
		}
		check(rt, l.Seal(t.Context()))
		if rapid.IntRange(0, 9).Draw(rt, "reopen") == 0 {
			check(rt, l.Close())
			l = must(lake.Open(t.Context(), cfg))(rt)
		}
		compare(rt, l, entries, rows)
	})
}

func compare(rt *rapid.T, l *lake.Table, entries []*event.Entry, rows []lake.Row) {
	first := entries[0].Seq
	for _, f := range l.Files() {
		if f.LastEntry < first {
			continue
		}
		check(rt, l.Verify(rt.Context(), f))
		for e, err := range l.Entries(rt.Context(), f) {
			check(rt, err)
			if len(entries) == 0 || !sameEntry(entries[0], e) || e.HeaderHash() != entries[0].HeaderHash() {
				rt.Fatalf("entry %d is not what was appended", e.Seq)
			}
			entries = entries[1:]
		}
		check(rt, l.Rows(rt.Context(), f, func(row *lake.Row, err error) error {
			check(rt, err)
			if d := row.Differs(&rows[0]); d != "" {
				rt.Fatalf("row %s differs in %s:\n%s", row.ID, d, cmp.Diff(&rows[0], row))
			}
			if row.Time.Before(f.From) || row.Time.After(f.To) {
				rt.Fatalf("row at %v is outside the file's %v to %v", row.Time, f.From, f.To)
			}
			rows = rows[1:]
			return nil
		}))
	}
	if len(entries) != 0 || len(rows) != 0 {
		rt.Fatalf("%d entries and %d rows are missing", len(entries), len(rows))
	}
}

type fataler interface {
	Helper()
	Fatal(args ...any)
}

func check(t fataler, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(fataler) T {
	return func(t fataler) T {
		t.Helper()
		check(t, err)
		return v
	}
}
