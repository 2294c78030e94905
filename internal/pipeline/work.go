package pipeline

import (
	"context"
	"slices"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/proof"
)

// job is one entry on its way through a worker.
type job struct {
	entry    *event.Entry
	events   []event.Event
	detect   *detect.Detector // by which it is judged; nil: not at all
	verdict  detect.Verdict
	manifest proof.Manifest
	err      error
	done     chan struct{} // closed when the worker is through
}

func (p *Pipeline) work(ctx context.Context, jobs <-chan *job) error {
	var by *detect.Detector
	var judge *detect.Judge
	for {
		select {
		case j, ok := <-jobs:
			if !ok {
				return nil
			}
			if by != j.detect {
				if by, judge = j.detect, nil; by != nil {
					judge = by.Judge()
				}
			}
			p.process(j, judge)
			close(j.done)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *Pipeline) process(j *job, judge *detect.Judge) {
	j.manifest = ledger.ManifestOf(j.entry)
	// Destroyed records come back when a lost state is derived again.
	j.events = slices.DeleteFunc(p.cfg.Normalize.Entry(j.entry), func(ev event.Event) bool {
		return j.entry.Records[ev.ID.Leaf].Erased != nil
	})
	for i := range j.events {
		if judge == nil {
			break
		}
		ev := &j.events[i]
		if j.err = judge.Add(&j.verdict, ev, j.entry.Records[ev.ID.Leaf].Position); j.err != nil {
			return
		}
	}
	j.err = Mask(p.cfg.Masker, j.events) // rules judge what arrived
}
