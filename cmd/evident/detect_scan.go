package main

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/state"
)

// scan judges entries on all processors and gives the findings back in the
// order of the entries, those of correlations among them.
type scan struct {
	norm   *normalize.Normalizer
	detect *detect.Detector
	other  *detect.Detector // a second opinion on the same events; may be nil

	from, to time.Time // of the events that are judged; zero: no limit

	// adapt and see get every event before and after it is judged, from several
	// goroutines; both may be nil. The event is gone when they return.
	adapt func(*event.Event)
	see   func(*event.Event)

	events, bytes, findings atomic.Int64
}

// judged is one entry and what was found in it.
type judged struct {
	findings []state.Finding
	others   []state.Finding // of the second opinion

	verdict, second detect.Verdict
	err             error
	done            chan struct{}
}

// worker is what one goroutine judges with.
type worker struct {
	scanner *normalize.Scanner
	judge   *detect.Judge
	other   *detect.Judge
}

func prepareScan(norm *normalize.Normalizer, d *detect.Detector) *scan {
	return &scan{norm: norm, detect: d}
}

// workers are as many as there are processors.
func (s *scan) workers() chan *worker {
	out := make(chan *worker, runtime.GOMAXPROCS(0))
	for range cap(out) {
		w := &worker{scanner: s.norm.Scanner(), judge: s.detect.Judge()}
		if s.other != nil {
			w.other = s.other.Judge()
		}
		out <- w
	}
	return out
}

// run judges the input; take gets every entry's outcome, in order.
func (s *scan) run(ctx context.Context, in *scanInput, take func(*judged) error) error {
	finish, err := s.finisher(in)
	if err != nil {
		return err
	}
	workers := s.workers()
	order := make(chan *judged, 4*cap(workers))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		for j := range order {
			<-j.done
			if err := finish(j); err != nil {
				return err
			}
			if err := take(j); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		defer close(order)
		return in.each(ctx, func(ctx context.Context, e *event.Entry) error {
			return s.start(ctx, e, workers, order)
		})
	})
	return group.Wait()
}

// start judges one entry beside the others.
func (s *scan) start(ctx context.Context, e *event.Entry, workers chan *worker, order chan<- *judged) error {
	j := &judged{done: make(chan struct{})}
	select {
	case order <- j:
	case <-ctx.Done():
		close(j.done)
		return ctx.Err()
	}
	w := <-workers
	go func() {
		defer func() { workers <- w; close(j.done) }()
		j.err = s.judge(w, e, j)
	}()
	return nil
}

// finisher completes what was judged, entry by entry in order: there
// correlations look at what was found.
func (s *scan) finisher(in *scanInput) (func(*judged) error, error) {
	windows, err := correlator(s.detect, in)
	if err != nil {
		return nil, err
	}
	others, err := correlator(s.other, in)
	if err != nil {
		return nil, err
	}
	return func(j *judged) error {
		if j.err != nil {
			return j.err
		}
		var err error
		if j.findings, err = completed(windows, &j.verdict); err != nil {
			return err
		}
		s.findings.Add(int64(len(j.findings)))
		j.others, err = completed(others, &j.second)
		return err
	}, nil
}

// correlator makes windows; those of files know where their records stood.
func correlator(d *detect.Detector, in *scanInput) (*detect.Correlator, error) {
	switch {
	case d == nil:
		return nil, nil
	case in.kept:
		return d.Correlator()
	}
	return d.Session()
}

func completed(c *detect.Correlator, v *detect.Verdict) ([]state.Finding, error) {
	if c == nil {
		return nil, nil
	}
	more, err := c.Add(v)
	return append(v.Findings, more...), err
}

// judge looks at every event of an entry.
func (s *scan) judge(w *worker, e *event.Entry, j *judged) error {
	// Time and host are known only of an event that is mapped.
	whole := !s.from.IsZero() || !s.to.IsZero() || s.see != nil || s.other != nil
	complete := w.scanner.Complete
	if whole {
		complete = nil
	}
	var events int64
	w.scanner.Open(e)
	for i := 0; ; i++ {
		ev := w.scanner.Next()
		if ev == nil {
			break
		}
		if whole {
			w.scanner.Complete()
		}
		if ev.Time.Before(s.from) || !s.to.IsZero() && !ev.Time.Before(s.to) {
			continue
		}
		events++
		if err := s.one(w, j, ev, e.Records[i].Position, complete); err != nil {
			return err
		}
	}
	s.events.Add(events)
	s.bytes.Add(int64(e.Bytes()))
	return nil
}

func (s *scan) one(w *worker, j *judged, ev *event.Event, position int64, complete func()) error {
	if s.adapt != nil {
		s.adapt(ev)
	}
	if err := w.judge.AddScanned(&j.verdict, ev, position, complete); err != nil {
		return err
	}
	if w.other != nil {
		if err := w.other.AddScanned(&j.second, ev, position, nil); err != nil {
			return err
		}
	}
	if s.see != nil {
		s.see(ev)
	}
	return nil
}

// rate says how much was judged and how fast.
func (s *scan) rate(began time.Time) string {
	n := s.events.Load()
	return fmt.Sprintf("%d events, %.0f/s, %d findings", n,
		float64(n)/time.Since(began).Seconds(), s.findings.Load())
}

// stats are the figures of --stats.
func (s *scan) stats(loaded, rejected int, began time.Time) map[string]any {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use) // fails only for a bad argument
	cpu := time.Duration(use.Utime.Nano() + use.Stime.Nano())
	return map[string]any{
		"events": s.events.Load(), "bytes": s.bytes.Load(), "findings": s.findings.Load(),
		"rules_loaded": loaded, "rules_rejected": rejected,
		"wall_s": time.Since(began).Seconds(), "cpu_s": cpu.Seconds(), "max_rss_bytes": use.Maxrss * 1024,
	}
}
