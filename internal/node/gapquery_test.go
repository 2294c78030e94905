package node

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/evident-sec/evident/internal/search"
)

var gapLine = regexp.MustCompile(`(?m)^(?:  gap ([a-z-]+): .* \[(.*)\]|\? ([a-z-]+): .*\n  (.*))$`)

// TestGapQueriesParse reads every gap of the golden files of the engine and of the
// recordings: each carries a search that can be run as it stands.
func TestGapQueriesParse(t *testing.T) {
	kinds := map[string]int{}
	for _, dir := range []string{"../causal/testdata", "../score/testdata/golden"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no golden files in %s: %v", dir, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range gapLine.FindAllStringSubmatch(string(text), -1) {
				kind, query := m[1]+m[3], m[2]+m[4]
				kinds[kind]++
				if query == "" {
					t.Errorf("%s: a gap %s has no search", f, kind)
				}
				if _, err := search.Parse(query); err != nil {
					t.Errorf("%s: gap %s: %q: %v", f, kind, query, err)
				}
			}
		}
	}
	if len(kinds) < 8 {
		t.Errorf("only %d kinds of gaps in the golden files: %v", len(kinds), kinds)
	}
}
