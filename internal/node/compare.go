package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/state"
)

// Bounds on what a comparison keeps: counts for each rule of both sets, and a
// few events for those that differ.
const (
	maxExamples  = 5   // of one rule
	maxDiffering = 500 // rules in a status
)

// comparison counts the verdicts of two sets. Its methods are safe for
// concurrent use.
type comparison struct {
	mu     sync.Mutex
	status ShadowStatus
	rules  map[string]*RuleTally // by identifier
}

func (c *comparison) begin(old, now *rulebook) {
	c.status.State = ShadowHistory
	c.rules = make(map[string]*RuleTally)
	for _, set := range []*rulebook{old, now} { // the new set's words count
		for _, d := range docs(set.set) {
			c.rules[d.UID()] = &RuleTally{UID: d.UID(), Title: d.Title, Level: d.Level}
		}
	}
}

func (c *comparison) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, context.Canceled):
	case err != nil:
		c.status.State, c.status.Reason = ShadowFailed, err.Error()
	default:
		c.status.State = ShadowDone
	}
}

func (c *comparison) set(state string, ahead int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.State, c.status.Ahead = state, ahead
}

// verdicts are the findings that one set has in one entry, by identifier.
type verdicts map[string]state.Finding

// add counts one entry.
func (c *comparison) add(e *event.Entry, events int, old, now verdicts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Entries++
	c.status.Events += int64(events)
	c.status.Through = max(c.status.Through, e.Seq)
	for uid, f := range now {
		if _, both := old[uid]; both {
			c.status.Both++
			c.tally(f).Both++
			continue
		}
		c.status.OnlyNew++
		t := c.tally(f)
		t.OnlyNew++
		t.note(f, true)
	}
	for uid, f := range old {
		if _, both := now[uid]; !both {
			c.status.OnlyOld++
			t := c.tally(f)
			t.OnlyOld++
			t.note(f, false)
		}
	}
}

func (c *comparison) tally(f state.Finding) *RuleTally {
	t := c.rules[f.Rule]
	if t == nil { // a rule without an id; they are few, and so are titles
		t = &RuleTally{UID: f.Rule, Title: f.Title}
		c.rules[f.Rule] = t
	}
	return t
}

func (t *RuleTally) note(f state.Finding, isNew bool) {
	if len(t.Examples) < maxExamples {
		t.Examples = append(t.Examples, ShadowExample{Event: f.Event.String(), Time: f.Time, New: isNew})
	}
}

// fill puts what was counted into the status.
func (c *comparison) fill(out *ShadowStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.status
	out.State, out.Reason = s.State, s.Reason
	out.Entries, out.Events, out.Ahead, out.Through = s.Entries, s.Events, s.Ahead, s.Through
	out.Both, out.OnlyNew, out.OnlyOld = s.Both, s.OnlyNew, s.OnlyOld
	for _, t := range c.rules {
		if t.OnlyNew+t.OnlyOld > 0 {
			copied := *t
			copied.Examples = slices.Clone(t.Examples)
			out.Differences = append(out.Differences, copied)
		}
	}
	slices.SortFunc(out.Differences, func(a, b RuleTally) int {
		return cmp.Or(cmp.Compare(b.OnlyNew+b.OnlyOld, a.OnlyNew+a.OnlyOld), cmp.Compare(a.UID, b.UID))
	})
	out.Differing = len(out.Differences)
	out.Differences = out.Differences[:min(out.Differing, maxDiffering)]
}

// compare judges every entry by both sets: first those of the lake, then those
// that the journal has and gets.
func (n *Node) compare(ctx context.Context, s *shadow) error {
	p, err := pairOf(s)
	if err != nil {
		return err
	}
	through := n.lake.Watermark()
	if s.order.Hours > 0 {
		if through, err = n.compareLake(ctx, p, s.order.Hours); err != nil {
			return err
		}
	}
	if !s.order.Live {
		return nil
	}
	s.result.set(ShadowLive, s.result.ahead())
	for e, err := range n.replay().Read(ctx, through+1) {
		if err != nil {
			return err
		}
		if n.book.Load().planHash() != s.old.planHash() {
			return nil // there is nothing to compare with any more
		}
		if err := p.judge(n, e, time.Time{}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (c *comparison) ahead() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status.Ahead
}

// compareLake goes over the last hours of the sealed lake, measured from the
// newest event of any source: in a demo or an old case, nothing is newer than
// the data but our own records of who read them. It returns the last entry of
// the lake as it saw it.
func (n *Node) compareLake(ctx context.Context, p *pair, hours int) (through uint64, err error) {
	sources, err := n.state.Sources(ctx)
	if err != nil {
		return 0, err
	}
	_, data := summarise(sources)
	from := data.To.Add(-time.Duration(hours) * time.Hour)
	window, err := n.lake.Snapshot(ctx, from, time.Time{})
	if err != nil {
		return 0, err
	}
	p.result.set(ShadowHistory, window.Events)
	for _, f := range window.Files {
		for e, err := range n.lake.Entries(ctx, f) {
			if err != nil {
				return 0, fmt.Errorf("read sealed entries: %w", err)
			}
			if err := p.judge(n, e, from); err != nil {
				return 0, err
			}
		}
	}
	return window.Through, nil
}

// side judges by one set. It belongs to one goroutine.
type side struct {
	judge      *detect.Judge
	correlator *detect.Correlator
}

func sideOf(d *detect.Detector) (side, error) {
	c, err := d.Correlator()
	if err != nil {
		return side{}, fmt.Errorf("compare rules: %w", err)
	}
	return side{d.Judge(), c}, nil
}

// entry judges the events of one entry that are not before from.
func (s side) entry(events []event.Event, e *event.Entry, from time.Time) (verdicts, error) {
	var v detect.Verdict
	for i := range events {
		if events[i].Time.Before(from) {
			continue
		}
		if err := s.judge.Add(&v, &events[i], e.Records[i].Position); err != nil {
			return nil, fmt.Errorf("judge event %s: %w", events[i].ID, err)
		}
	}
	found, err := s.correlator.Add(&v)
	if err != nil {
		return nil, fmt.Errorf("correlate entry %d: %w", e.Seq, err)
	}
	out := make(verdicts, len(v.Findings)+len(found))
	for _, f := range slices.Concat(v.Findings, found) {
		out[f.UID] = f
	}
	return out, nil
}

// pair judges by two sets side by side. Windows of correlations begin with the
// comparison, for both sets alike.
type pair struct {
	old, now side
	result   *comparison
}

func pairOf(s *shadow) (*pair, error) {
	old, err := sideOf(s.old.detect)
	if err != nil {
		return nil, err
	}
	now, err := sideOf(s.book.detect)
	return &pair{old: old, now: now, result: &s.result}, err
}

// judge compares the verdicts on one entry's events since from.
func (p *pair) judge(n *Node, e *event.Entry, from time.Time) error {
	events := n.norm.Entry(e)
	old, err := p.old.entry(events, e, from)
	if err != nil {
		return err
	}
	now, err := p.now.entry(events, e, from)
	if err != nil {
		return err
	}
	compared := 0
	for i := range events {
		if !events[i].Time.Before(from) {
			compared++
		}
	}
	p.result.add(e, compared, old, now)
	return nil
}
