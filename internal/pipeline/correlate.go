package pipeline

import (
	"context"
	"errors"
	"sync"

	"github.com/evident-sec/evident/internal/detect"
)

// rules is what entries are judged by, and from where on.
type rules struct {
	mu     sync.Mutex
	detect *detect.Detector
	next   uint64 // the first entry that is not read yet, 0 before the start
}

// from notes the first entry that will be read.
func (r *rules) from(seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = seq
}

// of returns what judges an entry that is being read.
func (r *rules) of(seq uint64) *detect.Detector {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = seq + 1
	return r.detect
}

// Swap judges by d from the next entry on that is read, whose sequence it
// returns: 0 means all. Entries that are on their way keep the detector they
// were read for. The windows of correlations whose key (correlate.Plan.Keys) is
// in d as well go on; those of others are dropped, and the log says so.
func (p *Pipeline) Swap(ctx context.Context, d *detect.Detector) (from uint64, err error) {
	if d == nil {
		return 0, errors.New("change rules: there are none")
	}
	if _, err := d.Correlator(); err != nil {
		return 0, err
	}
	select {
	case <-p.stopped:
		return 0, p.failure()
	default:
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	p.rules.mu.Lock()
	defer p.rules.mu.Unlock()
	p.rules.detect = d
	return p.rules.next, nil
}

// restore makes the correlator with the windows that the state has.
func (c *committer) restore(ctx context.Context) error {
	c.p.rules.mu.Lock()
	c.detect = c.p.rules.detect
	c.p.rules.mu.Unlock()
	if c.detect == nil {
		return nil
	}
	var err error
	if c.correlator, err = c.detect.Correlator(); err != nil {
		return err
	}
	c.warn(c.detect)
	return c.load(ctx)
}

// warn says which correlations can never fire.
func (c *committer) warn(d *detect.Detector) {
	for _, co := range d.Unreachable() {
		c.p.cfg.Log.Warn("correlation asks for more events than are kept and cannot fire",
			"correlation", co.Title, "file", co.File, "line", co.Line)
	}
}

// load reads the state's windows into a new correlator.
func (c *committer) load(ctx context.Context) error {
	unknown, err := c.correlator.Restore(c.p.cfg.State.Windows(ctx))
	if err != nil {
		return err
	}
	if c.p.cfg.Partial {
		return nil
	}
	c.dropped(unknown)
	c.correlator.Erase(unknown)
	if n := c.correlator.Stats().Damaged; n > 0 {
		c.p.cfg.Log.Warn("windows of correlations are damaged and begin anew", "groups", n)
	}
	return nil
}

func (c *committer) dropped(keys []string) {
	for _, key := range keys {
		c.p.cfg.Log.Warn("correlation changed or is gone: its windows are dropped", "correlation", key)
	}
}

// correlate gives the entry's hits to the correlator of the rules that judged
// it, and its findings to the entry.
func (c *committer) correlate(ctx context.Context, j *job) error {
	if j.detect != c.detect {
		if err := c.swap(ctx, j.detect); err != nil {
			return err
		}
	}
	if c.correlator == nil {
		return nil
	}
	found, err := c.correlator.Add(&j.verdict)
	j.verdict.Findings = append(j.verdict.Findings, found...)
	return err
}

// swap changes to the correlator of other rules.
func (c *committer) swap(ctx context.Context, d *detect.Detector) (err error) {
	c.detect = d
	c.warn(d)
	if c.correlator == nil {
		if c.correlator, err = d.Correlator(); err != nil {
			return err
		}
		return c.load(ctx)
	}
	next, dropped, err := c.correlator.Swap(d)
	if err != nil {
		return err
	}
	c.correlator = next
	c.dropped(dropped)
	return nil
}
