package records_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/search/plain"
	"github.com/evident-sec/evident/internal/search/records"
)

// fixed is a Reader of one file with one part.
type fixed [][]byte

func (fixed) Fetch(context.Context, []string, []event.ID, func(event.ID, []byte)) error { return nil }

func (fixed) Parts(string) (int, error) { return 1, nil }

func (f fixed) Part(string, int) (entry []int64, leaf []int32, raw [][]byte, err error) {
	for i := range f {
		entry, leaf = append(entry, 7), append(leaf, int32(i))
	}
	return entry, leaf, f, nil
}

// TestTextOfAnyBytes: SQL sees the same text in original bytes as Go, whether they
// are UTF-8, UTF-16 between other bytes, or none.
func TestTextOfAnyBytes(t *testing.T) {
	file := fixed{
		[]byte("plain, \\ ' \" and \\x41"), []byte("**\x00\x00S\x00-\x001\x00\xff\xfe\x80"), []byte("ä\x00ö"),
		{},
		{0},
		{0xff},
		[]byte("\xffquote ' \" \\"), []byte("last"),
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	table, err := records.Register(t.Context(), db, file)
	if err != nil {
		t.Fatal(err)
	}
	s := table.Session(t.Context())
	defer s.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT leaf, "+plain.RawSQL+" FROM "+s.Source([]string{"a"}))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var leaf int
		var text sql.NullString
		if err := rows.Scan(&leaf, &text); err != nil {
			t.Fatal(err)
		}
		if want := plain.Raw(file[leaf]); !text.Valid || text.String != want {
			t.Errorf("%q reads as %q (%v), want %q", file[leaf], text.String, text.Valid, want)
		}
		seen++
	}
	if err := rows.Err(); err != nil || seen != len(file) {
		t.Errorf("%d of %d rows, %v", seen, len(file), err)
	}
}

// TestNoTicketNoRecords: a number that no session gave names nothing, nor does one
// whose session is over.
func TestNoTicketNoRecords(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	table, err := records.Register(t.Context(), db, fixed{[]byte("secret")})
	if err != nil {
		t.Fatal(err)
	}
	s := table.Session(t.Context())
	source := s.Source([]string{"a"})
	s.Close()
	for _, from := range []string{source, "evident_records(99)", "evident_records(-1)"} {
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+from).Scan(&n); err == nil {
			t.Errorf("%s gives %d records", from, n)
		}
	}
}
