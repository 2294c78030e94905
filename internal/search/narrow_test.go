package search

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// spelled makes one event for each user name, in one file.
func spelled(entry uint64, users ...string) []event.Event {
	evs := make([]event.Event, len(users))
	for i, user := range users {
		evs[i] = event.Event{
			ID:   event.ID{Entry: entry, Leaf: uint32(i)},
			Time: time.Date(2026, 3, int(entry), 0, 0, i, 0, time.UTC), Raw: []byte("x"),
		}
		evs[i].Received = evs[i].Time
		if user != "" {
			evs[i].Attrs.Set(event.AttrActorUser, user)
			evs[i].Attrs.Set(event.AttrProcessUID, "P-"+user)
		}
	}
	return evs
}

// TestNarrowReadsFilesThatMayMatch asks for identifiers in another case than
// they are stored in and compares which files are read with which have to be.
func TestNarrowReadsFilesThatMayMatch(t *testing.T) {
	lake := newTestLake(t)
	files := [][]event.Event{
		spelled(1, "Anna", "bob"),
		spelled(2, "ANNA", "anna", ""),
		spelled(3, "Straße", "ΣΊΣΥΦΟΣ", "\u212aelvin"),
		spelled(4, "", ""),
	}
	for i, evs := range files {
		if err := lake.seal(uint64(i+1), evs); err != nil {
			t.Fatal(err)
		}
	}
	e := openTest(t, lake)
	for _, c := range []struct {
		query string
		hits  int
		read  string // entries, which are files
	}{
		{"actor.user.name:aNNa", 3, "[1 2]"},
		{"actor.user.name:anna actor.user.name:*", 3, "[1 2]"},
		{"actor.user.name:bob", 1, "[1]"},
		{"actor.user.name:nobody", 0, "[]"},
		{`actor.user.name:"STRASSE"`, 0, "[]"},
		{`actor.user.name:"sTRAßE"`, 1, "[3]"},
		{`actor.user.name:"σίσυφοσ"`, 1, "[3]"},
		{"actor.user.name:kelvin", 1, "[3]"},
		{"actor.user.name:anna OR process.uid:p-bob", 4, "[1 2]"},
		{"actor.user.name:bob process.uid:p-anna", 0, "[1]"},
		{"actor.user.name:straße process.uid:p-anna", 0, "[]"},
		{"actor.user.name:anna OR time:>2026-03-03", 5, "[1 2 3 4]"},
		{"NOT actor.user.name:anna", 7, "[1 2 3 4]"},
		{"actor.user.name:ann*", 3, "[1 2 3 4]"},
	} {
		q, err := Parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 { // a filter is made when its column is asked for again
			res, err := e.Search(t.Context(), Request{Query: q})
			if err != nil || len(res.Rows) != c.hits || res.Total != int64(c.hits) {
				t.Errorf("%s: %d rows, total %d, %v; want %d", c.query, len(res.Rows), res.Total, err, c.hits)
			}
		}
		if got := filesRead(t, e, q); got != c.read {
			t.Errorf("%s reads the files of entries %s, want %s", c.query, got, c.read)
		}
	}
}

// filesRead returns the first days of the files that a query would read.
func filesRead(t *testing.T, e *Engine, q *Query) string {
	v, ctx, err := e.view(t.Context(), time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	parts, err := v.relevant(ctx, &Request{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	days := []int{}
	for _, p := range parts {
		days = append(days, p.files[0].From.Day())
	}
	slices.Sort(days)
	return fmt.Sprint(days)
}

// TestPicksFromManyFiles: rows come from more files than one statement reads.
func TestPicksFromManyFiles(t *testing.T) {
	lake := newTestLake(t)
	var want []string
	for i := range uint64(2*maxPicked + 1) {
		evs := spelled(i+1, "anna", "bob")
		if err := lake.seal(i+1, evs); err != nil {
			t.Fatal(err)
		}
		want = append(want, evs[0].ID.String())
	}
	e := openTest(t, lake)
	hot := spelled(2*maxPicked+2, "Anna")
	if err := e.Hot(t.Context(), hot); err != nil {
		t.Fatal(err)
	}
	want = append(want, hot[0].ID.String())
	q, err := Parse("actor.user.name:anna")
	if err != nil {
		t.Fatal(err)
	}
	res, err := e.Search(t.Context(), Request{Query: q, Oldest: true, Raw: true, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range res.Rows {
		got = append(got, row.ID.String())
		if row.Attrs.Get(event.AttrActorUser) == "" || string(row.Raw) != "x" {
			t.Errorf("row %s is not whole: %+v", row.ID, row)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	pl, err := ParsePipeline("actor.user.name:anna | table actor.user.name | head 1000", Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := e.Table(t.Context(), TableRequest{Pipeline: pl, Limit: 1000}, nil)
	if err != nil || len(table.Rows) != len(want) {
		t.Errorf("table has %d rows, %v; want %d", len(table.Rows), err, len(want))
	}
}
