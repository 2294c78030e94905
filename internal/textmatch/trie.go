package textmatch

import "sort"

// Trie finds the literals that a text begins with. Nodes lie in an array, the
// edges of a node side by side.
type Trie struct {
	nodes  []trieNode
	labels []byte
	target []int32
}

type trieNode struct {
	from, to int32 // edges
	ids      []int32
}

// NewTrie builds the trie over literals (not empty) and their ids.
func NewTrie(literals []string, ids []int32) *Trie {
	order := make([]int, len(literals))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return literals[order[i]] < literals[order[j]] })
	t := &Trie{}
	type span struct{ node, from, to, depth int }
	t.nodes = append(t.nodes, trieNode{})
	queue := []span{{0, 0, len(order), 0}}
	for at := 0; at < len(queue); at++ {
		q := queue[at]
		i := q.from
		for i < q.to && len(literals[order[i]]) == q.depth {
			t.nodes[q.node].ids = append(t.nodes[q.node].ids, ids[order[i]])
			i++
		}
		t.nodes[q.node].from = int32(len(t.labels))
		for i < q.to {
			c, end := literals[order[i]][q.depth], i
			for end < q.to && literals[order[end]][q.depth] == c {
				end++
			}
			t.labels = append(t.labels, c)
			t.target = append(t.target, int32(len(t.nodes)))
			queue = append(queue, span{len(t.nodes), i, end, q.depth + 1})
			t.nodes = append(t.nodes, trieNode{})
			i = end
		}
		t.nodes[q.node].to = int32(len(t.labels))
	}
	return t
}

// step returns the child of a node, 0 for none.
func (t *Trie) step(n int32, c byte) int32 {
	lo, hi := t.nodes[n].from, t.nodes[n].to
	for hi-lo > 8 {
		if mid := (lo + hi) / 2; t.labels[mid] <= c {
			lo = mid
		} else {
			hi = mid
		}
	}
	for ; lo < hi; lo++ {
		if t.labels[lo] == c {
			return t.target[lo]
		}
	}
	return 0
}

// AppendPrefixes appends the ids of every literal that text begins with.
func (t *Trie) AppendPrefixes(dst []int32, text []byte) []int32 {
	n := int32(0)
	for _, c := range text {
		if n = t.step(n, c); n == 0 {
			return dst
		}
		dst = append(dst, t.nodes[n].ids...)
	}
	return dst
}

// AppendSuffixes appends the ids of every literal that, reversed, text ends
// with.
func (t *Trie) AppendSuffixes(dst []int32, text []byte) []int32 {
	n := int32(0)
	for i := len(text) - 1; i >= 0; i-- {
		if n = t.step(n, text[i]); n == 0 {
			return dst
		}
		dst = append(dst, t.nodes[n].ids...)
	}
	return dst
}

// Reversed returns the bytes of s in reverse order.
func Reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
