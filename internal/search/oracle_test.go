package search

import (
	"errors"
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/search/plain"

	"github.com/evident-sec/evident/event"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestAnswersEqualReference compares the engine with Query.Match over random
// events, of which a random part is sealed, and random queries.
func TestAnswersEqualReference(t *testing.T) {
	// Each check writes files; the usual 100 are left to whoever asks for them.
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("30"); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = checks.Value.Set(checks.DefValue) }()
	}
	rapid.Check(t, func(rt *rapid.T) {
		evs := genEvents().Draw(rt, "events")
		lake := newTestLake(t)
		e, err := Open(t.Context(), Config{Dir: t.TempDir(), Lake: lake.dir, Files: lake})
		if err != nil {
			rt.Fatal(err)
		}
		defer e.Close()
		distribute(rt, e, lake, evs)
		for range 3 {
			checkQuery(rt, e, evs)
		}
	})
}

// distribute gives the events to the engine: some sealed in up to three files,
// of which some are still in the hot tables, the rest hot.
func distribute(rt *rapid.T, e *Engine, lake *testLake, evs []event.Event) {
	hot := rapid.IntRange(0, len(evs)).Draw(rt, "first hot") / 5 * 5
	var parts [][]event.Event
	for rest := evs; len(rest) > 0; {
		n := min(len(rest), 5*rapid.IntRange(1, 6).Draw(rt, "part"))
		parts = append(parts, rest[:n])
		rest = rest[n:]
	}
	files := rapid.IntRange(0, min(3, len(parts))).Draw(rt, "files")
	for i, part := range parts {
		if part[0].ID.Entry > uint64(hot/5) || i >= files {
			if err := e.Hot(rt.Context(), part); err != nil {
				rt.Fatal(err)
			}
		}
		if i < files {
			if err := lake.seal(part[len(part)-1].ID.Entry, part); err != nil {
				rt.Fatal(err)
			}
		}
	}
	if files > 0 && rapid.Bool().Draw(rt, "told") {
		if err := e.Sealed(rt.Context(), lake.snap.Through); err != nil {
			rt.Fatal(err)
		}
	}
}

func checkQuery(rt *rapid.T, e *Engine, evs []event.Event) {
	text := genQuery(3).Draw(rt, "query")
	q, err := Parse(text)
	if err != nil {
		rt.Fatalf("parse %q: %v", text, err)
	}
	req := Request{
		Query: q, Oldest: rapid.Bool().Draw(rt, "oldest"),
		Limit: rapid.SampledFrom([]int{7, 25, 100}).Draw(rt, "limit"), Raw: true,
	}
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if rapid.Bool().Draw(rt, "from") {
		req.From = start.Add(time.Duration(rapid.IntRange(0, 60e6).Draw(rt, "f")) * 1001)
	}
	if rapid.Bool().Draw(rt, "to") {
		req.To = start.Add(time.Duration(rapid.IntRange(0, 90e6).Draw(rt, "t")) * 1001)
	}
	want := naive(evs, req)
	checkPages(rt, e, evs, req, want)
	checkStream(rt, e, req, want)
	checkEach(rt, e, evs, req)
	checkCounts(rt, e, evs, req, want)
}

func checkPages(rt *rapid.T, e *Engine, evs []event.Event, req Request, want []event.ID) {
	var got []event.ID
	for {
		res, err := e.Search(rt.Context(), req)
		if err != nil {
			rt.Fatalf("search %s: %v", req.Query, err)
		}
		if res.Total != int64(len(want)) || !res.TotalExact {
			rt.Fatalf("search %s: total %d, want %d", req.Query, res.Total, len(want))
		}
		for i := range res.Rows {
			got = append(got, res.Rows[i].ID)
			checkRow(rt, &res.Rows[i], evs)
		}
		if req.After = res.After; req.After == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		rt.Fatalf("search %s from %s to %s:\ngot  %v\nwant %v", req.Query, req.From, req.To, got, want)
	}
}

// checkStream compares the streamed first page with the first page.
func checkStream(rt *rapid.T, e *Engine, req Request, want []event.ID) {
	var got []event.ID
	res, err := e.Stream(rt.Context(), req, func(p Part) error {
		for i := range p.Rows {
			got = append(got, p.Rows[i].ID)
		}
		if p.Done > p.All || p.Total > int64(len(want)) || int64(len(got)) > int64(len(want)) {
			rt.Fatalf("stream %s: %d of %d, %d matches", req.Query, p.Done, p.All, p.Total)
		}
		return nil
	})
	if err != nil || res.Total != int64(len(want)) || !res.TotalExact {
		rt.Fatalf("stream %s: %+v, %v, want %d", req.Query, res, err, len(want))
	}
	if (res.After != "") != (len(want) > req.Limit) || !slices.Equal(got, want[:min(len(want), req.Limit)]) {
		rt.Fatalf("stream %s, after %q:\ngot  %v\nwant %v", req.Query, res.After, got, want)
	}
}

// checkRow compares a row with the event it stands for.
func checkRow(rt *rapid.T, row *Row, evs []event.Event) {
	ev := &evs[(row.ID.Entry-1)*5+uint64(row.ID.Leaf)]
	want := Row{
		ID: ev.ID, Time: ev.Time.Truncate(time.Microsecond),
		Received: ev.Received.Truncate(time.Microsecond), Class: ev.Class, Activity: ev.Activity,
		Severity: ev.Severity, Product: ev.Product, Problem: ev.Problem, Raw: ev.Raw,
	}
	for i := range fields {
		f := &fields[i]
		if f.attr == event.NumAttrs || ev.Attrs.Get(f.attr) == "" {
			continue
		}
		text := plain.Column(ev.Attrs.Get(f.attr))
		if f.kind == kindInt {
			n, ok := f.int(ev)
			if !ok {
				continue
			}
			text = decimal(n)
		}
		want.Attrs = append(want.Attrs, event.AttrValue{Attr: f.attr, Text: text})
	}
	if diff := cmp.Diff(want, *row); diff != "" {
		rt.Fatalf("row %s (-want +got):\n%s", row.ID, diff)
	}
}

var errEnough = errors.New("enough")

func checkEach(rt *rapid.T, e *Engine, evs []event.Event, req Request) {
	req.Oldest, req.Limit = true, 0
	var got []event.ID
	err := e.Each(rt.Context(), req, func(r Row) error {
		got = append(got, r.ID)
		return nil
	})
	if want := naive(evs, req); err != nil || !slices.Equal(got, want) {
		rt.Fatalf("each %s: %v\ngot  %v\nwant %v", req.Query, err, got, want)
	}
	if len(got) > 0 {
		err = e.Each(rt.Context(), req, func(Row) error { return errEnough })
		if !errors.Is(err, errEnough) {
			rt.Fatalf("each: got %v, want the visitor's error", err)
		}
	}
}

// checkCounts compares histogram and facets.
func checkCounts(rt *rapid.T, e *Engine, evs []event.Event, req Request, want []event.ID) {
	buckets, err := e.Histogram(rt.Context(), req, req.From, req.To, 7)
	if err != nil {
		rt.Fatal(err)
	}
	sum := int64(0)
	for _, b := range buckets {
		sum += b.Events
	}
	if sum != int64(len(want)) {
		rt.Fatalf("histogram of %s: %d events, want %d", req.Query, sum, len(want))
	}
	counts := map[string]int64{}
	for _, id := range want {
		if host := evs[(id.Entry-1)*5+uint64(id.Leaf)].Attrs.Get(event.AttrHost); host != "" {
			counts[plain.Column(host)]++
		}
	}
	facets, err := e.Facets(rt.Context(), req, "device.hostname", 1000)
	if err != nil {
		rt.Fatal(err)
	}
	got := map[string]int64{}
	for _, f := range facets {
		got[f.Value] = f.Count
	}
	if diff := cmp.Diff(counts, got); diff != "" {
		rt.Fatalf("facets of %s (-want +got):\n%s", req.Query, diff)
	}
}
