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
	"github.com/evident-sec/evident/register/registertest"
)

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
		b.WriteString(registertest.Grant(r, fmt.Sprintf("n%d", i+1), who, 5000, 2))
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
	base, problems := register.Parse("base.yaml", []byte(registertest.Large(rand.New(rand.NewPCG(1, 2)), 5000, 4700, 20)))
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
