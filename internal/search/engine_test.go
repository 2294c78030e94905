package search_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/search"
)

func open(t testing.TB, cfg search.Config) *search.Engine {
	t.Helper()
	cfg.Dir = t.TempDir()
	e, err := search.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func parse(t testing.TB, text string) *search.Query {
	t.Helper()
	q, err := search.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// sample makes n events of entry, a second apart.
func sample(entry uint64, n int) []event.Event {
	evs := make([]event.Event, n)
	for i := range evs {
		ev := &evs[i]
		ev.ID = event.ID{Entry: entry, Leaf: uint32(i)}
		ev.Time = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).
			Add(time.Duration(int(entry)*1000+i) * time.Second)
		ev.Received = ev.Time.Add(time.Second)
		ev.Class, ev.Activity, ev.Severity = event.ClassProcess, 1, uint8(i%7)
		ev.Product = "windows"
		ev.Attrs.Set(event.AttrHost, fmt.Sprintf("ws-%02d", i%20))
		ev.Attrs.Set(event.AttrProcessPID, fmt.Sprint(1000+i))
		ev.Attrs.Set(event.AttrProcessCmdLine, fmt.Sprintf(`C:\Windows\cmd.exe /c echo %d-%d`, entry, i))
		ev.Raw = []byte(fmt.Sprintf(`{"CommandLine":"echo %d-%d"}`, entry, i))
	}
	return evs
}

func TestVisibleAtOnce(t *testing.T) {
	e := open(t, search.Config{})
	for entry := uint64(1); entry <= 3; entry++ {
		start := time.Now()
		if err := e.Hot(t.Context(), sample(entry, 500)); err != nil {
			t.Fatal(err)
		}
		res, err := e.Search(t.Context(), search.Request{
			Query: parse(t, fmt.Sprintf(`metadata.uid:%d-499`, entry)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); len(res.Rows) != 1 || took > time.Second {
			t.Errorf("entry %d: %d rows after %s, want 1 within a second", entry, len(res.Rows), took)
		}
		t.Logf("visible after %s", time.Since(start))
	}
	res, err := e.Search(context.Background(), search.Request{
		Query: parse(t, `"echo 2-7" process.pid:[1000 TO 1078] severity:<=fatal`), Raw: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if res.Total != 10 || string(res.Rows[0].Raw) == "" {
		t.Errorf("got %d rows: %+v", res.Total, res.Rows)
	}
}

// TestQueriesAreOnlyValues tries to leave the place of a value.
func TestQueriesAreOnlyValues(t *testing.T) {
	e := open(t, search.Config{})
	if err := e.Hot(t.Context(), sample(1, 50)); err != nil {
		t.Fatal(err)
	}
	for _, attack := range []string{
		`'; DROP TABLE hot_1; --`, `' OR '1'='1`, `$1`, `%`, `_`, `\`, `'`, `''`, `") OR ("1"="1`,
		`x') UNION SELECT * FROM duckdb_settings() --`, `(?s).*`, `\z|.`, `[^x]`, "\x00", `e'\x27'`, `{{1}}`,
		`SELECT * FROM read_text('/etc/passwd')`, `/* */`, `?`, `*/`, `:a`, `@x`, `#1`,
	} {
		value := search.Quote(attack)
		for _, text := range []string{
			value, "device.hostname:" + value, "message:" + value, "answers.rdata:" + value,
			"NOT process.cmd_line:(" + value + ")",
		} {
			req := search.Request{Query: parse(t, text)}
			want := int64(0)
			if text[0] == 'N' {
				want = 50
			}
			n, _, err := e.Count(t.Context(), req)
			contained := attack == `\` || attack == `'` || attack == "_" // not in the sample's text
			if err != nil || n != want && !contained {
				t.Errorf("%s: %d events, %v", text, n, err)
			}
		}
		if _, err := e.Values(t.Context(), "device.hostname", attack, 5); err != nil {
			t.Errorf("values of %s: %v", attack, err)
		}
		if _, err := e.Facets(t.Context(), search.Request{}, attack, 5); !errors.Is(err, search.ErrField) {
			t.Errorf("facets of %s: %v", attack, err)
		}
		if _, err := e.Search(t.Context(), search.Request{After: attack}); !errors.Is(err, search.ErrCursor) {
			t.Errorf("cursor %s: %v", attack, err)
		}
	}
	if n, _, err := e.Count(t.Context(), search.Request{}); n != 50 || err != nil {
		t.Errorf("afterwards %d events, %v", n, err)
	}
}

func TestCancel(t *testing.T) {
	e := open(t, search.Config{})
	if err := e.Hot(t.Context(), sample(1, 60_000)); err != nil {
		t.Fatal(err)
	}
	var slow strings.Builder // many patterns over all text
	for i := range 200 {
		fmt.Fprintf(&slow, "a*b?%d*c OR ", i)
	}
	req := search.Request{Query: parse(t, slow.String()+"zzz")}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := e.Search(ctx, req)
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
		t.Errorf("after %s: %v, want the deadline", took, err)
	}
	t.Logf("ended after %s", time.Since(start))
	// A count that has no time left is a lower bound, not an error.
	req.CountFor = time.Millisecond
	if _, exact, err := e.Count(t.Context(), req); err != nil || exact {
		t.Errorf("count in a millisecond: exact %t, %v", exact, err)
	}
	if n, _, err := e.Count(t.Context(), search.Request{}); n != 60_000 || err != nil {
		t.Errorf("afterwards %d events, %v", n, err)
	}
}

func TestRawOnlyWhenAsked(t *testing.T) {
	e := open(t, search.Config{})
	if err := e.Hot(t.Context(), sample(1, 3)); err != nil {
		t.Fatal(err)
	}
	for _, raw := range []bool{false, true} {
		res, err := e.Search(t.Context(), search.Request{
			Query: parse(t, "echo"), Raw: raw, Columns: []event.Attr{event.AttrHost},
		})
		if err != nil || len(res.Rows) != 3 {
			t.Fatal(res, err)
		}
		for _, row := range res.Rows {
			if (row.Raw != nil) != raw || len(row.Attrs) != 1 {
				t.Errorf("asked for raw %t and one attribute, got %+v", raw, row)
			}
		}
	}
}

func TestHistogram(t *testing.T) {
	e := open(t, search.Config{})
	if buckets, err := e.Histogram(t.Context(), search.Request{}, time.Time{}, time.Time{}, 5); err != nil ||
		buckets != nil {
		t.Errorf("without events: %v, %v", buckets, err)
	}
	evs := sample(1, 60)
	if err := e.Hot(t.Context(), evs); err != nil {
		t.Fatal(err)
	}
	from := evs[0].Time
	buckets, err := e.Histogram(t.Context(), search.Request{Query: parse(t, "severity:low")},
		from, from.Add(time.Minute), 6)
	if err != nil || len(buckets) != 6 {
		t.Fatalf("%d buckets, %v", len(buckets), err)
	}
	for i, b := range buckets {
		want := int64(0)
		for _, ev := range evs[i*10 : i*10+10] {
			if ev.Severity == 2 {
				want++
			}
		}
		if b.Events != want || b.BySeverity[2] != want || b.To.Sub(b.From) != 10*time.Second {
			t.Errorf("bucket %d: %+v, want %d events in 10 s", i, b, want)
		}
	}
}

// cursorOf is how a test marks the cursor: | or what its argument says.
func cursorOf(d *datadriven.TestData) string {
	if len(d.CmdArgs) > 0 {
		return d.CmdArgs[0].Key
	}
	return "|"
}

func TestComplete(t *testing.T) {
	e := open(t, search.Config{})
	if err := e.Hot(t.Context(), sample(1, 40)); err != nil {
		t.Fatal(err)
	}
	datadriven.RunTest(t, "testdata/complete.txt", func(t *testing.T, d *datadriven.TestData) string {
		var out strings.Builder
		for line := range strings.SplitSeq(d.Input, "\n") {
			before, after, _ := strings.Cut(line, cursorOf(d))
			c, err := e.Complete(t.Context(), before+after, len(before))
			if err != nil {
				d.Fatalf(t, "%s: %v", line, err)
			}
			fmt.Fprintf(&out, "%s: replace %q\n", line, (before + after)[c.From:c.To])
			for _, s := range c.Items[:min(4, len(c.Items))] {
				fmt.Fprintf(&out, "  %s %q %d\n", s.Kind, s.Text, s.Count)
			}
		}
		return out.String()
	})
}
