package register_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/register"
)

// TestRegister runs testdata/*.txt: "load" reads a file and prints its problems
// or its entities, "change" lays the part after "---8<---" over the part before.
func TestRegister(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") {
			return
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "load":
				r, problems := register.Parse("r.yaml", []byte(d.Input))
				return describe(r, problems)
			case "change":
				return change(t, d)
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	})
}

func describe(r *register.Register, problems []register.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p)
	}
	if len(problems) == 0 {
		for _, it := range r.Items() {
			fmt.Fprintf(&b, "%s\n", it.Canonical())
		}
	}
	return b.String()
}

func change(t *testing.T, d *datadriven.TestData) string {
	base, patch, ok := strings.Cut(d.Input, "---8<---\n")
	if !ok {
		d.Fatalf(t, "no ---8<---")
	}
	r, problems := register.Parse("base.yaml", []byte(base))
	if len(problems) > 0 {
		return describe(r, problems)
	}
	before := r.Hash()
	folder := fstest.MapFS{"patch.yaml": {Data: []byte(patch)}}
	next, c, problems, err := register.Apply(r, folder)
	if err != nil {
		return err.Error() + "\n"
	}
	if r.Hash() != before {
		t.Error("a change altered its base")
	}
	return fmt.Sprintf("added %v replaced %v removed %v\n", c.Added, c.Replaced, c.Removed) +
		describe(next, problems)
}

// TestPublished holds the files for editors and readers to the tags.
func TestPublished(t *testing.T) {
	for file, want := range map[string]string{
		"../docs/formats/register.schema.json": string(register.Schema()),
		"../docs/formats/register.md":          register.Reference(),
	} {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		const mark = "<!-- generated: go test ./register -run Published -rewrite -->\n"
		head, _, marked := strings.Cut(string(body), mark)
		if marked {
			want = head + mark + want
		}
		if string(body) == want {
			continue
		}
		if !rewrite() {
			t.Errorf("%s is not what the tags say; run go test ./register -run Published -rewrite", file)
		} else if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// rewrite is datadriven's flag.
func rewrite() bool {
	for _, a := range os.Args {
		if strings.TrimLeft(a, "-") == "rewrite" {
			return true
		}
	}
	return false
}

// TestHashIsOfTheContent: neither the order of entities, nor their spread over
// files, nor comments change the hash; a value does.
func TestHashIsOfTheContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "systems")
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf("systems:\n  - id: s%d\n    criticality: %d\n", i,
				rapid.IntRange(1, 4).Draw(t, "criticality")))
		}
		load := func(order []string, files int) *register.Register {
			folder := fstest.MapFS{}
			for i, p := range order {
				name := fmt.Sprintf("f%d.yaml", i%files)
				if folder[name] == nil {
					folder[name] = &fstest.MapFile{}
				}
				folder[name].Data = append(folder[name].Data, "---\n# comment\n"+p...)
			}
			r, problems, err := register.Load(folder)
			if err != nil || len(problems) > 0 {
				t.Fatal(err, problems)
			}
			return r
		}
		a := load(parts, 1).Hash()
		b := load(rapid.Permutation(parts).Draw(t, "order"), rapid.IntRange(1, 3).Draw(t, "files")).Hash()
		if a != b {
			t.Fatal("order or files changed the hash")
		}
		changed := append([]string(nil), parts...)
		changed[0] = "systems:\n  - id: s0\n    note: changed\n"
		if load(changed, 1).Hash() == a {
			t.Fatal("a changed value left the hash as it was")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("systems:\n  - id: a\n    zone: z\nzones:\n  - id: z\n"))
	f.Add([]byte("holdings:\n  - {id: h, system: a, categories: [dna]}\n"))
	f.Add([]byte("vendors: [{id: v, owners: [{party: x, share: 50}]}]\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		r, problems := register.Parse("f.yaml", src)
		if len(problems) == 0 {
			r.Hash()
		}
	})
}
