package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/ruletest"
)

// maxBars is how many days a line of bars shows; of more, the last ones.
const maxBars = 31

// Backtest prints a line a rule, with a bar for each day, then examples
// and hints.
func Backtest(out, notes io.Writer, r *ruletest.Report, all bool) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "HITS\tTODAY\tHOSTS\tLEVEL\tRULE\tSTATE\tBY DAY")
	silent := 0
	for i := range r.Rules {
		h := &r.Rules[i]
		if h.Hits == 0 && h.Before == 0 && !all {
			silent++
			continue
		}
		fmt.Fprintf(w, "%d\t%d\t%d (%.0f%%)\t%s\t%s\t%s\t%s\n",
			h.Hits, h.Before, h.Hosts, 100*h.Share, orDash(h.Level),
			printable.Text(short(h.Title)), h.State, bars(h.Days, r.Days))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	for i := range r.Rules {
		printExamples(out, &r.Rules[i])
	}
	fmt.Fprintf(notes, "%s on %s", printable.Count(r.Events, "event"),
		printable.Count(r.Hosts, "host"))
	if len(r.Days) > 0 {
		fmt.Fprintf(notes, ", %s to %s", r.Days[0], r.Days[len(r.Days)-1])
	}
	fmt.Fprintf(notes, "; %s tried, %d without a hit\n", printable.Count(len(r.Rules), "rule"),
		withoutHit(r))
	if silent > 0 {
		fmt.Fprintf(notes, "%s without a hit not listed; --all does\n", printable.Count(silent, "rule"))
	}
	return nil
}

func withoutHit(r *ruletest.Report) int {
	n := 0
	for i := range r.Rules {
		if r.Rules[i].Hits == 0 {
			n++
		}
	}
	return n
}

func printExamples(out io.Writer, h *ruletest.RuleHits) {
	if h.Hits == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s (%s)\n", printable.Text(h.Title), printable.Text(h.Key))
	if h.Hint != "" {
		fmt.Fprintf(out, "  note: %s\n", printable.Text(h.Hint))
	}
	for _, x := range h.Examples {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(x.Matched)) {
			parts = append(parts, name+"="+short(x.Matched[name]))
		}
		fmt.Fprintf(out, "  %s  %s  %s  %s\n", x.Event, x.Time.UTC().Format("2006-01-02 15:04:05"),
			printable.Text(orDash(x.Host)), printable.Text(strings.Join(parts, " ")))
	}
}

// barLevels are the heights of a bar, the lowest for a day without a hit.
var barLevels = []rune("·▁▂▃▄▅▆▇█")

// bars draws a count for each day, the highest full.
func bars(hits map[string]int, days []string) string {
	days = days[max(0, len(days)-maxBars):]
	most := 1
	for _, n := range hits {
		most = max(most, n)
	}
	var out strings.Builder
	for _, d := range days {
		n := hits[d]
		level := 0
		if n > 0 {
			level = 1 + (n*(len(barLevels)-2)+most/2)/most
		}
		out.WriteRune(barLevels[min(level, len(barLevels)-1)])
	}
	return out.String()
}

// short cuts a cell so that a table line stays readable.
func short(s string) string {
	const width = 80
	if runes := []rune(s); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return s
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
