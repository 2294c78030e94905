package exchange_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/evident-sec/evident/internal/exchange"
	"github.com/evident-sec/evident/register"
)

// TestImport runs testdata/*.txt: models written for this test by the formats'
// specifications; the output is what was taken, skipped, and the register.
func TestImport(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") {
			return
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			body, name := []byte(d.Input), "model."+d.Cmd
			if d.Cmd == "zip" {
				body = zipOf(t, d.Input)
			}
			got, err := exchange.Import(name, body)
			if err != nil {
				return err.Error() + "\n"
			}
			return describe(got)
		})
	})
}

// zipOf packs the parts between "== name ==" lines.
func zipOf(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, part := range strings.Split(text, "== ")[1:] {
		name, body, _ := strings.Cut(part, " ==\n")
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func describe(i *exchange.Imported) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", i.Format)
	var kinds []string
	for k := range i.Taken {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		fmt.Fprintf(&b, "took %d %s\n", i.Taken[k], k)
	}
	for _, s := range i.Skipped {
		fmt.Fprintf(&b, "skipped %s %s: %s\n", s.Kind, s.Name, s.Reason)
	}
	b.Write(i.Register.Encode())
	return b.String()
}

// TestThreagileDemo: every asset, link and boundary of Threagile's own demo is
// taken or named.
func TestThreagileDemo(t *testing.T) {
	path := "../../../shared/data/exposure/threagile/demo/example/threagile.yaml"
	body, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("test data %s is absent", path)
	}
	got, err := exchange.Import(filepath.Base(path), body)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]int{
		"technical asset": 14, "data asset": 12, "communication link": 20, "trust boundary": 5, "shared runtime": 1,
	} {
		if n := got.Total()[kind]; n != want {
			t.Errorf("%s: %d, want %d", kind, n, want)
		}
	}
	if len(got.Register.Flows) != 20 || len(got.Register.Systems) != 15 {
		t.Errorf("%d flows, %d systems", len(got.Register.Flows), len(got.Register.Systems))
	}
}

func FuzzImport(f *testing.F) {
	for _, s := range []string{
		`{"otmVersion":"0.2.0","components":[{"id":"a","name":"A"}],"dataflows":[{"source":"a","destination":"a"}]}`,
		`{"bomFormat":"CycloneDX","services":[{"name":"s","services":[{"name":"t"}]}]}`,
		`{"graph":{"nodes":[{"id":"1","kinds":["Group"]}],"edges":[{"kind":"AdminTo","start":{"value":"1"},"end":{"value":"2"}}]}}`,
		"technical_assets:\n  A:\n    id: a\n", `{"detail":{"diagrams":[{"cells":[{"shape":"process","id":"1"}]}]}}`,
		`{"meta":{"type":"groups"},"data":[{"ObjectIdentifier":"S","Members":[{"ObjectIdentifier":"S"}]}]}`,
		`{"system-security-plan":{"system-characteristics":{"system-name":"x"}}}`, `{"trust_zones":[{"id":1}],"data_sets":[{}]}`,
	} {
		f.Add([]byte(s), "m")
	}
	f.Add([]byte("kind,id\nsystems,a\n"), "m.csv")
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		got, err := exchange.Import(name, body)
		if err != nil {
			return
		}
		if _, problems := register.Parse("again", got.Register.Encode()); len(problems) > 0 {
			t.Fatalf("imported register has problems: %v", problems)
		}
	})
}
