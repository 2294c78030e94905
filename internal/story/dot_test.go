package story

import (
	"fmt"
	"strings"
	"testing"
)

// checkDOT reads a graph as Graphviz would, as far as WriteDOT goes: strings
// end where they should, and what stands outside of them is from this list.
func checkDOT(s string) error {
	var bare strings.Builder
	quoted, escaped := false, false
	for _, c := range s {
		switch {
		case escaped:
			escaped = false
			if c != '\\' && c != '"' {
				return fmt.Errorf("an escape \\%c", c)
			}
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			if quoted = !quoted; !quoted {
				bare.WriteByte('S')
			}
		case quoted && c == '\n':
			return fmt.Errorf("a string over two lines")
		case !quoted:
			bare.WriteRune(c)
		}
	}
	if quoted {
		return fmt.Errorf("a string without end")
	}
	for i, line := range strings.Split(strings.TrimSpace(bare.String()), "\n") {
		if !dotLine(strings.TrimSpace(line)) {
			return fmt.Errorf("line %d: %q", i+1, line)
		}
	}
	return nil
}

func dotLine(line string) bool {
	for _, shape := range []string{
		"digraph S {", "subgraph S {", "label=S;", "}", "graph [rankdir=LR, label=S, labelloc=t];",
	} {
		if line == shape {
			return true
		}
	}
	return strings.HasPrefix(line, "S [label=S, shape=") && strings.HasSuffix(line, ", tooltip=S];") ||
		strings.HasPrefix(line, "S -> S [label=S, style=") && strings.HasSuffix(line, ", tooltip=S];")
}

func TestCheckDOT(t *testing.T) {
	for _, bad := range []string{
		"digraph \"a {\n}", "digraph \"a\" {\nb -> c;\n}", "digraph \"a\\\\\" {\nlabel=\"\\n\";\n}",
	} {
		if checkDOT(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
