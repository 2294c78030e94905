package exposure_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// large writes a register of about 10,000 entities and 100,000 edges.
func large(systems, accesses, perAccess int) string {
	r := rand.New(rand.NewPCG(1, 2))
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
		var on []string
		for range perAccess {
			on = append(on, fmt.Sprintf("s%d", r.IntN(systems)))
		}
		fmt.Fprintf(&b, "  - {id: a%d, who: %s, on: [%s], verbs: administer, auth: mfa}\n", i, who,
			strings.Join(on, ", "))
	}
	return b.String()
}

// BenchmarkLoadLarge: read, check and derive 10,000 entities, 100,000 edges.
func BenchmarkLoadLarge(b *testing.B) {
	src := large(5000, 4700, 20)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		r, problems := register.Parse("r.yaml", []byte(src))
		if len(problems) > 0 {
			b.Fatal(problems[0])
		}
		m := exposure.Derive(r, today)
		b.ReportMetric(float64(len(m.Moves)), "moves")
		b.ReportMetric(float64(len(r.Items())), "entities")
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	b.ReportMetric(float64(mem.Sys)/1e6, "MB")
}

// BenchmarkPathsLarge: every best path on the same register.
func BenchmarkPathsLarge(b *testing.B) {
	r := parse(b, large(5000, 4700, 20))
	m := exposure.Derive(r, today)
	for b.Loop() {
		b.ReportMetric(float64(len(m.Paths(exposure.MostLikely, m.HoldingIDs()))), "paths")
	}
}

// BenchmarkChokesLarge: cuts and dominators on the same register.
func BenchmarkChokesLarge(b *testing.B) {
	r := parse(b, large(5000, 4700, 20))
	m := exposure.Derive(r, today)
	for b.Loop() {
		m.Chokes(m.HoldingIDs())
	}
}
