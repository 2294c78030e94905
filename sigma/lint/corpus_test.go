package lint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
	"github.com/evident-sec/evident/sigma/lint"
)

const publicRules = "../../../shared/data/sigma"

// mapping is read once for all tests.
var mapping = sync.OnceValues(func() (*sigma.Logsources, error) {
	src, err := mappings.FS.ReadFile("sigma-logsources.yaml")
	if err != nil {
		return nil, err
	}
	return sigma.ParseLogsources(src)
})

// sources is the mapping that the product uses.
func sources(t testing.TB) *sigma.Logsources {
	t.Helper()
	l, err := mapping()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestPublicRules runs all checks over the public rules. They are in use, so
// that what many of them do cannot be an error or a warning.
func TestPublicRules(t *testing.T) {
	if _, err := os.Stat(publicRules); err != nil {
		t.Skip("needs the public Sigma rules in " + publicRules)
	}
	linter := lint.New(sources(t))
	files, counts := 0, map[string]int{}
	examples := map[string]string{}
	tally := func(issues []lint.Issue) {
		in := map[string]bool{}
		for _, i := range issues {
			if !in[i.ID] {
				counts[i.ID]++
				examples[i.ID] = i.String()
			}
			in[i.ID] = true
		}
	}
	err := filepath.WalkDir(publicRules, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yml" || filepath.Base(path) == "thor.yml" {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		tally(linter.File(path, src))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tally(linter.Finish())
	for _, c := range lint.Checks() {
		n := counts[c.ID]
		if n > 0 {
			t.Logf("%-8s %-30s %5d  %s", c.Severity, c.ID, n, examples[c.ID])
		}
		if n*100 > files*30 && c.Severity < lint.Info {
			t.Errorf("%s %s fires on %d of %d public rules", c.Severity, c.ID, n, files)
		}
	}
	if files < 3000 {
		t.Errorf("only %d rules found", files)
	}
}
