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
			parse(t, query)
		}
	}
	for _, f := range search.Fields() {
		if !strings.Contains(string(page), "`"+f.Name+"`") {
			t.Errorf("the page does not name %s (%s: %s)", f.Name, f.Type, f.Caption)
		}
	}
}
