package graph

import (
	"math/rand/v2"
	"testing"
)

// network draws a graph of the size that the targets name: most edges lead
// to a few hubs, as in a directory.
func network(nodes, edges, joint int) (*Graph, []float64, []int64) {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]Edge, edges)
	weight := make([]float64, edges)
	cost := make([]int64, edges)
	for i := range list {
		to := int32(r.IntN(nodes))
		if i%4 == 0 {
			to = int32(r.IntN(nodes/100 + 1))
		}
		list[i] = Edge{From: int32(r.IntN(nodes)), To: to}
		if i < joint {
			list[i].Needs = []int32{int32(r.IntN(nodes))}
		}
		weight[i] = 0.05 + 3*r.Float64()
		cost[i] = int64(1 + r.IntN(20))
	}
	return New(nodes, list), weight, cost
}

func pick(n, of int) []int32 {
	r := rand.New(rand.NewPCG(3, 4))
	var out []int32
	for _, v := range r.Perm(of)[:n] {
		out = append(out, int32(v))
	}
	return out
}

func benchmarkBest(b *testing.B, nodes, edges, footholds, holdings, joint int) {
	g, weight, _ := network(nodes, edges, joint)
	from, to := pick(footholds, nodes), pick(holdings, nodes)
	b.ReportAllocs()
	for b.Loop() {
		s := g.NewSearch(to, weight)
		for _, f := range from {
			r := s.From(f)
			for _, t := range to {
				r.To(t)
			}
		}
	}
}

// BenchmarkBest10k: every best path, 200 footholds to 50 holdings.
func BenchmarkBest10k(b *testing.B) { benchmarkBest(b, 10_000, 100_000, 200, 50, 0) }

// BenchmarkBest10kJoint: the same with 40 edges that need more than one thing.
func BenchmarkBest10kJoint(b *testing.B) { benchmarkBest(b, 10_000, 100_000, 200, 50, 40) }

// BenchmarkBest50k: 1,000 footholds to 250 holdings.
func BenchmarkBest50k(b *testing.B) { benchmarkBest(b, 50_000, 500_000, 1000, 250, 0) }

// BenchmarkCuts10k: a minimum cut for each of 50 holdings, and dominators.
func BenchmarkCuts10k(b *testing.B) {
	g, _, cost := network(10_000, 100_000, 0)
	from, to := pick(200, 10_000), pick(50, 10_000)
	for b.Loop() {
		for _, t := range to {
			g.MinCut(from, t, cost)
		}
		g.Dominators(from)
	}
}

// BenchmarkAlternatives10k: ten paths for each of 50 holdings.
func BenchmarkAlternatives10k(b *testing.B) {
	g, weight, _ := network(10_000, 100_000, 0)
	from, to := pick(1, 10_000), pick(50, 10_000)
	for b.Loop() {
		for _, t := range to {
			g.Best(from[0], t, weight, g.To(t, weight).Dist, 10)
		}
	}
}
