package detectcmd

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
	"github.com/evident-sec/evident/internal/retro"
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

	events, judged, bytes, findings atomic.Int64 // judged: of events, not passed over
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
		return s.feed(ctx, in, func(e *event.Entry, records []uint32) error {
			return s.start(ctx, task{e, records}, workers, order)
		})
	})
	return group.Wait()
}

// feed gives the input to visit: of a data folder only what may be found
// something in, unless every event is asked for.
func (s *scan) feed(ctx context.Context, in *scanInput, visit retro.Visit) error {
	if in.sweep != nil && s.see == nil && s.adapt == nil && s.other == nil {
		cfg := retro.Config{Plan: s.detect.Plan()}
		return in.sweep(ctx, cfg, visit, func(events int64) { s.events.Add(events) })
	}
	return in.each(ctx, func(_ context.Context, e *event.Entry) error { return visit(e, nil) })
}

// task is an entry to judge: these of its records, or all for nil.
type task struct {
	*event.Entry
	records []uint32
}

// start judges one entry beside the others.
func (s *scan) start(ctx context.Context, t task, workers chan *worker, order chan<- *judged) error {
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
		j.err = s.judge(w, t, j)
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

// judge looks at the events of an entry.
func (s *scan) judge(w *worker, t task, j *judged) error {
	// Time and host are known only of an event that is mapped.
	whole := !s.from.IsZero() || !s.to.IsZero() || s.see != nil || s.other != nil
	complete := w.scanner.Complete
	if whole {
		complete = nil
	}
	n := len(t.Records)
	if t.records != nil {
		n = len(t.records)
	}
	w.scanner.Open(t.Entry)
	for k := range n {
		i := k
		if t.records != nil {
			i = int(t.records[k])
			w.scanner.Seek(i)
		}
		ev := w.scanner.Next()
		if whole {
			w.scanner.Complete()
		}
		s.bytes.Add(int64(len(ev.Raw)))
		if ev.Time.Before(s.from) || !s.to.IsZero() && !ev.Time.Before(s.to) {
			continue
		}
		s.judged.Add(1)
		if t.records == nil {
			s.events.Add(1)
		}
		if err := s.one(w, j, ev, t.Records[i].Position, complete); err != nil {
			return err
		}
	}
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
		"events": s.events.Load(), "judged": s.judged.Load(), "bytes": s.bytes.Load(), "findings": s.findings.Load(),
		"rules_loaded": loaded, "rules_rejected": rejected,
		"wall_s": time.Since(began).Seconds(), "cpu_s": cpu.Seconds(), "max_rss_bytes": use.Maxrss * 1024,
	}
}
