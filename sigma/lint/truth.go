package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// rows is what a truth table shows.
type rows struct {
	some, all bool   // the condition holds in some row, in all
	empty     bool   // it holds where no selection does
	matters   []bool // by name: its value decides some row
}

// verdicts evaluates the condition for every set of the names.
func verdicts(t *term, names []string) rows {
	n := 1 << len(names)
	table := make([]bool, n)
	out := rows{all: true, matters: make([]bool, len(names))}
	set := make(map[string]bool, len(names))
	for row := range n {
		for i, name := range names {
			set[name] = row>>i&1 == 1
		}
		table[row] = t.holds(set)
		out.some = out.some || table[row]
		out.all = out.all && table[row]
	}
	for row := range n {
		for i := range names {
			out.matters[i] = out.matters[i] || table[row] != table[row^1<<i]
		}
	}
	out.empty = table[0]
	return out
}

func sortedKeys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// digest returns a text that is equal for equal trees, whatever the order of
// keys; "" for scalars.
func digest(n *yamltree.Node) string {
	if n.Scalar() {
		return ""
	}
	var out strings.Builder
	writeTree(&out, n)
	return out.String()
}

func writeTree(out *strings.Builder, n *yamltree.Node) {
	switch n.Kind {
	case yamltree.Map:
		entries := slices.Clone(n.Entries)
		slices.SortFunc(entries, func(a, b yamltree.Entry) int { return strings.Compare(a.Key, b.Key) })
		out.WriteByte('{')
		for _, e := range entries {
			fmt.Fprintf(out, "%q:", e.Key)
			writeTree(out, e.Val)
		}
		out.WriteByte('}')
	case yamltree.List:
		out.WriteByte('[')
		for _, item := range n.Items {
			writeTree(out, item)
			out.WriteByte(',')
		}
		out.WriteByte(']')
	default:
		fmt.Fprintf(out, "%d%q", n.Kind, n.Text)
	}
}
