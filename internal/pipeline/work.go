package pipeline

import (
	"context"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/proof"
)

// job is one entry on its way through a worker.
type job struct {
	entry    *event.Entry
	events   []event.Event
	findings []state.Finding
	manifest proof.Manifest
	err      error
	done     chan struct{} // closed when the worker is through
}

func (p *Pipeline) work(ctx context.Context, jobs <-chan *job) error {
	var judge *detect.Judge
	if p.cfg.Detect != nil {
		judge = p.cfg.Detect.Judge()
	}
	for {
		select {
		case j, ok := <-jobs:
			if !ok {
				return nil
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
	j.events = p.cfg.Normalize.Entry(j.entry)
	if judge == nil {
		return
	}
	for i := range j.events {
		found, err := judge.Findings(&j.events[i], j.entry.Records[i].Position)
		if err != nil {
			j.err = err
			return
		}
		j.findings = append(j.findings, found...)
	}
}
