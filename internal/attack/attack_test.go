package attack_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/internal/attack"
)

// TestCoverage runs testdata/coverage.txt: "catalog" reads a STIX bundle, "rules"
// lists rules, one a line, as TITLE | LOGSOURCE | FEED | TECHNIQUES, and prints
// the coverage; "layer" prints the Navigator layer of the rules last given.
func TestCoverage(t *testing.T) {
	var names *attack.Catalog
	var last *attack.Coverage
	datadriven.RunTest(t, "testdata/coverage.txt", func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "catalog":
			c, err := attack.ReadCatalog(strings.NewReader(d.Input))
			if err != nil {
				return err.Error() + "\n"
			}
			names = c
			return fmt.Sprintf("%d techniques, version %q, %s\n", c.Len(), c.Version, c.Domain)
		case "rules":
			last = attack.NewCoverage(readRules(t, d.Input), names)
			return indent(t, last)
		case "layer":
			return indent(t, last.Layer("Rules"))
		}
		d.Fatalf(t, "unknown command %s", d.Cmd)
		return ""
	})
}

func readRules(t *testing.T, text string) []attack.Rule {
	t.Helper()
	var out []attack.Rule
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSpace(line), "|")
		if len(parts) != 4 {
			t.Fatalf("rule %q has %d parts", line, len(parts))
		}
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		out = append(out, attack.Rule{
			Title: parts[0], Logsource: parts[1], Feed: attack.Feed(parts[2]),
			Needs: []string{"events of " + parts[1]}, Techniques: strings.Fields(parts[3]),
		})
	}
	return out
}

func indent(t *testing.T, v any) string {
	t.Helper()
	body, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(body) + "\n"
}

// TestPublishedCatalog reads ATT&CK as MITRE publishes it, in both STIX
// versions.
func TestPublishedCatalog(t *testing.T) {
	for name, want := range map[string]struct {
		domain, id, title string
		least             int
	}{
		"enterprise-attack-18.1-stix20.json.gz": {"enterprise-attack", "T1003.001", "LSASS Memory", 600},
		"mobile-attack-17.1-stix21.json.gz":     {"mobile-attack", "T1406", "Obfuscated Files or Information", 100},
	} {
		path := filepath.Join("../../../shared/data/attack", name)
		f, err := os.Open(path)
		if err != nil {
			t.Skipf("test data %s is absent", path)
		}
		c, err := attack.ReadCatalog(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		info, ok := c.Technique(want.id)
		if !ok || info.Name != want.title || len(info.Tactics) == 0 || c.Domain != want.domain ||
			c.Len() < want.least {
			t.Errorf("%s: %s is %+v, %d techniques of %q", name, want.id, info, c.Len(), c.Domain)
		}
	}
}

// TestBrokenCatalogs: what is no bundle is refused in one line.
func TestBrokenCatalogs(t *testing.T) {
	var packed strings.Builder
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, `{"objects":[`)
	z.Close()
	for _, text := range []string{
		"", "[]", "{}", `{"objects":{}}`, `{"objects":[1]}`, `{"objects":[{"type":`, "\x1f\x8b", packed.String(),
	} {
		_, err := attack.ReadCatalog(strings.NewReader(text))
		if err == nil || !strings.HasPrefix(err.Error(), "read ATT&CK catalog: ") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
