package search_test

import (
	"os"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/search"
)

// TestDocumentation holds docs/query-language.md against the parser: every
// query in a block of "query" parses, every field is named.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/query-language.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```query\n")
	if len(blocks) < 5 {
		t.Fatalf("the page has %d blocks of queries", len(blocks)-1)
	}
	for _, block := range blocks[1:] {
		queries, _, _ := strings.Cut(block, "```")
		for line := range strings.SplitSeq(strings.TrimSpace(queries), "\n") {
			query, _, _ := strings.Cut(line, "   ")
			if _, err := search.ParsePipeline(query, search.Options{}); err != nil {
				t.Errorf("%s: %v", query, err)
			}
		}
	}
	for _, f := range search.Fields() {
		if !strings.Contains(string(page), "`"+f.Name+"`") {
			t.Errorf("the page does not name %s (%s: %s)", f.Name, f.Type, f.Caption)
		}
	}
}

// TestSQLDocumentation asks every statement in a block of "sql" of docs/sql.md,
// and wants the columns that it says hold pseudonyms.
func TestSQLDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	e := open(t, search.Config{})
	if err := e.Hot(t.Context(), sample(1, 50)); err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```sql\n")
	if len(blocks) < 3 {
		t.Fatalf("the page has %d blocks of SQL", len(blocks)-1)
	}
	for _, block := range blocks[1:] {
		stmt, _, _ := strings.Cut(block, "```")
		if _, err := e.SQL(t.Context(), search.SQLRequest{Text: stmt}); err != nil {
			t.Errorf("%s: %v", stmt, err)
		}
	}
	for _, c := range search.ViewColumns() {
		if c.Masked != strings.Contains(string(page), "`"+c.Name+"`") {
			t.Errorf("%s: masked is %t, and the page says otherwise", c.Name, c.Masked)
		}
	}
}
