package safeguard_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/safeguard"
	"github.com/evident-sec/evident/internal/yamltree"
)

// document is one rule of a corpus.
type document struct {
	file, title string
	node        *yamltree.Node
}

// corpus reads all rules below a folder.
func corpus(t *testing.T, dir string) []document {
	t.Helper()
	var out []document
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yml" {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		docs, err := yamltree.Parse(src)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for _, n := range docs {
			out = append(out, document{path, n.Str("title"), n})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBadRules wants every rule of testdata/bad refused for the attribute that
// its file is named after.
func TestBadRules(t *testing.T) {
	docs := corpus(t, "testdata/bad")
	if len(docs) < 160 {
		t.Fatalf("only %d bad rules", len(docs))
	}
	for _, d := range docs {
		found := safeguard.Rule(d.node)
		want := strings.TrimSuffix(filepath.Base(d.file), ".yml")
		ok := false
		for _, v := range found {
			name := strings.NewReplacer(" ", "-", ",", "").Replace(v.Attribute)
			ok = ok || name == want
			if v.Line < d.node.At() || v.Place == "" || v.Text == "" {
				t.Errorf("%s: %q: incomplete: line %d, %s", d.file, d.title, v.Line, v)
			}
		}
		if !ok {
			t.Errorf("%s: %q: not refused as %s: %v", d.file, d.title, want, found)
		}
	}
}

func TestGoodRules(t *testing.T) {
	docs := corpus(t, "testdata/good")
	if len(docs) < 160 {
		t.Fatalf("only %d good rules", len(docs))
	}
	for _, d := range docs {
		for _, v := range safeguard.Rule(d.node) {
			t.Errorf("%s:%d: %q refused: %s", d.file, v.Line, d.title, v)
		}
	}
}

// TestPublicRules wants no public detection rule refused.
func TestPublicRules(t *testing.T) {
	const dir = "../../../shared/data/sigma"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("needs the public Sigma rules in " + dir)
	}
	docs := corpus(t, dir)
	for _, d := range docs {
		for _, v := range safeguard.Rule(d.node) {
			t.Errorf("%s:%d: %q refused: %s", d.file, v.Line, d.title, v)
		}
	}
	if len(docs) < 3000 {
		t.Errorf("only %d rules found", len(docs))
	}
}

// TestTitleDoesNotDecide takes away what a rule says about itself: what it
// looks at must be enough. A few rules of the corpus hide that.
func TestTitleDoesNotDecide(t *testing.T) {
	const most = 5
	var missed []string
	for _, d := range corpus(t, "testdata/bad") {
		bare := &yamltree.Node{Kind: yamltree.Map, Line: d.node.Line}
		for _, e := range d.node.Entries {
			if e.Key != "title" && e.Key != "description" {
				bare.Entries = append(bare.Entries, e)
			}
		}
		if len(safeguard.Rule(bare)) == 0 {
			missed = append(missed, d.title)
		}
	}
	if len(missed) > most {
		t.Errorf("%d rules are refused for their title only: %q", len(missed), missed)
	}
}

func BenchmarkRule(b *testing.B) {
	src, err := os.ReadFile("testdata/good/daily-detections.yml")
	if err != nil {
		b.Fatal(err)
	}
	docs, err := yamltree.Parse(src)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, d := range docs {
			safeguard.Rule(d)
		}
	}
	b.ReportMetric(float64(b.N*len(docs))/b.Elapsed().Seconds(), "rules/s")
}

// TestHeldOut wants no worse than the first score on the rules that were
// written last: see testdata/README.md.
func TestHeldOut(t *testing.T) {
	const leastCaught, mostWrong = 49, 4
	caught, wrong := 0, 0
	for _, d := range corpus(t, "testdata/heldout") {
		refused := len(safeguard.Rule(d.node)) > 0
		switch bad := filepath.Base(d.file) == "bad.yml"; {
		case bad && refused:
			caught++
		case bad:
			t.Logf("not caught: %q", d.title)
		case refused:
			wrong++
			t.Logf("wrongly refused: %q", d.title)
		}
	}
	if caught < leastCaught || wrong > mostWrong {
		t.Errorf("caught %d of 52, want %d; refused %d of 50 good rules, at most %d",
			caught, leastCaught, wrong, mostWrong)
	}
}
