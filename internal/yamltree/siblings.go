package yamltree

// maxSiblingCost bounds the pairs of keys that stand in the same map: the YAML
// module takes time and memory by them. It allows one map of 10,000 keys.
const maxSiblingCost = 50_000_000

// siblings counts pairs of keys in the same map from the indentation of lines,
// without parsing them.
type siblings struct {
	counts  [maxIndent + 2]int // keys so far by indentation
	deepest int                // of those that are not zero
	flow    int                // keys since the first bracket that is open
	cost    int
}

// line takes a line's indentation, openers ("- "), keys and how many brackets
// are open before it; it reports whether the cost is still allowed.
func (s *siblings) line(indent, nest, keys, open int) bool {
	if open > 0 {
		// Indentation means nothing between brackets: all keys count as one map.
		s.cost += keys * (s.flow + keys)
		s.flow += keys
		return s.cost <= maxSiblingCost
	}
	s.flow = 0
	level := indent
	if nest > 0 {
		level++ // the keys of a list's item begin anew
	}
	from := level + 1
	if nest > 0 {
		from = level
	}
	clear(s.counts[min(from, s.deepest+1) : s.deepest+1])
	s.deepest = level
	s.cost += keys * (s.counts[level] + keys)
	s.counts[level] += keys
	return s.cost <= maxSiblingCost
}
