package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	gonumflow "gonum.org/v1/gonum/graph/flow"
	gonumnet "gonum.org/v1/gonum/graph/network"
	"gonum.org/v1/gonum/graph/path"
	"gonum.org/v1/gonum/graph/simple"
)

// TestSecondLibrary compares with gonum, which shares no code with this package:
// graphs of 2,000 nodes, best paths from 10 footholds to 10 targets, the value of
// a minimum cut, and dominators. EVIDENT_GRAPHS says how many graphs, else 25.
func TestSecondLibrary(t *testing.T) {
	graphs := 25
	if n, err := strconv.Atoi(os.Getenv("EVIDENT_GRAPHS")); err == nil {
		graphs = n
	}
	for seed := range graphs {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 9))
			c := newComparison(r, 2_000, 8_000)
			targets := c.some(r, 10)
			for _, f := range c.some(r, 10) {
				c.paths(t, f, targets)
			}
			sources := c.some(r, 1)
			c.cut(t, sources[0], c.some(r, 1)[0])
			c.dominators(t, sources[0])
		})
	}
}

// comparison is one graph in both libraries. Parallel edges are left out, which
// gonum's simple graphs do not have.
type comparison struct {
	ours   *Graph
	theirs *simple.WeightedDirectedGraph
	costs  *simple.WeightedDirectedGraph
	weight []float64
	cost   []int64
}

func newComparison(r *rand.Rand, nodes, edges int) *comparison {
	c := &comparison{
		theirs: simple.NewWeightedDirectedGraph(0, math.Inf(1)),
		costs:  simple.NewWeightedDirectedGraph(0, 0),
	}
	for v := range nodes {
		c.theirs.AddNode(simple.Node(v))
		c.costs.AddNode(simple.Node(v))
	}
	var list []Edge
	seen := map[[2]int]bool{}
	for len(list) < edges {
		from, to := r.IntN(nodes), r.IntN(nodes)
		if r.IntN(4) == 0 {
			to = r.IntN(nodes/100 + 1)
		}
		if from == to || seen[[2]int{from, to}] {
			continue
		}
		seen[[2]int{from, to}] = true
		weight, cost := 0.05+3*r.Float64(), int64(1+r.IntN(20))
		list = append(list, Edge{From: int32(from), To: int32(to)})
		c.weight, c.cost = append(c.weight, weight), append(c.cost, cost)
		a, b := simple.Node(from), simple.Node(to)
		c.theirs.SetWeightedEdge(simple.WeightedEdge{F: a, T: b, W: weight})
		c.costs.SetWeightedEdge(simple.WeightedEdge{F: a, T: b, W: float64(cost)})
	}
	c.ours = New(nodes, list)
	return c
}

func (c *comparison) some(r *rand.Rand, n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(r.IntN(c.ours.Nodes()))
	}
	return out
}

func (c *comparison) paths(t *testing.T, from int32, targets []int32) {
	t.Helper()
	theirs := path.DijkstraFrom(simple.Node(from), c.theirs)
	reach := c.ours.NewSearch(targets, c.weight).From(from)
	for _, target := range targets {
		want := theirs.WeightTo(int64(target))
		got := math.Inf(1)
		if list := c.ours.To(target, c.weight).Path(from); list != nil || from == target {
			got = 0
			for _, e := range list {
				got += c.weight[e]
			}
		}
		if !same(got, want) {
			t.Errorf("path %d to %d costs %v, gonum %v", from, target, got, want)
		}
		if got := reach.Cost(target); !same(got, want) {
			t.Errorf("search %d to %d costs %v, gonum %v", from, target, got, want)
		}
	}
}

func same(a, b float64) bool {
	return math.IsInf(a, 1) && math.IsInf(b, 1) || math.Abs(a-b) < 1e-9*(1+math.Abs(a))
}

func (c *comparison) cut(t *testing.T, source, target int32) {
	t.Helper()
	if source == target {
		return
	}
	want := gonumnet.MaxFlowDinic(c.costs, simple.Node(source), simple.Node(target), 1e-9)
	got, ok := c.ours.MinCut([]int32{source}, target, c.cost)
	if !ok || !same(float64(got.Cost), want) {
		t.Errorf("cut of %d from %d costs %d (%t), gonum %v", target, source, got.Cost, ok, want)
	}
}

func (c *comparison) dominators(t *testing.T, source int32) {
	t.Helper()
	want := gonumflow.Dominators(simple.Node(source), c.theirs)
	got := c.ours.Dominators([]int32{source})
	for v := range c.ours.Nodes() {
		their := int32(-1)
		if d := want.DominatorOf(int64(v)); d != nil {
			their = int32(d.ID())
		}
		if int32(v) != source && got[v] != their {
			t.Fatalf("dominator of %d from %d is %d, gonum %d", v, source, got[v], their)
		}
	}
}
