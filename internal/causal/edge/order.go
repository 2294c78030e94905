package edge

import (
	"cmp"
	"slices"
)

// InOrder sorts edges by merging the stretches that are in order already: events
// are read by time, a few queries after one another.
func InOrder(list []*Edge) []*Edge {
	var ends []int
	for i := range list {
		if i+1 == len(list) || Compare(list[i], list[i+1]) > 0 {
			ends = append(ends, i+1)
		}
	}
	if len(ends) > maxRuns {
		slices.SortStableFunc(list, Compare)
		return list
	}
	other := make([]*Edge, len(list))
	for len(ends) > 1 {
		from, kept := 0, ends[:0]
		for k := 0; k < len(ends); k += 2 {
			mid, to := ends[k], ends[min(k+1, len(ends)-1)]
			mergeEdges(other[from:to], list[from:mid], list[mid:to])
			from, kept = to, append(kept, to)
		}
		ends, list, other = kept, other, list
	}
	return list
}

// maxRuns is from how many stretches on sorting is as fast as merging.
const maxRuns = 1 << 10

// mergeEdges merges two stretches; of equal edges those of the first come first.
func mergeEdges(to, a, b []*Edge) {
	for i := range to {
		if len(b) == 0 || len(a) > 0 && Compare(a[0], b[0]) <= 0 {
			to[i], a = a[0], a[1:]
		} else {
			to[i], b = b[0], b[1:]
		}
	}
}

// Compare orders by time, then by the record number of the source, then by
// arrival; edges of one event keep their order.
func Compare(a, b *Edge) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Seq, b.Seq),
		cmp.Compare(a.ID.Entry, b.ID.Entry), cmp.Compare(a.ID.Leaf, b.ID.Leaf))
}
