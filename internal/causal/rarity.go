package causal

import (
	"math"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// rarityPrior is the weight of "seen before" that every pattern starts with, so
// that a day-0 graph does not call everything unique.
const rarityPrior = 3

type pattern struct {
	verb   Verb
	actor  string
	object string
}

// rarity counts (verb, acting program, class of object) over the graph, by
// distinct host.
type rarity struct {
	hosts map[pattern]map[string]int
	total int
}

func newRarity(g *Graph) rarity {
	r := rarity{hosts: map[pattern]map[string]int{}}
	seen := map[string]bool{}
	for i := range g.rels {
		rel := &g.rels[i]
		if rel.Src < 0 || rel.Dst < 0 {
			continue
		}
		p, h := g.pattern(rel), g.nodes[rel.Src].Host
		seen[h] = true
		counts := r.hosts[p]
		if counts == nil {
			counts = map[string]int{}
			r.hosts[p] = counts
		}
		counts[h]++
	}
	r.total = len(seen)
	return r
}

func (g *Graph) pattern(rel *Rel) pattern {
	dst := &g.nodes[rel.Dst]
	object := dst.Kind.String()
	switch dst.Kind {
	case KindProcess:
		object = dst.base
	case KindFile:
		object = edge.Extension(dst.Key)
	}
	actor := g.nodes[rel.Src].Kind.String() // an address or session is nobody's habit
	if g.nodes[rel.Src].Kind == KindProcess {
		actor = g.nodes[rel.Src].base
	}
	return pattern{rel.Verb, actor, object}
}

// of returns how rare an edge is, 0 (everywhere, always) to 1 (never seen):
// 1 / (1 + ln(1 + count)) damped by the share of hosts that show it.
func (g *Graph) rarityOf(rel *Rel) float64 {
	if rel.Src < 0 || rel.Dst < 0 {
		return 0.5
	}
	hosts := g.ix.rarity.hosts[g.pattern(rel)]
	count := 0
	for _, n := range hosts {
		count += n
	}
	share := float64(len(hosts)+rarityPrior) / float64(g.ix.rarity.total+rarityPrior)
	return (1 - share/2) / (1 + math.Log1p(float64(count)/rarityPrior))
}

// elsewhere reports whether the pattern is seen on another host.
func (g *Graph) elsewhere(v Verb, actor, object, host string) bool {
	for h := range g.ix.rarity.hosts[pattern{v, actor, object}] {
		if h != host {
			return true
		}
	}
	return false
}
