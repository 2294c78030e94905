package graph

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// graphs is how many random graphs each test draws.
var (
	graphs = flag.Int("graphs", 10_000, "random graphs a test")
	seed   = flag.Uint64("seed", 0, "seed of the random graphs; 0 draws one")
)

// sample is a random graph with its weights.
type sample struct {
	g       *Graph
	weight  []float64
	cost    []int64
	sources []int32
	target  int32
}

// each draws graphs of up to 7 nodes and 12 edges, weights in quarters so that
// sums are exact.
func each(t *testing.T, joint bool, check func(t *testing.T, s *sample)) {
	t.Helper()
	from := *seed
	if from == 0 {
		from = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", from)
	n := *graphs
	if testing.Short() {
		n /= 10
	}
	for i := range n {
		r := rand.New(rand.NewPCG(from, uint64(i)))
		if check(t, draw(r, joint)); t.Failed() {
			t.Fatalf("graph %d of seed %d", i, from)
		}
	}
}

func draw(r *rand.Rand, joint bool) *sample {
	nodes := 2 + r.IntN(6)
	s := &sample{target: int32(nodes - 1), sources: []int32{0}}
	var edges []Edge
	for range 1 + r.IntN(12) {
		e := Edge{From: int32(r.IntN(nodes)), To: int32(r.IntN(nodes))}
		if joint && r.IntN(3) == 0 {
			e.Needs = append(e.Needs, int32(r.IntN(nodes)))
			if r.IntN(2) == 0 {
				e.Needs = append(e.Needs, int32(r.IntN(nodes)))
			}
		}
		edges = append(edges, e)
		w := float64(r.IntN(9)) / 4
		if r.IntN(20) == 0 {
			w = Infinite
		}
		s.weight = append(s.weight, w)
		s.cost = append(s.cost, int64(r.IntN(5)))
		if r.IntN(10) == 0 {
			s.cost[len(s.cost)-1] = Uncuttable
		}
	}
	if nodes > 2 && r.IntN(2) == 0 {
		s.sources = append(s.sources, int32(1+r.IntN(nodes-2)))
	}
	s.g = New(nodes, edges)
	return s
}

// bruteDistances repeats the definition until nothing changes: an edge costs
// its weight, its start and everything it needs.
func bruteDistances(s *sample, from int32) []float64 {
	dist := make([]float64, s.g.n)
	for i := range dist {
		dist[i] = Infinite
	}
	dist[from] = 0
	for changed := true; changed; {
		changed = false
		for i, e := range s.g.edges {
			d := s.weight[i] + dist[e.From]
			for _, v := range e.Needs {
				d += dist[v]
			}
			if d < dist[e.To] {
				dist[e.To], changed = d, true
			}
		}
	}
	return dist
}

func TestShortestPaths(t *testing.T) {
	each(t, false, func(t *testing.T, s *sample) {
		tree := s.g.To(s.target, s.weight)
		for from := range int32(s.g.n) {
			want := bruteDistances(s, from)[s.target]
			if tree.Dist[from] != want {
				t.Errorf("from %d: %v, want %v", from, tree.Dist[from], want)
			}
			if want != Infinite {
				checkPath(t, s, from, tree.Path(from), want)
			}
		}
	})
}

// checkPath wants a path from a node to the target with the length.
func checkPath(t *testing.T, s *sample, from int32, path []int32, want float64) {
	t.Helper()
	at, length := from, 0.0
	for _, e := range path {
		if s.g.edges[e].From != at {
			t.Errorf("path %v has a hole at %d", path, e)
		}
		at = s.g.edges[e].To
		length += s.weight[e]
	}
	if at != s.target || length != want {
		t.Errorf("path %v ends at %d after %v, want %d after %v", path, at, length, s.target, want)
	}
}

func TestJointEdges(t *testing.T) {
	derived := 0
	each(t, true, func(t *testing.T, s *sample) {
		search := s.g.NewSearch([]int32{s.target}, s.weight)
		for from := range int32(s.g.n) {
			want := bruteDistances(s, from)[s.target]
			reach, forward := search.From(from), s.g.From(from, s.weight)
			if got := reach.Cost(s.target); got != want || forward.Dist[s.target] != want {
				t.Errorf("from %d: %v and forward %v, want %v", from, got, forward.Dist[s.target], want)
			}
			if d, ok := forward.To(s.target); ok && price(t, s, from, s.target, d) != want {
				t.Errorf("from %d: forward derivation %v, want cost %v", from, d, want)
			}
			d, ok := reach.To(s.target)
			if ok != (want != Infinite) {
				t.Errorf("from %d: derivation %v, want %v", from, ok, want)
			}
			if ok {
				if got := price(t, s, from, s.target, d); got != want {
					t.Errorf("from %d: derivation costs %v, want %v", from, got, want)
				}
				derived += len(d.Needs)
			}
		}
	})
	if derived == 0 {
		t.Error("no graph had a joint edge on its best way")
	}
}

// price adds a derivation up and checks that it holds together.
func price(t *testing.T, s *sample, from, target int32, d Derivation) float64 {
	t.Helper()
	at, sum := from, 0.0
	for _, e := range d.Path {
		edge := s.g.edges[e]
		if edge.From != at {
			t.Errorf("path %v has a hole at %d", d.Path, e)
		}
		at = edge.To
		sum += s.weight[e]
		if len(d.Needs[e]) != len(edge.Needs) {
			t.Errorf("edge %d: %d of %d needs are derived", e, len(d.Needs[e]), len(edge.Needs))
			continue
		}
		for i, n := range d.Needs[e] {
			sum += price(t, s, from, edge.Needs[i], n)
		}
	}
	if at != target {
		t.Errorf("path %v ends at %d, want %d", d.Path, at, target)
	}
	return sum
}

func TestBestPaths(t *testing.T) {
	each(t, false, func(t *testing.T, s *sample) {
		want := simplePaths(s, 0, s.target)
		got := s.g.Best(0, s.target, s.weight, s.g.To(s.target, s.weight).Dist, 6)
		if s.target == 0 {
			return
		}
		if len(got) != min(len(want), 6) {
			t.Errorf("%d paths, want %d", len(got), min(len(want), 6))
			return
		}
		var last [][]int32
		for i, r := range got {
			if r.Cost != want[i] {
				t.Errorf("path %d: %v, want %v", i, r.Cost, want[i])
			}
			checkPath(t, s, 0, r.Path, r.Cost)
			if slices.ContainsFunc(last, func(p []int32) bool { return slices.Equal(p, r.Path) }) {
				t.Errorf("path %v comes twice", r.Path)
			}
			last = append(last, r.Path)
		}
	})
}

// simplePaths returns the lengths of all paths without loops, sorted.
func simplePaths(s *sample, from, target int32) []float64 {
	var out []float64
	seen := make([]bool, s.g.n)
	var walk func(v int32, length float64)
	walk = func(v int32, length float64) {
		if v == target {
			out = append(out, length)
			return
		}
		seen[v] = true
		for _, e := range s.g.Out(v) {
			if to := s.g.edges[e].To; !seen[to] && s.weight[e] != Infinite {
				walk(to, length+s.weight[e])
			}
		}
		seen[v] = false
	}
	walk(from, 0)
	slices.Sort(out)
	return out
}

func TestMinCut(t *testing.T) {
	each(t, false, func(t *testing.T, s *sample) {
		want := int64(math.MaxInt64)
		for set := range 1 << len(s.g.edges) {
			var price int64
			for i := range s.g.edges {
				if set>>i&1 == 1 {
					price = min(price+s.cost[i], Uncuttable)
				}
			}
			if price < Uncuttable && price < want && !reaches(s, set, -1) {
				want = price
			}
		}
		cut, ok := s.g.MinCut(s.sources, s.target, s.cost)
		if ok != (want != math.MaxInt64) {
			t.Errorf("cut %v %v, want %d", cut, ok, want)
			return
		}
		if !ok {
			return
		}
		set, price := 0, int64(0)
		for _, e := range cut.Edges {
			set |= 1 << e
			price += s.cost[e]
		}
		for i, c := range s.cost {
			if c == 0 {
				set |= 1 << i // free edges are cut anyway
			}
		}
		if cut.Cost != want || price != want || reaches(s, set, -1) {
			t.Errorf("cut %v costs %d, want %d", cut, price, want)
		}
	})
}

// reaches reports whether a source reaches the target without a set of edges
// and without a node.
func reaches(s *sample, without int, node int32) bool {
	seen := make([]bool, s.g.n)
	var stack []int32
	for _, v := range s.sources {
		if v != node {
			stack = append(stack, v)
		}
	}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[v] {
			continue
		}
		seen[v] = true
		for _, e := range s.g.Out(v) {
			if to := s.g.edges[e].To; without>>e&1 == 0 && to != node {
				stack = append(stack, to)
			}
		}
	}
	return seen[s.target]
}

func TestDominators(t *testing.T) {
	each(t, false, func(t *testing.T, s *sample) {
		up := s.g.Dominators(s.sources)
		if slices.Contains(s.sources, s.target) || !reaches(s, 0, -1) {
			return
		}
		var got, want []int32
		for v := up[s.target]; v >= 0; v = up[v] {
			got = append(got, v)
		}
		for v := range int32(s.g.n) {
			if v != s.target && !reaches(s, 0, v) {
				want = append(want, v)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("target %d of %v: dominated by %v, want %v", s.target, s.g.edges, got, want)
		}
	})
}
