package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/mappings"
)

type detectCmd struct {
	Rules  []string `placeholder:"DIR" type:"path" help:"Sigma rules besides the starter pack; repeatable."`
	Format string   `enum:",json,syslog,auditd,zeek-tsv,csv,text" default:"" help:"Format, where detection is not wanted."`
	JSON   bool     `help:"One OCSF Detection Finding a line."`
	Stats  bool     `help:"End with one JSON line of figures on standard error."`
	Paths  []string `arg:"" name:"path" help:"Files, folders, archives, or - for standard input."`
}

// Help shows an example.
func (detectCmd) Help() string {
	return "Example:\n  evident detect --rules sigma/rules --stats logs/"
}

// scan judges entries on all processors and prints findings in input order.
type scan struct {
	e      *env
	json   bool
	norm   *normalize.Normalizer
	judges chan *detect.Judge
	seq    uint64

	mu       sync.Mutex // guards the counts
	events   int64
	bytes    int64
	findings int64
}

// Run scans and keeps nothing.
func (c *detectCmd) Run(e *env) error {
	began := time.Now()
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		return fmt.Errorf("load mappings: %w", err)
	}
	plan, set, err := node.LoadPlan(c.Rules)
	if err != nil {
		return err
	}
	s := &scan{e: e, json: c.JSON, norm: norm, judges: make(chan *detect.Judge, runtime.GOMAXPROCS(0))}
	detector := detect.New(plan)
	for range cap(s.judges) {
		s.judges <- detector.Judge()
	}
	report, err := s.run(c)
	for _, p := range report.Problems {
		fmt.Fprintf(e.stderr, "evident: %s\n", plain(p.String()))
	}
	if err != nil {
		return err
	}
	if c.Stats {
		return jsonLine(e.stderr, s.stats(len(set.Rules), len(set.Rejected), began))
	}
	return nil
}

// pendingLines are the findings of one entry, ready when done is closed.
type pendingLines struct {
	lines []byte
	err   error
	done  chan struct{}
}

func (s *scan) run(c *detectCmd) (source.Report, error) {
	order := make(chan *pendingLines, 2*cap(s.judges))
	group, ctx := errgroup.WithContext(s.e.ctx)
	group.Go(func() error {
		for p := range order {
			<-p.done
			if p.err != nil {
				return p.err
			}
			if _, err := s.e.stdout.Write(p.lines); err != nil {
				return fmt.Errorf("write output: %w", err)
			}
		}
		return nil
	})
	reader, err := source.New(source.Config{
		Format: event.Format(c.Format), Again: true, Log: s.e.log,
		Known: func(event.BatchID) bool { return false },
		Append: func(ctx context.Context, entry *event.Entry) error {
			return s.append(ctx, entry, order)
		},
	})
	if err != nil {
		return source.Report{}, err
	}
	report, err := reader.Ingest(ctx, c.Paths, s.e.stdin)
	close(order)
	if waitErr := group.Wait(); waitErr != nil {
		err = waitErr
	}
	return report, err
}

func (s *scan) append(ctx context.Context, entry *event.Entry, order chan<- *pendingLines) error {
	s.seq++
	entry.Seq = s.seq
	p := &pendingLines{done: make(chan struct{})}
	select {
	case order <- p:
	case <-ctx.Done():
		close(p.done)
		return ctx.Err()
	}
	judge := <-s.judges
	go func() {
		defer func() { s.judges <- judge; close(p.done) }()
		p.lines, p.err = s.judge(judge, entry)
	}()
	return nil
}

func (s *scan) judge(judge *detect.Judge, entry *event.Entry) (lines []byte, err error) {
	events := s.norm.Entry(entry)
	found := 0
	for i := range events {
		list, err := judge.Findings(&events[i], entry.Records[i].Position)
		if err != nil {
			return nil, err
		}
		found += len(list)
		for j := range list {
			if s.json {
				lines = append(append(lines, plainJSON(list[j].Body)...), '\n')
				continue
			}
			lines = fmt.Appendf(lines, "%s  %-13s  %s  %s  (%s, record %d)\n",
				list[j].Time.Format("2006-01-02 15:04:05"), detect.SeverityName(list[j].Severity),
				plain(list[j].Host), plain(list[j].Title), plain(entry.Source), entry.Records[i].Position)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events += int64(len(events))
	s.bytes += int64(entry.Bytes())
	s.findings += int64(found)
	return lines, nil
}

func (s *scan) stats(loaded, rejected int, began time.Time) map[string]any {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use) // fails only for a bad argument
	cpu := time.Duration(use.Utime.Nano() + use.Stime.Nano())
	return map[string]any{
		"events": s.events, "bytes": s.bytes, "findings": s.findings,
		"rules_loaded": loaded, "rules_rejected": rejected,
		"wall_s": time.Since(began).Seconds(), "cpu_s": cpu.Seconds(), "max_rss_bytes": use.Maxrss * 1024,
	}
}
