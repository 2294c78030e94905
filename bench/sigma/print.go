package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// result is a lane with what each engine measured.
type result struct {
	lane    *lane
	engines []measured
}

// printTables writes rates, ratios and match counts as Markdown.
func printTables(w io.Writer, engines []engine, table []result) {
	var names []string
	for _, e := range engines {
		names = append(names, e.name)
	}
	fmt.Fprintf(w, "| events/s of processor time | %s |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
	for _, r := range table {
		row := []string{fmt.Sprintf("%s (%d)", r.lane.name, r.lane.count)}
		for i := range r.engines {
			row = append(row, cell(&r.engines[i], fmt.Sprintf("%.0f", r.engines[i].rate())))
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintf(w, "\n| times as fast as | %s |\n|---|%s\n", strings.Join(names[1:], " | "), strings.Repeat("---|", len(names)-1))
	means := make([]float64, len(names))
	counts := make([]int, len(names))
	for _, r := range table {
		row := []string{r.lane.name}
		for i := 1; i < len(r.engines); i++ {
			ratio := r.engines[0].rate() / r.engines[i].rate()
			row = append(row, cell(&r.engines[i], fmt.Sprintf("%.1f", ratio)))
			if !r.engines[i].notSupported {
				means[i] += math.Log(ratio)
				counts[i]++
			}
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
	row := []string{"geometric mean"}
	for i := 1; i < len(names); i++ {
		row = append(row, fmt.Sprintf("%.1f", math.Exp(means[i]/float64(max(counts[i], 1)))))
	}
	fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	printDetails(w, names, table)
}

func cell(m *measured, text string) string {
	if m.notSupported {
		return "cannot read it"
	}
	return text
}

// printDetails writes what stands behind the rates.
func printDetails(w io.Writer, names []string, table []result) {
	fmt.Fprint(w, "\n| lane | engine | rules: CPU s | events: CPU s | events: wall s | memory | events | matches |\n")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|")
	for _, r := range table {
		for i, m := range r.engines {
			if !m.notSupported {
				fmt.Fprintf(w, "| %s | %s | %.2f | %.2f | %.2f | %d MB | %d | %d |\n",
					r.lane.name, names[i], m.load, m.scan, m.wall, m.memory>>20, m.events, m.matches)
			}
		}
	}
}
