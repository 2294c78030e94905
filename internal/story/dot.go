package story

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// lineOf draws a grade as the page does: solid, double, dashed, dotted.
var lineOf = map[string]string{
	"PROVEN": `style=solid, penwidth=2`, "CORROBORATED": `style=solid, color="black:invis:black"`,
	"INFERRED": `style=dashed`, "ASSUMED": `style=dotted`,
}

var dotShapes = map[string]string{
	"process": "box", "session": "hexagon", "file": "note", "service": "octagon", "job": "octagon",
	"account": "ellipse", "address": "diamond", "endpoint": "diamond", "log": "box3d",
	"registry": "note", "pipe": "cds", "host": "house",
}

// quoteDOT writes a double-quoted DOT string: in labels a backslash begins an
// escape, so it is doubled.
func quoteDOT(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(plain(s)) + `"`
}

// WriteDOT writes the causal graph for Graphviz: one cluster a host, lines by
// grade, each edge with the number of the step that tells it.
func WriteDOT(out io.Writer, t *Told) error {
	w := bufio.NewWriter(out)
	r := t.Result
	fmt.Fprintf(w, "digraph %s {\n", quoteDOT(r.Incident.UID))
	fmt.Fprintf(w, "  graph [rankdir=LR, label=%s, labelloc=t];\n", quoteDOT(t.Title()))
	var hosts []string
	for _, n := range r.Graph.Nodes {
		hosts = append(hosts, n.Host)
	}
	slices.Sort(hosts)
	for i, host := range slices.Compact(hosts) {
		indent := "  "
		if host != "" {
			fmt.Fprintf(w, "  subgraph \"cluster_%d\" {\n    label=%s;\n", i, quoteDOT(host))
			indent = "    "
		}
		for _, n := range r.Graph.Nodes {
			if n.Host != host {
				continue
			}
			shape := dotShapes[n.Type]
			if shape == "" {
				shape = "box"
			}
			fmt.Fprintf(w, "%s%s [label=%s, shape=%s, tooltip=%s];\n", indent, quoteDOT(n.ID),
				quoteDOT(n.Label), shape, quoteDOT(n.Type+", "+n.Verdict))
		}
		if host != "" {
			fmt.Fprintln(w, "  }")
		}
	}
	for _, e := range r.Graph.Edges {
		label := e.Verb
		if e.Step > 0 {
			label = fmt.Sprintf("%d %s", e.Step, e.Verb)
		}
		style := lineOf[e.Grade]
		if style == "" {
			style = lineOf["INFERRED"]
		}
		fmt.Fprintf(w, "  %s -> %s [label=%s, %s, tooltip=%s];\n", quoteDOT(e.Src), quoteDOT(e.Dst),
			quoteDOT(label), style, quoteDOT(e.Grade+", events "+refs(e.Events)))
	}
	fmt.Fprintln(w, "}")
	return w.Flush()
}
