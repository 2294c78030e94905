package detectcmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/ruletest"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
)

// testJudge judges what rule tests name, with one compiled rule set.
type testJudge struct {
	e       *console.Env
	norm    *normalize.Normalizer
	detect  *detect.Detector
	sources *sigma.Logsources
	own     map[string]sigma.Logsource // by ruletest.Key
}

func newTestJudge(e *console.Env, set *sigma.RuleSet) (*testJudge, error) {
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		return nil, fmt.Errorf("load mappings: %w", err)
	}
	sources, err := node.Logsources()
	if err != nil {
		return nil, err
	}
	plan, err := node.CompilePlan(set)
	if err != nil {
		return nil, err
	}
	j := &testJudge{
		e: e, norm: norm, detect: detect.New(plan), sources: sources,
		own: map[string]sigma.Logsource{},
	}
	for _, r := range set.Rules {
		j.own[ruletest.Key(&r.Meta)] = r.Logsource
	}
	for _, c := range set.Correlations {
		if bases := baseRules(found{Meta: &c.Meta, correlation: c}); len(bases) > 0 {
			j.own[ruletest.Key(&c.Meta)] = bases[0].Logsource
		}
	}
	return j, nil
}

// File judges one file.
func (j *testJudge) File(ctx context.Context, path string) (ruletest.Fires, error) {
	in, err := fileInput(j.e, []string{path}, "")
	if err != nil {
		return nil, err
	}
	fires, err := j.fires(ctx, j.scan(), in)
	switch {
	case err != nil:
		return nil, err
	case len(in.report.Problems) > 0:
		return nil, errors.New(in.report.Problems[0].String())
	}
	return fires, nil
}

// Events judges events of a test as one stream. One that says nothing about
// where it comes from is of the rule's log source.
func (j *testJudge) Events(
	ctx context.Context, events [][]byte, rule string,
) (ruletest.Fires, error) {
	in := &scanInput{}
	in.each = func(ctx context.Context, visit func(context.Context, *event.Entry) error) error {
		for at := 0; at < len(events); at += event.MaxEntryRecords {
			entry := &event.Entry{Seq: uint64(at) + 1, Source: "test", Format: event.FormatJSON}
			for i, raw := range events[at:min(at+event.MaxEntryRecords, len(events))] {
				entry.Records = append(entry.Records, event.Record{Raw: raw, Position: int64(at + i + 1)})
			}
			if err := visit(ctx, entry); err != nil {
				return err
			}
		}
		return nil
	}
	s := j.scan()
	s.adapt = func(ev *event.Event) {
		if !j.belongs(ev) {
			ls := j.own[rule]
			ev.Product, ev.Category, ev.Service = ls.Product, ls.Category, ls.Service
		}
	}
	return j.fires(ctx, s, in)
}

// belongs reports whether the event is of some log source of the mapping.
func (j *testJudge) belongs(ev *event.Event) bool {
	if ev.Product != "" || ev.Category != "" || ev.Service != "" {
		return true
	}
	in := j.sources.Intake()
	in.Add(ev)
	for _, ls := range j.sources.Sources() {
		if n, _ := in.Events(ls); n > 0 {
			return true
		}
	}
	return false
}

func (j *testJudge) scan() *scan { return prepareScan(j.norm, j.detect) }

func (j *testJudge) fires(ctx context.Context, s *scan, in *scanInput) (ruletest.Fires, error) {
	fires := ruletest.Fires{}
	err := s.run(ctx, in, func(d *judged) error {
		for i := range d.findings {
			fires[cmp.Or(d.findings[i].Rule, d.findings[i].Title)]++
		}
		return nil
	})
	return fires, err
}
