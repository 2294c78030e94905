package search

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// people makes n events in which alice and bob act, with their names in every
// attribute that identifies a person and in paths of their home folders.
func people(entry uint64, n int) []event.Event {
	evs := benchEvents(entry, n)
	for i := range evs {
		name := []string{"Alice.Smith", "bob.jones"}[i%2]
		for a := range event.NumAttrs {
			switch {
			case a.Info().Person:
				evs[i].Attrs.Set(a, name)
			case mentions(a):
				evs[i].Attrs.Set(a, `C:\Users\`+name+`\x.exe /home/`+name+`/y "c:\users\`+name+`"`)
			}
		}
	}
	return evs
}

func ask(t *testing.T, e *Engine, text string) *Table {
	t.Helper()
	out, err := e.SQL(t.Context(), SQLRequest{Text: text})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

// TestSQL asks over hot and sealed events.
func TestSQL(t *testing.T) {
	lake := newTestLake(t)
	e := openTest(t, lake)
	if err := lake.seal(2, people(1, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := e.Hot(t.Context(), people(3, 500)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"SELECT count(*) FROM events", "[[1500]]"},
		{"select count(*) AS n from events;", "[[1500]]"},
		{"FROM events SELECT max(metadata_uid) WHERE class_uid = 1007 -- note", "[[3-99]]"},
		{"SELECT actor_user_name = user_name, count(*) FROM events GROUP BY ALL", "[[true 1500]]"},
		{"SELECT count(DISTINCT actor_user_name) FROM events", "[[2]]"},
		{"WITH a AS (SELECT severity_id s, count(*) n FROM events GROUP BY s) " +
			"SELECT s, n FROM a WHERE s < 3 ORDER BY s DESC", "[[2 375] [1 375]]"},
		{"SELECT metadata_uid FROM events ORDER BY time DESC LIMIT 3", "[[3-499] [3-498] [3-497]]"},
		{"SELECT min(time), typeof(min(time)) FROM events", "[[2026-03-01 00:00:00 +0000 UTC TIMESTAMP WITH TIME ZONE]]"},
		{"SELECT sum(n) OVER (ORDER BY n) FROM (VALUES (1), (2)) v(n) ORDER BY 1", "[[1] [3]]"},
		{"SELECT count(*) FROM events WHERE process_cmd_line ILIKE '%alice%' OR actor_user_name ILIKE 'alice%'", "[[0]]"},
		{"SELECT class_name, activity_name FROM events LIMIT 1", "[[Process Activity Launch]]"},
		{"SELECT list(x) FROM range(3) r(x)", "[[[0 1 2]]]"},
		{"SELECT 1.5::DECIMAL(4,2), 'x', NULL, date_trunc('hour', time) FROM events LIMIT 1", "[[1.5 x <nil> 2026-03-01 00:00:00 +0000 UTC]]"},
	} {
		if got := fmt.Sprint(ask(t, e, c.text).Rows); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
	rule, err := Parse("metadata.uid:3-*")
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.SQL(t.Context(), SQLRequest{
		Text: "SELECT count(*) FROM events", Rows: rule, From: benchEvents(3, 500)[250].Time,
	})
	if err != nil || fmt.Sprint(out.Rows) != "[[250]]" {
		t.Errorf("with a rule for rows and a time: %v, %v", out, err)
	}
	if out, err = e.SQL(t.Context(), SQLRequest{Text: "SELECT time FROM events ORDER BY time", Limit: 7}); err != nil ||
		len(out.Rows) != 7 || !out.More {
		t.Errorf("with a limit: %v, %v", out, err)
	}
	if !slices.IsSortedFunc(out.Rows, func(a, b []any) int {
		return a[0].(time.Time).Compare(b[0].(time.Time))
	}) {
		t.Errorf("the order is lost: %v", out.Rows)
	}
}

// TestSQLShowsNobody reads every column of every event.
func TestSQLShowsNobody(t *testing.T) {
	e := openTest(t, nil)
	if err := e.Hot(t.Context(), people(1, 20)); err != nil {
		t.Fatal(err)
	}
	out := ask(t, e, "SELECT * FROM events")
	if len(out.Rows) != 20 || len(out.Columns) != len(ViewColumns()) {
		t.Errorf("%d rows of %d columns, want 20 of %d", len(out.Rows), len(out.Columns), len(ViewColumns()))
	}
	for i, c := range out.Columns {
		for _, row := range out.Rows {
			text := strings.ToLower(fmt.Sprint(row[i]))
			if strings.Contains(text, "smith") || strings.Contains(text, "jones") {
				t.Fatalf("%s shows %s", c.Name, text)
			}
		}
	}
	names := map[string]bool{}
	for _, c := range out.Columns {
		if names[c.Name] {
			t.Errorf("two columns are called %s", c.Name)
		}
		names[c.Name] = true
	}
	for _, c := range ViewColumns() {
		if !names[c.Name] {
			t.Errorf("no column is called %s", c.Name)
		}
	}
}

// TestHostileSQL tries to write, to read files, settings and other tables, to
// get at the secret, to run two statements, and to get around the parser. Each
// statement has to be refused, and nothing may have changed.
func TestHostileSQL(t *testing.T) {
	lake := newTestLake(t)
	e := openTest(t, lake)
	if err := lake.seal(2, people(1, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := e.Hot(t.Context(), people(3, 10)); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/hostile.sql")
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("OUTSIDE", secret, "ORIGINALS", lake.snap.Files[0].Originals,
		"COLUMNS_FILE", lake.snap.Files[0].Path, "LAKE", lake.dir)
	tried := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		tried++
		stmt := strings.ReplaceAll(fill.Replace(line), `\n`, "\n")
		out, err := e.SQL(t.Context(), SQLRequest{Text: stmt})
		if !errors.Is(err, ErrSQL) {
			t.Errorf("%s: %v, %v", stmt, out, err)
		} else if strings.Contains(err.Error(), e.secret) {
			t.Errorf("%s: the error tells the secret", stmt)
		}
	}
	if tried < 60 {
		t.Errorf("only %d statements were tried", tried)
	}
	if got := fmt.Sprint(ask(t, e, "SELECT count(*) FROM events").Rows); got != "[[1010]]" {
		t.Errorf("afterwards there are %s events", got)
	}
}

func FuzzSQL(f *testing.F) {
	text, err := os.ReadFile("testdata/hostile.sql")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		f.Add(line)
	}
	f.Add("WITH a AS (SELECT 1 x) SELECT x, count(*) OVER () FROM a JOIN events ON true")
	e := openTest(f, nil)
	f.Fuzz(func(t *testing.T, stmt string) {
		tx, err := e.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		canonical, err := checkSQL(t.Context(), tx, stmt)
		if err != nil {
			return
		}
		// What was let through is let through again: it names nothing else.
		if _, err := checkSQL(t.Context(), tx, canonical); err != nil {
			t.Errorf("%q became %q, which is refused: %v", stmt, canonical, err)
		}
	})
}
