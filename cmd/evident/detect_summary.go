package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/state"
)

// topRules is how many rules the summary lists.
const topRules = 10

// summary counts findings by severity and rule.
type summary struct {
	severities [7]int
	rules      map[string]*ruleCount
}

type ruleCount struct {
	title    string
	severity uint8
	hits     int
}

func newSummary() *summary { return &summary{rules: map[string]*ruleCount{}} }

func (s *summary) add(f *state.Finding) {
	s.severities[min(int(f.Severity), len(s.severities)-1)]++
	key := cmp.Or(f.Rule, f.Title)
	r := s.rules[key]
	if r == nil {
		r = &ruleCount{title: f.Title, severity: f.Severity}
		s.rules[key] = r
	}
	r.hits++
}

// print ends a table.
func (s *summary) print(out io.Writer, scan *scan, took time.Duration) {
	events := scan.events.Load()
	fmt.Fprintf(out, "%d events judged in %.1f s (%.0f/s): %d findings by %d rules%s\n", events,
		took.Seconds(), float64(events)/max(took.Seconds(), 1e-3), scan.findings.Load(), len(s.rules), s.levels())
	list := make([]*ruleCount, 0, len(s.rules))
	for _, r := range s.rules {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *ruleCount) int {
		return cmp.Or(cmp.Compare(b.hits, a.hits), cmp.Compare(b.severity, a.severity), cmp.Compare(a.title, b.title))
	})
	for _, r := range list[:min(len(list), topRules)] {
		fmt.Fprintf(out, "  %7d  %-13s  %s\n", r.hits, detect.SeverityName(r.severity), plain(r.title))
	}
	if more := len(list) - topRules; more > 0 {
		fmt.Fprintf(out, "  and %d rules more\n", more)
	}
}

// levels lists the severities that occurred, worst first.
func (s *summary) levels() string {
	var parts []string
	for id := len(s.severities) - 1; id >= 0; id-- {
		if n := s.severities[id]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ToLower(detect.SeverityName(uint8(id)))))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
