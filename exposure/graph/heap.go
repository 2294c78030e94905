package graph

// item is a node with its distance.
type item struct {
	key  float64
	node int32
}

// heap is a 4-ary heap of items, least key first, ties by node.
type heap []item

func less(a, b item) bool { return a.key < b.key || a.key == b.key && a.node < b.node }

func (h *heap) push(it item) {
	s := append(*h, it)
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !less(it, s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = it
	*h = s
}

func (h *heap) pop() item {
	s := *h
	top, last := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return top
	}
	i := 0
	for {
		least := 4*i + 1
		if least >= len(s) {
			break
		}
		for c := least + 1; c < min(4*i+5, len(s)); c++ {
			if less(s[c], s[least]) {
				least = c
			}
		}
		if !less(s[least], last) {
			break
		}
		s[i] = s[least]
		i = least
	}
	s[i] = last
	return top
}
