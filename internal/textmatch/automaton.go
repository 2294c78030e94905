package textmatch

import "sort"

// Automaton finds all of a set of literals in one pass over a text
// (Aho and Corasick, "Efficient string matching", 1975), as a table over
// classes of bytes: bytes that no literal has share one class.
type Automaton struct {
	class  [256]uint8
	stride uint32
	table  []uint32 // state*stride+class to state*stride, with hitBit
	first  []int32  // by state: first of its outputs, -1 for none
	link   []int32  // by state: next state with outputs among its suffixes, 0 for none
	outs   []output
}

// output is one literal's payload, chained where a state has several.
type output struct {
	id   int32
	next int32 // -1 at the end
}

// hitBit marks transitions into states with outputs of their own or linked.
const hitBit = 1 << 31

// NewAutomaton builds the automaton over literals (not empty) and their ids.
func NewAutomaton(literals []string, ids []int32) *Automaton {
	a := &Automaton{}
	a.classes(literals)
	goto_ := a.trie(literals, ids)
	a.complete(goto_)
	return a
}

// classes numbers the bytes that occur from 1.
func (a *Automaton) classes(literals []string) {
	next := uint8(0)
	for _, l := range literals {
		for i := 0; i < len(l); i++ {
			if a.class[l[i]] == 0 && next < 255 {
				next++
				a.class[l[i]] = next
			}
		}
	}
	a.stride = uint32(next) + 1
}

// trie enters the literals; missing children are 0, the root.
func (a *Automaton) trie(literals []string, ids []int32) []uint32 {
	next := make([]uint32, a.stride)
	a.first = []int32{-1}
	for i, l := range literals {
		state := uint32(0)
		for j := 0; j < len(l); j++ {
			cell := state*a.stride + uint32(a.class[l[j]])
			if next[cell] == 0 {
				next[cell] = uint32(len(a.first))
				a.first = append(a.first, -1)
				next = append(next, make([]uint32, a.stride)...)
			}
			state = next[cell]
		}
		a.outs = append(a.outs, output{ids[i], a.first[state]})
		a.first[state] = int32(len(a.outs) - 1)
	}
	return next
}

// complete turns the trie into the table, breadth first: a missing child goes
// where the failure state's child goes.
func (a *Automaton) complete(next []uint32) {
	n := len(a.first)
	fail := make([]uint32, n)
	a.link = make([]int32, n)
	queue := make([]uint32, 0, n)
	for c := uint32(0); c < a.stride; c++ {
		if s := next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for at := 0; at < len(queue); at++ {
		s := queue[at]
		f := fail[s]
		if a.first[f] >= 0 {
			a.link[s] = int32(f)
		} else {
			a.link[s] = a.link[f]
		}
		for c := uint32(0); c < a.stride; c++ {
			cell := s*a.stride + c
			if next[cell] == 0 {
				next[cell] = next[f*a.stride+c]
				continue
			}
			fail[next[cell]] = next[f*a.stride+c]
			queue = append(queue, next[cell])
		}
	}
	for i, s := range next {
		next[i] = s * a.stride
		if a.first[s] >= 0 || a.link[s] != 0 {
			next[i] |= hitBit
		}
	}
	a.table = next
}

// Find calls hit with the id of every literal that occurs in text, once for
// each place it ends at.
func (a *Automaton) Find(text []byte, hit func(id int32)) {
	state, table, class := uint32(0), a.table, &a.class
	for _, b := range text {
		state = table[state+uint32(class[b])]
		if state&hitBit != 0 {
			state &^= hitBit
			a.report(int32(state/a.stride), hit)
		}
	}
}

func (a *Automaton) report(s int32, hit func(id int32)) {
	for ; s != 0; s = a.link[s] {
		for o := a.first[s]; o >= 0; o = a.outs[o].next {
			hit(a.outs[o].id)
		}
	}
}

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

// Prefixes calls hit for every literal that text begins with.
func (t *Trie) Prefixes(text []byte, hit func(id int32)) {
	n := int32(0)
	for _, c := range text {
		if n = t.step(n, c); n == 0 {
			return
		}
		for _, id := range t.nodes[n].ids {
			hit(id)
		}
	}
}

// Suffixes calls hit for every literal that, reversed, text ends with.
func (t *Trie) Suffixes(text []byte, hit func(id int32)) {
	n := int32(0)
	for i := len(text) - 1; i >= 0; i-- {
		if n = t.step(n, text[i]); n == 0 {
			return
		}
		for _, id := range t.nodes[n].ids {
			hit(id)
		}
	}
}

// Reversed returns the bytes of s in reverse order.
func Reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
