package graph

import "slices"

// Route is one path with its length.
type Route struct {
	Cost float64
	Path []int32
}

// Best returns up to k paths without loops from a node to a target, shortest
// first. All edges count as plain:
// weight is that of Reach.Weights. bound gives for every node a distance to the
// target that is not too long (Search's tree), which the search uses to look
// ahead.
func (g *Graph) Best(from, target int32, weight, bound []float64, k int) []Route {
	y := yen{
		g: g, target: target, weight: weight, bound: bound,
		dist: make([]float64, g.n), via: make([]int32, g.n), mark: make([]int32, g.n),
		banned: map[int32]bool{}, gone: map[int32]bool{},
	}
	first, ok := y.spur(from)
	if !ok {
		return nil
	}
	found := []Route{first}
	var waiting []Route
	for len(found) < k {
		waiting = y.deviate(from, found, waiting)
		if len(waiting) == 0 {
			break
		}
		least := 0
		for i := range waiting {
			if before(waiting[i], waiting[least]) {
				least = i
			}
		}
		found = append(found, waiting[least])
		waiting = slices.Delete(waiting, least, least+1)
	}
	return found
}

func before(a, b Route) bool {
	return a.Cost < b.Cost || a.Cost == b.Cost && slices.Compare(a.Path, b.Path) < 0
}

// yen is the state of one run.
type yen struct {
	g             *Graph
	target        int32
	weight, bound []float64

	banned map[int32]bool // edges
	gone   map[int32]bool // nodes

	dist  []float64
	via   []int32
	mark  []int32
	round int32
}

// deviate adds the candidates that leave the last found path at each of its
// nodes.
func (y *yen) deviate(from int32, found, waiting []Route) []Route {
	last := found[len(found)-1].Path
	clear(y.gone)
	at, spent := from, 0.0
	for i := range last {
		clear(y.banned)
		for _, r := range found {
			if len(r.Path) > i && slices.Equal(r.Path[:i], last[:i]) {
				y.banned[r.Path[i]] = true
			}
		}
		if spur, ok := y.spur(at); ok {
			c := Route{spent + spur.Cost, slices.Concat(last[:i], spur.Path)}
			known := func(r Route) bool { return slices.Equal(r.Path, c.Path) }
			if !slices.ContainsFunc(waiting, known) {
				waiting = append(waiting, c)
			}
		}
		y.gone[at] = true
		spent += y.weight[last[i]]
		at = y.g.edges[last[i]].To
	}
	return waiting
}

// spur finds the shortest path from a node to the target around what is banned,
// by A*.
func (y *yen) spur(from int32) (Route, bool) {
	if y.bound[from] == Infinite {
		return Route{}, false
	}
	y.round++
	y.reach(from, 0, -1)
	queue := heap{{y.bound[from], from}}
	for len(queue) > 0 {
		it := queue.pop()
		v := it.node
		if v == y.target {
			return y.route(from), true
		}
		if it.key > y.dist[v]+y.bound[v] {
			continue
		}
		for _, e := range y.g.out.of(v) {
			to := y.g.edges[e].To
			d := y.dist[v] + y.weight[e]
			if y.banned[e] || y.gone[to] || d+y.bound[to] == Infinite {
				continue
			}
			if y.mark[to] != y.round || d < y.dist[to] {
				y.reach(to, d, e)
				queue.push(item{d + y.bound[to], to})
			}
		}
	}
	return Route{}, false
}

func (y *yen) reach(v int32, d float64, via int32) {
	y.dist[v], y.via[v], y.mark[v] = d, via, y.round
}

func (y *yen) route(from int32) Route {
	r := Route{Cost: y.dist[y.target]}
	for v := y.target; v != from; v = y.g.edges[y.via[v]].From {
		r.Path = append(r.Path, y.via[v])
	}
	slices.Reverse(r.Path)
	return r
}
