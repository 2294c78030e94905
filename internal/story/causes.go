package story

import (
	"slices"

	"github.com/evident-sec/evident/internal/reconstruct"
)

// causes returns, for each step by number, the earlier steps that made it
// possible: those that brought the entity it acts from, and those that brought
// what it starts (a service before the program it runs), over folded links where
// no step tells the way. A step that the graph leads back to nothing has none.
func causes(r *reconstruct.Result) map[int][]int {
	into := map[string][]*reconstruct.Edge{} // edges by target
	acting := map[string]bool{}              // what can act, and so be brought in
	for _, n := range r.Graph.Nodes {
		switch n.Type {
		case "process", "session", "service", "job":
			acting[n.ID] = true
		}
	}
	for i := range r.Graph.Edges {
		e := &r.Graph.Edges[i]
		into[e.Dst] = append(into[e.Dst], e)
	}
	out := map[int][]int{}
	for _, e := range r.Graph.Edges {
		if e.Step == 0 {
			continue
		}
		found := before(into, e.Src, e.Step)
		if acting[e.Dst] {
			found = append(found, before(into, e.Dst, e.Step)...)
		}
		for _, n := range found {
			if !slices.Contains(out[e.Step], n) {
				out[e.Step] = append(out[e.Step], n)
			}
		}
	}
	for n := range out {
		slices.Sort(out[n])
	}
	return out
}

// before walks back from a node to the nearest steps with a number below limit.
// Each node is asked once.
func before(into map[string][]*reconstruct.Edge, node string, limit int) []int {
	var found []int
	seen := map[string]bool{node: true}
	for queue := []string{node}; len(queue) > 0; queue = queue[1:] {
		for _, e := range into[queue[0]] {
			switch {
			case e.Step > 0 && e.Step < limit:
				found = append(found, e.Step)
			case e.Step == 0 && !seen[e.Src]:
				seen[e.Src] = true
				queue = append(queue, e.Src)
			}
		}
	}
	return found
}
