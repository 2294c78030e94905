package review_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/exposure/review"
	"github.com/evident-sec/evident/register"
)

// organisation writes a register of about 10,000 entities and 100,000 edges.
func organisation(r *rand.Rand) string {
	const systems, accesses, each = 5000, 4700, 20
	var b strings.Builder
	b.WriteString("zones:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  - {id: z%d, level: %d, allowed_from: [z%d]}\n", i, i%5, (i+1)%50)
	}
	b.WriteString("systems:\n")
	for i := range systems {
		fmt.Fprintf(&b, "  - {id: s%d, zone: z%d, criticality: %d}\n", i, r.IntN(50), 1+i%4)
	}
	b.WriteString("roles:\n")
	for i := range 200 {
		fmt.Fprintf(&b, "  - {id: r%d, headcount: 3, foothold: unlikely}\n", i)
	}
	b.WriteString("holdings:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  - {id: h%d, system: s%d, categories: [identity, face], records: %d}\n", i,
			r.IntN(systems), 1+r.IntN(1_000_000))
	}
	b.WriteString("access:\n")
	for i := range accesses {
		who := fmt.Sprintf("s%d", r.IntN(systems))
		if i%10 == 0 {
			who = fmt.Sprintf("r%d", r.IntN(200))
		}
		b.WriteString(grant(r, "a", i, who, systems, each))
	}
	return b.String()
}

func grant(r *rand.Rand, kind string, i int, who string, systems, each int) string {
	on := make([]string, each)
	for k := range on {
		on[k] = fmt.Sprintf("s%d", r.IntN(systems))
	}
	return fmt.Sprintf("  - {id: %s%d, who: %s, on: [%s], verbs: administer, auth: mfa}\n",
		kind, i, who, strings.Join(on, ", "))
}

// change adds a vendor's system and 48 accesses of it: 50 records.
func change(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("vendors:\n  - {id: newcomer, country: US, foothold: unlikely}\n")
	b.WriteString("systems:\n  - {id: n0, zone: z1, operator: newcomer, criticality: 3}\naccess:\n")
	for i := range 48 {
		who := "n0"
		if i%2 == 0 {
			who = fmt.Sprintf("s%d", r.IntN(5000))
		}
		b.WriteString(grant(r, "n", i+1, who, 5000, 2))
	}
	return b.String()
}

// BenchmarkReviewLarge reviews 50 changed records of 10,000 entities and
// 100,000 edges: reading the change, both models, all parts of the report.
func BenchmarkReviewLarge(b *testing.B) {
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		b.Fatal(err)
	}
	base, problems := register.Parse("base.yaml", []byte(organisation(rand.New(rand.NewPCG(1, 2)))))
	if len(problems) > 0 {
		b.Fatal(problems[0])
	}
	round, began, longest := uint64(0), processor(), time.Duration(0)
	for b.Loop() {
		round++
		start := time.Now()
		text := change(rand.New(rand.NewPCG(round, 3)))
		next, c, problems, err := register.Apply(base, fstest.MapFS{"change.yaml": {Data: []byte(text)}})
		if err != nil || len(problems) > 0 {
			b.Fatal(problems, err)
		}
		report := review.Run(review.Input{Base: base, Next: next, Change: c, Pack: pack, Day: today})
		b.ReportMetric(float64(len(report.NewPaths)+len(report.CheaperPaths)), "worse")
		b.ReportMetric(float64(len(report.Conditions)), "conditions")
		longest = max(longest, time.Since(start))
	}
	b.ReportMetric(longest.Seconds(), "s-longest")
	b.ReportMetric((processor()-began)/float64(round), "cpu-s/op")
}

// processor is the seconds that this process has computed: what other work on the
// machine does not change.
func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
