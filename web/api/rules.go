package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/attack"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/sigma"
)

// sparkBuckets is how many bars the small chart of a rule has.
const sparkBuckets = 24

// ruleBody is one rule as a list shows it.
type ruleBody struct {
	UID        string     `json:"uid"`
	Title      string     `json:"title"`
	Kind       string     `json:"kind"`
	Level      string     `json:"level"`
	Status     string     `json:"status"`
	Logsource  string     `json:"logsource"`
	Source     string     `json:"source"` // its product, or what stands for one
	Feed       string     `json:"feed"`
	Routed     bool       `json:"routed"`
	Silent     bool       `json:"silent"`
	Techniques []string   `json:"techniques"`
	Tactics    []string   `json:"tactics"`
	File       string     `json:"file"`
	Line       int        `json:"line"`
	Author     string     `json:"author"`
	Warnings   int        `json:"warnings"`
	Filters    int        `json:"filters"`
	Hits       int        `json:"hits"`
	Last       *time.Time `json:"last"` // newest finding in the range
	Spark      []int      `json:"spark"`
}

// rulesInRange are the rules with what they found in a range.
type rulesInRange struct {
	docs     []node.RuleDoc
	bodies   []ruleBody // of the same index
	from, to time.Time
	width    time.Duration
}

// ruleRange reads from and to and collects the rules with their hits. Counts
// say nothing about a person: they are not recorded, like those of the
// histogram.
func (a *API) ruleRange(ctx context.Context, r *http.Request) (*rulesInRange, error) {
	from, to, err := timeRange(r)
	if err != nil {
		return nil, err
	}
	req := search.Request{From: from, To: to}
	if err := a.closeRange(ctx, &req); err != nil {
		return nil, err
	}
	out := &rulesInRange{docs: a.node.RuleDocs(), from: req.From, to: req.To}
	out.width = max(req.To.Sub(req.From)/sparkBuckets+1, time.Millisecond)
	hits, err := a.node.State().RuleHits(ctx, req.From, req.To, out.width)
	if err != nil {
		return nil, err
	}
	feeds, err := a.node.Feeds(ctx)
	if err != nil {
		return nil, err
	}
	out.bodies = make([]ruleBody, len(out.docs))
	known := make(map[sigma.Logsource]attack.Feed)
	for i := range out.docs {
		d := &out.docs[i]
		ls := logsourceOf(d)
		feed, ok := known[ls]
		if !ok {
			feed, _ = feeds.Of(ls)
			known[ls] = feed
		}
		out.bodies[i] = bodyOf(d, ls, feed)
		out.bodies[i].count(hits[d.FindingRule()])
	}
	return out, nil
}

// logsourceOf is a rule's or a filter's log source; a correlation has those of
// the rules it correlates, of which the first stands for all.
func logsourceOf(d *node.RuleDoc) sigma.Logsource {
	switch {
	case d.Rule != nil:
		return d.Rule.Logsource
	case d.Filter != nil:
		return d.Filter.Logsource
	}
	for c := d.Correlation; c != nil && len(c.Rules) > 0; c = c.Rules[0].Correlation {
		if c.Rules[0].Rule != nil {
			return c.Rules[0].Rule.Logsource
		}
	}
	return sigma.Logsource{}
}

func bodyOf(d *node.RuleDoc, ls sigma.Logsource, feed attack.Feed) ruleBody {
	b := ruleBody{
		UID: d.UID(), Title: d.Title, Kind: string(d.Kind), Level: d.Level, Status: d.Status,
		Logsource: ls.String(), Source: cmp.Or(ls.Product, ls.Category, ls.Service, "any"),
		Feed: cmp.Or(string(feed), "unknown"), Routed: true, Techniques: orEmpty(d.Techniques()),
		Tactics: []string{}, File: d.File, Line: d.Line, Author: d.Author,
		Warnings: len(d.Warnings), Filters: len(d.Filters), Spark: []int{},
	}
	for _, t := range d.Tactics() {
		b.Tactics = append(b.Tactics, detect.TacticName(t))
	}
	if d.Rule != nil {
		b.Routed, b.Silent = d.Rule.Routed, d.Rule.Silent
	}
	if d.Correlation != nil {
		b.Silent = d.Correlation.Silent
	}
	return b
}

func (b *ruleBody) count(h state.RuleHits) {
	if h.Total == 0 {
		return
	}
	b.Hits, b.Last, b.Spark = h.Total, &h.Last, make([]int, sparkBuckets)
	for bucket, n := range h.Buckets {
		b.Spark[min(max(bucket, 0), sparkBuckets-1)] += n
	}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// rules answers GET rules.
func (a *API) rules(ctx context.Context, r *http.Request) (any, error) {
	f, err := readRuleFilter(r)
	if err != nil {
		return nil, err
	}
	limit, err := intParam(r, "limit", 200, 5000)
	if err != nil {
		return nil, err
	}
	offset, err := offsetParam(r)
	if err != nil {
		return nil, err
	}
	all, err := a.ruleRange(ctx, r)
	if err != nil {
		return nil, err
	}
	matching := make([]ruleBody, 0, len(all.bodies))
	for i := range all.bodies {
		if f.holds(&all.bodies[i], &all.docs[i]) {
			matching = append(matching, all.bodies[i])
		}
	}
	sortRules(matching, f.sort)
	page := matching[min(offset, len(matching)):]
	return map[string]any{
		"rules": page[:min(limit, len(page))], "total": len(matching), "of": len(all.bodies),
		"facets": ruleFacets(all, &f), "rejected": a.node.RejectedRules(),
		"set": a.node.RulesStatus(), "from": all.from, "to": all.to, "bucket_s": all.width.Seconds(),
	}, nil
}

// sortRules brings rules in the order asked for; what is alike stays in load
// order.
func sortRules(list []ruleBody, by string) {
	slices.SortStableFunc(list, func(x, y ruleBody) int {
		switch by {
		case "title":
			return cmp.Compare(strings.ToLower(x.Title), strings.ToLower(y.Title))
		case "level":
			return cmp.Or(levelRank(y.Level)-levelRank(x.Level), y.Hits-x.Hits)
		case "last":
			return lastOf(y).Compare(lastOf(x))
		}
		return cmp.Or(y.Hits-x.Hits, levelRank(y.Level)-levelRank(x.Level))
	})
}

func lastOf(b ruleBody) time.Time {
	if b.Last == nil {
		return time.Time{}
	}
	return *b.Last
}

func levelRank(level string) int {
	return slices.Index([]string{"", "informational", "low", "medium", "high", "critical"}, level)
}
