package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/sigma"
)

// maxRecent bounds the findings that a rule's page shows.
const maxRecent = 20

// ruleDetail is one rule with all that its page shows.
type ruleDetail struct {
	ruleBody
	Description    string          `json:"description"`
	Name           string          `json:"name"`
	License        string          `json:"license"`
	Date           string          `json:"date"`
	Modified       string          `json:"modified"`
	References     []string        `json:"references"`
	FalsePositives []string        `json:"falsepositives"`
	Tags           []string        `json:"tags"`
	SHA256         string          `json:"sha256"`
	Notes          []string        `json:"notes"` // deviations from the specification
	Text           ruleText        `json:"text"`
	Needs          []string        `json:"needs"` // kinds of events, any of which will do
	Events         int64           `json:"events"`
	FilteredBy     []ruleReference `json:"filtered_by"`
	Related        []ruleReference `json:"related"` // correlated by or with it, or filtered
	Histogram      histogramBody   `json:"histogram"`
	Recent         []recentHit     `json:"recent"`
}

// ruleText is the rule's file as it was loaded.
type ruleText struct {
	Text    string `json:"text"`
	Current bool   `json:"current"` // false: the file is another by now and is not shown
}

// ruleReference names another document.
type ruleReference struct {
	UID   string `json:"uid"`
	Title string `json:"title"`
	Kind  string `json:"kind"`
}

// recentHit is a finding as an example of what the rule finds.
type recentHit struct {
	Finding string    `json:"finding"`
	Event   string    `json:"event"`
	Time    time.Time `json:"time"`
	Host    string    `json:"host"`
}

// rule answers GET rules/{id}.
func (a *API) rule(ctx context.Context, r *http.Request) (any, error) {
	all, err := a.ruleRange(ctx, r)
	if err != nil {
		return nil, err
	}
	uid := r.PathValue("id")
	i := slices.IndexFunc(all.docs, func(d node.RuleDoc) bool { return d.UID() == uid })
	if i < 0 {
		return nil, noSuchRule(uid)
	}
	d := &all.docs[i]
	err = a.node.RecordOnce(ctx, node.Act{
		Operation: "read-rule", Caller: CallerFrom(ctx).ID, Detail: "findings of rule " + uid,
	})
	if err != nil {
		return nil, err
	}
	out := detailOf(d, all.bodies[i])
	out.Related = related(d, all.docs)
	out.Text.Text, out.Text.Current = a.node.RuleText(d)
	feeds, err := a.node.Feeds(ctx)
	if err != nil {
		return nil, err
	}
	ls := logsourceOf(d)
	_, out.Events = feeds.Of(ls)
	out.Needs = orEmpty(a.node.Kinds(ls))
	if out.Histogram, err = a.ruleHistogram(ctx, d, all); err != nil {
		return nil, err
	}
	out.Recent, err = a.recentHits(ctx, d, all)
	return out, err
}

func noSuchRule(uid string) error {
	return fmt.Errorf("find rule %q: %w", uid, state.ErrNotFound)
}

func detailOf(d *node.RuleDoc, b ruleBody) *ruleDetail {
	out := &ruleDetail{
		ruleBody: b, Description: d.Description, Name: d.Name, License: d.License, Date: d.Date,
		Modified: d.Modified, References: orEmpty(d.References),
		FalsePositives: orEmpty(d.FalsePositives), Tags: orEmpty(d.Tags), SHA256: d.SHA256,
		Notes: orEmpty(d.Warnings), FilteredBy: []ruleReference{},
	}
	for _, f := range d.Filters {
		out.FilteredBy = append(out.FilteredBy, ruleReference{
			(&node.RuleDoc{Meta: &f.Meta}).UID(), f.Title, string(node.KindFilter),
		})
	}
	return out
}

// related are the documents that a correlation or filter is about, and the
// correlations that a rule is part of.
func related(d *node.RuleDoc, all []node.RuleDoc) []ruleReference {
	out := []ruleReference{}
	add := func(kind node.RuleKind, m *sigma.Meta) {
		out = append(out, ruleReference{(&node.RuleDoc{Meta: m}).UID(), m.Title, string(kind)})
	}
	if d.Correlation != nil {
		for _, ref := range d.Correlation.Rules {
			switch {
			case ref.Rule != nil:
				add(node.KindDetection, &ref.Rule.Meta)
			case ref.Correlation != nil:
				add(node.KindCorrelation, &ref.Correlation.Meta)
			}
		}
	}
	if d.Filter != nil {
		for _, r := range d.Filter.Applied {
			add(node.KindDetection, &r.Meta)
		}
	}
	for i := range all {
		c := all[i].Correlation
		if c != nil && slices.ContainsFunc(c.Rules, func(ref sigma.Reference) bool {
			return ref.Rule != nil && ref.Rule == d.Rule ||
				ref.Correlation != nil && ref.Correlation == d.Correlation
		}) {
			add(node.KindCorrelation, &c.Meta)
		}
	}
	return out[:min(len(out), 200)]
}

// ruleHistogram counts the rule's findings over the range in the form of the
// other histograms, so that a page draws them alike.
func (a *API) ruleHistogram(ctx context.Context, d *node.RuleDoc, all *rulesInRange,
) (histogramBody, error) {
	const buckets = 96
	width := max(all.to.Sub(all.from)/buckets+1, time.Millisecond)
	out := histogramBody{From: all.from, To: all.to, BucketS: width.Seconds(), Buckets: []bucket{}}
	if !all.from.Before(all.to) {
		return out, nil
	}
	hits, err := a.node.State().RuleHits(ctx, all.from, all.to, width)
	if err != nil {
		return out, err
	}
	h := hits[d.FindingRule()]
	for i := range buckets {
		b := bucket{T: all.from.Add(time.Duration(i) * width), Events: int64(h.Buckets[i])}
		*b.of(d.Level) = h.Buckets[i]
		out.Buckets = append(out.Buckets, b)
	}
	return out, nil
}

// of is the count of the findings that a rule of the level makes.
func (b *bucket) of(level string) *int {
	switch detect.SeverityID(level) {
	case 5:
		return &b.Critical
	case 4:
		return &b.High
	case 2:
		return &b.Low
	case 1:
		return &b.Informational
	}
	return &b.Medium
}

func (a *API) recentHits(ctx context.Context, d *node.RuleDoc, all *rulesInRange,
) ([]recentHit, error) {
	out := []recentHit{}
	if d.FindingRule() == "" {
		return out, nil
	}
	found, _, err := a.node.State().Findings(ctx, state.Filter{
		Rule: d.FindingRule(), From: all.from, To: all.to, Limit: maxRecent,
	})
	for _, f := range found {
		out = append(out, recentHit{f.UID, f.Event.String(), f.Time, f.Host})
	}
	return out, err
}

// explain answers GET rules/{id}/explain: why the rule holds for an event or
// does not. It shows values of the event, so it is recorded like reading it.
func (a *API) explain(ctx context.Context, r *http.Request) (any, error) {
	id, err := event.ParseID(r.URL.Query().Get("event"))
	if err != nil {
		return nil, badRequest("bad-identifier", err.Error(),
			"Add ?event=UID; identifiers look like 12-7.")
	}
	uid := r.PathValue("id")
	docs := a.node.RuleDocs()
	i := slices.IndexFunc(docs, func(d node.RuleDoc) bool { return d.UID() == uid })
	switch {
	case i < 0:
		return nil, noSuchRule(uid)
	case docs[i].Rule == nil:
		return nil, &Problem{
			Status: http.StatusConflict, Code: "not-one-event",
			Title: "A " + string(docs[i].Kind) + " is not about one event",
			Next:  "Explain one of the rules that it is about.",
		}
	}
	ev, _, err := a.node.Event(ctx, id)
	if err != nil {
		return nil, err
	}
	err = a.node.Record(ctx, node.Act{
		Operation: "explain-rule", Caller: CallerFrom(ctx).ID,
		Detail: "event " + id.String() + " by rule " + uid,
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"event":       a.row(ev, a.node.Sealed()),
		"explanation": a.node.Plan().Explain(docs[i].Rule, ev),
	}, nil
}
