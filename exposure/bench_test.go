package exposure_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
	"github.com/evident-sec/evident/register/registertest"
)

// BenchmarkLoadLarge: read, check and derive 10,000 entities, 100,000 edges.
func BenchmarkLoadLarge(b *testing.B) {
	src := registertest.Large(rand.New(rand.NewPCG(1, 2)), 5000, 4700, 20)
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
	r := parse(b, registertest.Large(rand.New(rand.NewPCG(1, 2)), 5000, 4700, 20))
	m := exposure.Derive(r, today)
	for b.Loop() {
		b.ReportMetric(float64(len(m.Paths(exposure.MostLikely, m.HoldingIDs()))), "paths")
	}
}

// BenchmarkChokesLarge: cuts and dominators on the same register.
func BenchmarkChokesLarge(b *testing.B) {
	r := parse(b, registertest.Large(rand.New(rand.NewPCG(1, 2)), 5000, 4700, 20))
	m := exposure.Derive(r, today)
	for b.Loop() {
		m.Chokes(m.HoldingIDs())
	}
}
