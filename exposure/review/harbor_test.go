package review_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/exposure/review"
	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/register"
)

const harbor = "../../examples/harbor"

var golden = flag.Bool("golden", false, "write the golden reports of examples/harbor anew")

func loadHarbor(t testing.TB) *register.Register {
	t.Helper()
	r, problems, err := register.Load(os.DirFS(filepath.Join(harbor, "register")))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return r
}

// TestHarborDefects: the checks find exactly the defects of the answer key, and
// none of the decoys.
func TestHarborDefects(t *testing.T) {
	src, err := os.ReadFile(filepath.Join(harbor, "answer-key.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	docs, err := yamltree.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, n := range docs[0].Get("defects").Items {
		want[n.Str("check")+" "+n.Str("entity")] = false
	}
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		t.Fatal(err)
	}
	r := loadHarbor(t)
	decoys := docs[0].Get("decoys").Items
	for _, f := range checks.Run(pack, r, exposure.Derive(r, today), today) {
		if f.State != checks.Open {
			continue
		}
		key := f.Check.ID + " " + f.Entity
		if _, seeded := want[key]; !seeded {
			t.Errorf("%s:%d: not in the answer key: %s: %s", f.Place.File, f.Place.Line, key, f.Text)
		}
		want[key] = true
		for _, d := range decoys {
			if slices.Contains(d.Strs("entities"), f.Entity) {
				t.Errorf("decoy %s is reported: %s", f.Entity, f.Text)
			}
		}
	}
	for key, found := range want {
		if !found {
			t.Errorf("not found: %s", key)
		}
	}
	if len(want) != 12 || len(decoys) != 6 {
		t.Errorf("answer key has %d defects and %d decoys, want 12 and 6", len(want), len(decoys))
	}
}

// TestHarborProposals holds the reviews of the three proposals to their golden
// reports.
func TestHarborProposals(t *testing.T) {
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob(filepath.Join(harbor, "proposals", "*"))
	if err != nil || len(folders) != 3 {
		t.Fatalf("%d proposals, %v", len(folders), err)
	}
	for _, dir := range folders {
		base := loadHarbor(t)
		next, change, problems, err := register.Apply(base, os.DirFS(dir))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		r := review.Run(review.Input{Base: base, Next: next, Change: change, Pack: pack, Day: today})
		var md, js bytes.Buffer
		if err := r.WriteMarkdown(&md); err != nil {
			t.Fatal(err)
		}
		enc := json.NewEncoder(&js)
		enc.SetIndent("", " ")
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(harbor, "reviews", filepath.Base(dir))
		compare(t, name+".md", md.Bytes())
		compare(t, name+".json", js.Bytes())
	}
}

func compare(t *testing.T, name string, got []byte) {
	t.Helper()
	if *golden {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s is not what the review says today; look at the difference, then run with -golden", name)
	}
}

// TestHarborControls: with six controls or fewer the exposure falls by at least
// 60 per cent.
func TestHarborControls(t *testing.T) {
	r := loadHarbor(t)
	m := exposure.Derive(r, today)
	best := 1.0
	for budget := 4; budget <= 20; budget += 2 {
		c := exposure.Choose(r, m, budget)
		t.Logf("budget %d: %s leaves %.2f of %.2f", budget, strings.Join(c.Controls, " "), c.After, c.Before)
		if len(c.Controls) <= 6 {
			best = min(best, c.After/c.Before)
		}
	}
	if best > .4 {
		t.Errorf("six controls leave %.0f%% of the exposure", 100*best)
	}
}
