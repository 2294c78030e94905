package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/evident-sec/evident/internal/ruletest"
)

// maxBars is how many days a line of bars shows; of more, the last ones.
const maxBars = 31

// printBacktest prints a line a rule, with a bar for each day, then examples
// and hints.
func printBacktest(e *env, r *ruletest.Report, all bool) error {
	w := tabwriter.NewWriter(e.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "HITS\tTODAY\tHOSTS\tLEVEL\tRULE\tSTATE\tBY DAY")
	silent := 0
	for i := range r.Rules {
		h := &r.Rules[i]
		if h.Hits == 0 && h.Before == 0 && !all {
			silent++
			continue
		}
		fmt.Fprintf(w, "%d\t%d\t%d (%.0f%%)\t%s\t%s\t%s\t%s\n", h.Hits, h.Before, h.Hosts, 100*h.Share, orDash(h.Level),
			plain(short(h.Title)), h.State, bars(h.Days, r.Days))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	for i := range r.Rules {
		printExamples(e, &r.Rules[i])
	}
	fmt.Fprintf(e.stderr, "%d events on %d hosts", r.Events, r.Hosts)
	if len(r.Days) > 0 {
		fmt.Fprintf(e.stderr, ", %s to %s", r.Days[0], r.Days[len(r.Days)-1])
	}
	fmt.Fprintf(e.stderr, "; %d rules tried, %d without a hit\n", len(r.Rules), withoutHit(r))
	if silent > 0 {
		fmt.Fprintf(e.stderr, "%d rules without a hit are not listed; --all does\n", silent)
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

func printExamples(e *env, h *ruletest.RuleHits) {
	if h.Hits == 0 {
		return
	}
	fmt.Fprintf(e.stdout, "\n%s (%s)\n", plain(h.Title), plain(h.Key))
	if h.Hint != "" {
		fmt.Fprintf(e.stdout, "  note: %s\n", plain(h.Hint))
	}
	for _, x := range h.Examples {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(x.Matched)) {
			parts = append(parts, name+"="+short(x.Matched[name]))
		}
		fmt.Fprintf(e.stdout, "  %s  %s  %s  %s\n", x.Event, x.Time.UTC().Format("2006-01-02 15:04:05"),
			plain(orDash(x.Host)), plain(strings.Join(parts, " ")))
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
