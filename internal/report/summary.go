package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/state"
)

// topRules is how many rules the summary lists.
const topRules = 10

// Summary counts findings by severity and rule.
type Summary struct {
	findings   int
	severities [7]int
	rules      map[string]*ruleCount
}

type ruleCount struct {
	title    string
	severity uint8
	hits     int
}

// NewSummary returns an empty Summary.
func NewSummary() *Summary { return &Summary{rules: map[string]*ruleCount{}} }

// Add counts a finding.
func (s *Summary) Add(f *state.Finding) {
	s.findings++
	s.severities[min(int(f.Severity), len(s.severities)-1)]++
	key := cmp.Or(f.Rule, f.Title)
	r := s.rules[key]
	if r == nil {
		r = &ruleCount{title: f.Title, severity: f.Severity}
		s.rules[key] = r
	}
	r.hits++
}

// Print ends a table: how many events were judged in which time, and which
// rules found most.
func (s *Summary) Print(out io.Writer, events int64, took time.Duration) {
	fmt.Fprintf(out, "%s judged in %.1f s (%.0f/s): %s by %s%s\n", printable.Count(events, "event"),
		took.Seconds(), float64(events)/max(took.Seconds(), 1e-3), printable.Count(s.findings, "finding"),
		printable.Count(len(s.rules), "rule"), s.levels())
	list := make([]*ruleCount, 0, len(s.rules))
	for _, r := range s.rules {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *ruleCount) int {
		return cmp.Or(cmp.Compare(b.hits, a.hits), cmp.Compare(b.severity, a.severity),
			cmp.Compare(a.title, b.title))
	})
	for _, r := range list[:min(len(list), topRules)] {
		fmt.Fprintf(out, "  %7d  %-13s  %s\n", r.hits, detect.SeverityName(r.severity),
			printable.Text(r.title))
	}
	if more := len(list) - topRules; more > 0 {
		fmt.Fprintf(out, "  and %s more\n", printable.Count(more, "rule"))
	}
}

// levels lists the severities that occurred, worst first.
func (s *Summary) levels() string {
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
