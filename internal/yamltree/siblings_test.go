package yamltree

import (
	"fmt"
	"strings"
	"testing"
)

// TestManyKeysInOneMap: the module's time grows with the pairs of keys of a
// map, so that one of very many is refused, however it is written; many small
// maps are not.
func TestManyKeysInOneMap(t *testing.T) {
	lines := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		src     string
		refused bool
	}{
		"plain":               {lines(12_000, "k%d: {}\n"), true},
		"below a key":         {"a:\n" + lines(12_000, "  k%d: x\n"), true},
		"between comments":    {"a:\n" + lines(12_000, "  k%d: x\n# no end\n"), true},
		"with children":       {lines(12_000, "k%d:\n  a: 1\n  b: 2\n"), true},
		"in brackets":         {"a: {\n" + lines(12_000, "k%d: x,\n") + "z: 1}\n", true},
		"in brackets, uneven": {"a: {\n" + lines(6_000, " k%[1]d: x,\n    l%[1]d: x,\n") + "z: 1}\n", true},
		"in an item":          {"- a: 1\n" + lines(12_000, "  k%d: x\n"), true},
		"many items":          {lines(12_000, "- a: %d\n  b: 2\n"), false},
		"many maps":           {lines(4_000, "k%d:\n  a: 1\n  b: 2\n  c: 3\n"), false},
		"two documents":       {strings.Repeat(lines(3_000, "k%d: x\n")+"---\n", 2), false},
	} {
		err := checkBounds([]byte(c.src))
		if (err != nil) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
