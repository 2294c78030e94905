package yamltree

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var bounds = Limits{Bytes: MaxFileBytes, Nodes: MaxNodes}

// TestPlainEqualsModule: every rule file that the plain reader takes, it reads
// as the YAML module does, to the line; and it takes almost all.
func TestPlainEqualsModule(t *testing.T) {
	const root = "../../../shared/data/sigma"
	if _, err := os.Stat(root); err != nil {
		t.Skipf("test data %s is absent", root)
	}
	taken, files := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yml") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		diff, took := compareReaders(src)
		if took {
			taken++
		}
		if diff != "" {
			t.Errorf("%s: module against plain reader:\n%s", path, diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d files", taken, files)
	if taken*10 < files*9 {
		t.Errorf("the plain reader takes %d of %d files only", taken, files)
	}
}

// compareReaders returns how the two readers differ where the plain one takes
// the file.
func compareReaders(src []byte) (diff string, taken bool) {
	got, taken := parsePlain(src, bounds)
	if !taken {
		return "", false
	}
	want, err := parseModule(src, bounds)
	if err != nil {
		return "the module refuses it: " + err.Error(), true
	}
	if reflect.DeepEqual(want, got) {
		return "", true
	}
	return cmp.Diff(want, got), true
}

// FuzzPlain: what the plain reader takes, the module reads alike.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{
		"title: a\ndetection:\n  s:\n    A|contains: 'x''y' # c\n    B:\n    - 1\n    - b: c\n" +
			"      d: |\n        e\n\n         f\n  condition: s\n---\na: null\n",
		"- a\n- b: c\n  d:\n  - e\n- 'f'\n",
		"a: |-\n  x\n  y\nb: 2024-01-02\nc: 12 # d\n'|all': true\n",
		"a:\n  b:\n c: d\n", "a: b\n  c\n", "a: 'b\n  c'\n", "a: b: c\n", "a: - b\n",
		"a: 1_0\nb: 0x1\nc: 1e3\n", "a: x#y\nb: x #y\nc: \"z\" #\n", "a:\n\n# c\n\n- b\n",
		"---\na: b\n---\n", "a: [b]\nc: {d: e}\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if diff, _ := compareReaders(src); diff != "" {
			t.Fatalf("module against plain reader:\n%s", diff)
		}
	})
}

// TestPlainOnRandomFiles: the same on files put together from lines that rules
// are made of, right or wrong.
func TestPlainOnRandomFiles(t *testing.T) {
	keys := []string{
		"a:", "b|c: ", "- ", "- d:", "'e|f': ", "x y:", "- - ", "-", "g : ", "_h: ", "1: ", "# i",
		"- 'j': ",
	}
	values := []string{
		"", " k", " 'l'", " 'm''n'", ` "o"`, ` "p\q"`, " |", " |-", " >", " 12", " 007", " -3",
		" null", " ~", " yes", " true", " 2024-01-02", " 0a", " 1e5", " 1_0", " 0x1F", " .5",
		" 12345678-1234-1234-1234-123456789abc", " r # s", " t#u", " v: w", " [x]", " {y: z}",
		" &a b", " *c", " !d e", " f:", " ¿é", " 10.0.0.0/8", " \\g", " 'h' i", " 'j", " C:\\k",
		" http://l", " m, n", " (o", " %p", " @q", " r\t", "  s", " 5 6", " 99999999999999999999",
		" --- t",
	}
	odd := []string{"", "  ", "---", "--- ", "---a", "...", "plain"}
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		var src strings.Builder
		indent, own := 0, 0
		for range rapid.IntRange(1, 8).Draw(rt, "lines") {
			if rapid.IntRange(0, 19).Draw(rt, "kind") == 0 {
				src.WriteString(rapid.SampledFrom(odd).Draw(rt, "odd") + "\n")
				continue
			}
			key := rapid.SampledFrom(keys).Draw(rt, "key")
			value := rapid.SampledFrom(values).Draw(rt, "value")
			own++ // keys of one map differ, mostly
			if own%8 > 0 {
				key = strings.Replace(key, ":", strings.Repeat("_", own)+":", 1)
			}
			if value == "" || rapid.IntRange(0, 9).Draw(rt, "jump") == 0 {
				indent = rapid.IntRange(0, 4).Draw(rt, "indent")
			}
			src.WriteString(strings.Repeat(" ", indent) + key + value + "\n")
			if value == "" || strings.HasPrefix(value, " |") {
				indent += rapid.IntRange(1, 2).Draw(rt, "deeper")
			}
		}
		text := src.String()
		if rapid.Bool().Draw(rt, "cut") {
			text = strings.TrimSuffix(text, "\n")
		}
		diff, took := compareReaders([]byte(text))
		if took {
			taken++
		}
		if diff != "" {
			rt.Fatalf("module against plain reader on %q:\n%s", text, diff)
		}
	})
	t.Logf("%d files taken", taken)
}
