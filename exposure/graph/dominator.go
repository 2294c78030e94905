package graph

// Dominators returns for every node the last node that every path from the
// sources to it passes (Cooper, Harvey, Kennedy 2001); -1 where it is reached
// from several sources without one, or not at all. Sources dominate themselves
// only.
func (g *Graph) Dominators(sources []int32) []int32 {
	root := int32(g.n) // before all sources
	isSource := make([]bool, g.n)
	for _, s := range sources {
		isSource[s] = true
	}
	order := g.postorder(sources)
	place := make([]int32, g.n+1)
	for i := range place {
		place[i] = -1
	}
	for i, v := range order {
		place[v] = int32(i)
	}
	place[root] = int32(len(order))
	up := make([]int32, g.n+1)
	for i := range up {
		up[i] = -1
	}
	up[root] = root
	d := dominance{up, place}
	for changed := true; changed; {
		changed = false
		for i := len(order) - 1; i >= 0; i-- {
			v := order[i]
			best := int32(-1)
			if isSource[v] {
				best = root
			}
			for _, e := range g.in.of(v) {
				if p := g.edges[e].From; up[p] >= 0 {
					best = d.meet(best, p)
				}
			}
			if best != up[v] {
				up[v], changed = best, true
			}
		}
	}
	for v := range up {
		if up[v] == root {
			up[v] = -1
		}
	}
	return up[:g.n]
}

// dominance is the dominator tree while it grows.
type dominance struct{ up, place []int32 }

// meet returns the nearest common ancestor of two nodes; -1 stands for none yet.
func (d dominance) meet(a, b int32) int32 {
	if a < 0 {
		return b
	}
	for a != b {
		for d.place[a] < d.place[b] {
			a = d.up[a]
		}
		for d.place[b] < d.place[a] {
			b = d.up[b]
		}
	}
	return a
}

// postorder lists the nodes that the sources reach, each after those it leads
// to first.
func (g *Graph) postorder(sources []int32) []int32 {
	seen := make([]bool, g.n)
	next := make([]int32, g.n)
	var order, stack []int32
	for _, s := range sources {
		if seen[s] {
			continue
		}
		seen[s] = true
		stack = append(stack, s)
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			if out := g.out.of(v); int(next[v]) < len(out) {
				to := g.edges[out[next[v]]].To
				next[v]++
				if !seen[to] {
					seen[to] = true
					stack = append(stack, to)
				}
				continue
			}
			order = append(order, v)
			stack = stack[:len(stack)-1]
		}
	}
	return order
}
