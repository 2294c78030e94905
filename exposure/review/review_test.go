package review_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/exposure/review"
	"github.com/evident-sec/evident/register"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// input reads a base and a change, parted by ---8<---.
func input(t testing.TB, text string) review.Input {
	t.Helper()
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		t.Fatal(err)
	}
	base, patch, _ := strings.Cut(text, "---8<---\n")
	b, problems := register.Parse("base.yaml", []byte(base))
	if len(problems) > 0 {
		t.Fatalf("base: %v", problems)
	}
	next, change, problems, err := register.Apply(b, fstest.MapFS{"change.yaml": {Data: []byte(patch)}})
	if err != nil || len(problems) > 0 {
		t.Fatalf("change: %v %v", err, problems)
	}
	return review.Input{Base: b, Next: next, Change: change, Pack: pack, Day: today}
}

// TestReviews runs testdata/*.txt.
func TestReviews(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") {
			return
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return describe(review.Run(input(t, d.Input)))
		})
	})
}

func describe(r *review.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Result, r.Sentence)
	for _, s := range r.Reasons {
		fmt.Fprintf(&b, "  because %s\n", s)
	}
	for _, p := range append(r.NewPaths, r.CheaperPaths...) {
		fmt.Fprintf(&b, "  %s to %s: %q now %s:", p.Foothold, p.Holding, p.Before, p.After)
		for _, s := range p.Steps {
			fmt.Fprintf(&b, " %s %s", s.Rule, s.To)
		}
		b.WriteByte('\n')
	}
	if r.Blast.Records > 0 {
		fmt.Fprintf(&b, "  blast %d records, for life %v\n", r.Blast.Records, r.Blast.ForLife)
	}
	for _, f := range r.Flags {
		fmt.Fprintf(&b, "  flag %s %s %s\n", f.Severity, f.Check, f.Entity)
	}
	for _, k := range r.Knowers {
		fmt.Fprintf(&b, "  %s learns %s of %s\n", k.Party, k.Kind, k.About)
	}
	for _, c := range r.Conditions {
		fmt.Fprintf(&b, "  condition %s:%d %s (%s)\n", c.File, c.Line, c.Text, c.Why)
	}
	for _, a := range r.Alternatives {
		fmt.Fprintf(&b, "  alternative %s: %d worse\n", a.Text, a.Worse)
	}
	if n := r.WithConditions.WorsePairs; n > 0 {
		fmt.Fprintf(&b, "  still worse: %d\n", n)
	}
	return b.String()
}

// proposal draws a base and a change that only adds accesses and systems.
func proposal(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("roles: [{id: r0, foothold: likely}, {id: r1, foothold: possible}]\nsystems:\n")
	for i := range 4 {
		fmt.Fprintf(&b, "  - {id: s%d}\n", i)
	}
	b.WriteString("holdings:\n")
	for i := range 2 {
		fmt.Fprintf(&b, "  - {id: h%d, system: s%d, categories: [operations], records: 10}\n", i, i)
	}
	access := func(prefix string, n int) {
		b.WriteString("access:\n")
		for i := range n {
			who := rapid.SampledFrom([]string{"r0", "r1", "s0", "s1", "s2", "s3"}).Draw(t, "who")
			fmt.Fprintf(&b, "  - {id: %s%d, who: %s, on: s%d, verbs: %s, auth: %s}\n", prefix, i, who,
				rapid.IntRange(0, 3).Draw(t, "on"),
				rapid.SampledFrom([]string{"administer", "read"}).Draw(t, "verb"),
				rapid.SampledFrom([]string{"password", "mfa", "phishing-resistant"}).Draw(t, "auth"))
		}
	}
	access("old", rapid.IntRange(1, 4).Draw(t, "old"))
	b.WriteString("---8<---\nproposals: [{id: p, kind: integration}]\n")
	access("new", rapid.IntRange(1, 4).Draw(t, "new"))
	return b.String()
}

// worse counts the pairs that a change makes easier by a band, from scratch.
func worse(base, next *register.Register) int {
	b, n := exposure.Derive(base, today), exposure.Derive(next, today)
	before := b.Costs(b.Weights(), b.HoldingIDs())
	count := 0
	for p, after := range n.Costs(n.Weights(), n.HoldingIDs()) {
		old, connected := before[p]
		if !connected || after < old-1e-9 && exposure.BandOf(after) != exposure.BandOf(old) {
			count++
		}
	}
	return count
}

// TestConditionsSufficeAndAreLeast: with the elements of the conditions left out
// nothing is worse, and no smaller set of proposed accesses does that.
func TestConditionsSufficeAndAreLeast(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := proposal(rt)
		in := input(t, text)
		report := review.Run(in)
		base, patch, _ := strings.Cut(text, "---8<---\n")
		lines := strings.SplitAfter(patch, "\n")
		without := func(drop func(id string) bool) int {
			var kept strings.Builder
			for _, l := range lines {
				id, _, _ := strings.Cut(strings.TrimPrefix(l, "  - {id: "), ",")
				if !strings.HasPrefix(id, "new") || !drop(id) {
					kept.WriteString(l)
				}
			}
			return worse(in.Base, input(t, base+"---8<---\n"+kept.String()).Next)
		}
		chosen := map[string]bool{}
		for _, c := range report.Conditions {
			if !strings.HasPrefix(c.Text, "Settle") {
				chosen[c.Entity] = true
			}
		}
		if n := without(func(id string) bool { return chosen[id] }); n != 0 || report.WithConditions.WorsePairs != 0 {
			rt.Fatalf("with %v left out %d pairs are worse\n%s", chosen, n, text)
		}
		if n := worse(in.Base, review.Meet(in, report.Conditions)); n != 0 {
			rt.Fatalf("with the conditions met %d pairs are worse: %+v\n%s", n, report.Conditions, text)
		}
		least := len(in.Change.Added)
		for set := range 1 << 4 {
			size := 0
			for i := range 4 {
				size += set >> i & 1
			}
			drop := func(id string) bool { return set>>(id[3]-'0')&1 == 1 }
			if size < least && without(drop) == 0 {
				least = size
			}
		}
		if len(chosen) > least {
			rt.Fatalf("conditions take out %v, %d suffice\n%s", chosen, least, text)
		}
	})
}

// TestSameReport: the same input gives the same bytes.
func TestSameReport(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := proposal(rt)
		first, err := json.Marshal(review.Run(input(t, text)))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			again, _ := json.Marshal(review.Run(input(t, text)))
			if !bytes.Equal(first, again) {
				rt.Fatalf("two reports differ:\n%s\n%s", first, again)
			}
		}
	})
}
