package score

import (
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// Baselines are what simpler methods make of the same seed.
type Baselines struct {
	Closure Count `json:"time_respecting_closure"`
	Tree    Count `json:"process_tree"`
}

func (k *key) baselines(g *causal.Graph, seed event.ID) Baselines {
	return Baselines{
		Closure: k.count(processesOf(g, closure(g, seed))),
		Tree:    k.count(processesOf(g, tree(g, seed))),
	}
}

func processesOf(g *causal.Graph, nodes map[int]bool) []candidate {
	var list []candidate
	for i := range g.Len() {
		n := g.Node(i)
		if nodes[i] && n.Kind == causal.KindProcess {
			list = append(list, candidate{
				host: n.Host, guid: n.Key, label: g.Label(i), starts: n.Launch, console: n.Console(),
			})
		}
	}
	return list
}

// closure follows every edge from the seed, backward to what was earlier and
// from there forward to what was later (King and Chen, "Backtracking
// Intrusions", SOSP 2003).
func closure(g *causal.Graph, seed event.ID) map[int]bool {
	back, fore := map[int]time.Time{}, map[int]time.Time{}
	for _, r := range g.Of(seed) {
		reach(g, back, r.Src, r.Time, true)
		reach(g, back, r.Dst, r.Time, true)
	}
	for n, t := range back {
		fore[n] = t
	}
	all := map[int]bool{}
	for n := range back {
		reach(g, fore, n, back[n], false)
	}
	for n := range fore {
		all[n] = true
	}
	return all
}

// reach visits from start along edges that respect time: backward the time only
// falls, forward it only rises. A node met again at a more telling time is
// visited again.
func reach(g *causal.Graph, seen map[int]time.Time, start int, at time.Time, back bool) {
	type visit struct {
		n int
		t time.Time
	}
	if start < 0 {
		return
	}
	seen[start] = at
	queue := []visit{{start, at}}
	for len(queue) > 0 {
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		list := g.Out(v.n)
		if back {
			list = g.In(v.n)
		}
		for _, r := range list {
			next := r.Dst
			if back {
				next = r.Src
			}
			if next < 0 || back && r.Time.After(v.t) || !back && r.Time.Before(v.t) {
				continue
			}
			have, ok := seen[next]
			if ok && (back && !r.Time.After(have) || !back && !r.Time.Before(have)) {
				continue
			}
			seen[next] = r.Time
			queue = append(queue, visit{next, r.Time})
		}
	}
}

// tree follows parents up to the first system process, and from the topmost
// process down to all children: what an endpoint tool shows.
func tree(g *causal.Graph, seed event.ID) map[int]bool {
	all := map[int]bool{}
	for _, r := range g.Of(seed) {
		for _, n := range []int{r.Src, r.Dst} {
			if n < 0 || g.Node(n).Kind != causal.KindProcess || g.Node(n).Boundary() {
				continue
			}
			descend(g, all, top(g, n))
		}
	}
	return all
}

func top(g *causal.Graph, n int) int {
	seen := map[int]bool{}
	for !seen[n] {
		seen[n] = true
		for _, r := range g.In(n) {
			if r.Verb == causal.VerbSpawned && r.Src >= 0 && !g.Node(r.Src).Boundary() {
				n = r.Src
				break
			}
		}
	}
	return n
}

func descend(g *causal.Graph, all map[int]bool, n int) {
	if all[n] {
		return
	}
	all[n] = true
	for _, r := range g.Out(n) {
		if r.Verb == causal.VerbSpawned && r.Dst >= 0 {
			descend(g, all, r.Dst)
		}
	}
}
