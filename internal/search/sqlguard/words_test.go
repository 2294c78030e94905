package sqlguard

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDocumentation holds the list of functions in docs/sql.md against the list
// that is enforced.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(page), "```text\n")
	block, _, closed := strings.Cut(block, "```")
	if !ok || !closed {
		t.Fatal("the page has no list of functions")
	}
	named := strings.Fields(block)
	for _, f := range functions {
		if f[0] >= 'a' && f[0] <= 'z' && !slices.Contains(named, f) {
			t.Errorf("the page does not name %s", f)
		}
	}
	for _, f := range named {
		if !slices.Contains(functions, f) {
			t.Errorf("the page names %s, which is refused", f)
		}
	}
}
