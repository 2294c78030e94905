package causal

import (
	"cmp"
	"slices"
	"time"
)

// clocks are the differences between hosts' clocks, estimated from connections
// that both ends recorded.
type clocks struct {
	pairs map[[2]string]Skew
}

// Skew is how far the clock of one host runs ahead of another's, give or take
// Error, from so many connections seen by both.
type Skew struct {
	Ahead, Error time.Duration
	Pairs        int
}

// enoughPairs is how many connections an estimate needs before it corrects
// anything: one or two may be accidents of reused ports.
const enoughPairs = 3

// maxSkew bounds an estimate: equal addresses and ports further apart are
// different connections.
const maxSkew = 24 * time.Hour

// newClocks compares the records of both ends of each connection.
func newClocks(g *Graph) clocks {
	type tuple struct{ from, to socket }
	opened := map[tuple][]int{}
	for i := range g.rels {
		if r := &g.rels[i]; r.Verb == VerbConnected && r.Facts.SrcPort != "" && r.Facts.DstPort != "" {
			k := tuple{sourceOf(r.Facts), socket{r.Facts.DstIP, r.Facts.DstPort}}
			opened[k] = append(opened[k], i)
		}
	}
	apart := map[[2]string][]time.Duration{}
	for i := range g.rels {
		r := &g.rels[i]
		if r.Verb != VerbAccepted || r.Dst < 0 || r.Facts.SrcPort == "" {
			continue
		}
		list := opened[tuple{sourceOf(r.Facts), socket{r.Facts.DstIP, r.Facts.DstPort}}]
		if len(list) == 0 || len(list) > 2 { // two sensors may write one connection
			continue
		}
		c := &g.rels[list[0]]
		from, to := g.nodes[c.Src].Host, g.nodes[r.Dst].Host
		if d := r.Time.Sub(c.Time); from != to && d.Abs() <= maxSkew {
			apart[[2]string{from, to}] = append(apart[[2]string{from, to}], d)
			apart[[2]string{to, from}] = append(apart[[2]string{to, from}], -d)
		}
	}
	c := clocks{pairs: map[[2]string]Skew{}}
	for k, list := range apart {
		c.pairs[k] = skewOf(list)
	}
	return c
}

// skewOf takes the median as the difference and the middle nine tenths, at
// least half a second, as its error.
func skewOf(list []time.Duration) Skew {
	slices.Sort(list)
	lo, hi := list[len(list)/20], list[len(list)-1-len(list)/20]
	mid := list[len(list)/2]
	wide := max(hi-mid, mid-lo, 500*time.Millisecond)
	return Skew{Ahead: mid, Error: wide, Pairs: len(list)}
}

// apart returns how far apart two records of different hosts are, after the
// known difference of their clocks.
func (c *clocks) apart(a string, at time.Time, b string, bt time.Time) time.Duration {
	d := bt.Sub(at)
	s, ok := c.pairs[[2]string{a, b}]
	if !ok || s.Pairs < enoughPairs {
		return d.Abs()
	}
	return min(d.Abs(), (d - s.Ahead).Abs())
}

// Skew returns by how much the clock of host b runs ahead of a's; Pairs is 0
// where no connection between them was recorded by both.
func (g *Graph) Skew(a, b string) Skew { return g.ix.clocks.pairs[[2]string{a, b}] }

// Ordered reports whether one record is known to be before or after another:
// records of one host are, those of two hosts where the times, with the errors
// of the clocks, cannot change places.
func (g *Graph) Ordered(a string, at time.Time, b string, bt time.Time) bool {
	if a == b || a == "" || b == "" {
		return true
	}
	s, unsure := g.Skew(a, b), clockSlack
	if s.Pairs >= enoughPairs {
		unsure = s.Error
	} else {
		s.Ahead = 0
	}
	return cmp.Compare((bt.Sub(at)-s.Ahead).Abs(), unsure) > 0
}
