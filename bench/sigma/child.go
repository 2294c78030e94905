package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
)

// ruleFolders are the active rules of SigmaHQ.
var ruleFolders = []string{"rules", "rules-emerging-threats", "rules-threat-hunting", "rules-placeholder"}

// naiveEvents is how many of a lane's events the naive evaluator sees, spread
// over all of them.
const naiveEvents = 40

// childReport is what an engine of this program says of itself.
type childReport struct {
	Load    float64 `json:"load"` // processor seconds until all rules are ready
	Scan    float64 `json:"scan"` // and from there
	Wall    float64 `json:"wall"`
	Events  int     `json:"events"`
	Matches int     `json:"matches"`
}

// child is one engine on one lane: events from the file, findings to nowhere.
func (o *options) child(name string) error {
	set, sources, err := loadRules(o.rules)
	if err != nil {
		return err
	}
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		return fmt.Errorf("load mappings: %w", err)
	}
	plan, err := sigma.Compile(set, sources)
	if err != nil {
		return err
	}
	var records [][]byte
	if o.events != "" {
		data, err := os.ReadFile(o.events)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		records = bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	}
	var r childReport
	list := entries(records, o.format)
	if name == "naive" {
		err = r.timed(func() error { return r.naive(norm, set, sources, list) })
	} else {
		err = r.own(norm, plan, list)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// own measures the second of two scans by judges that know nothing of each
// other. The first builds the parts of the plan that the events need, which is
// loading rules: peers do it before they read an event.
func (r *childReport) own(norm *normalize.Normalizer, plan *sigma.Plan, list []*event.Entry) error {
	loaded := processor()
	if err := r.scan(norm, plan, list); err != nil {
		return err
	}
	first := processor() - loaded
	*r = childReport{}
	if err := r.timed(func() error { return r.scan(norm, plan, list) }); err != nil {
		return err
	}
	r.Load = loaded + max(first-r.Scan, 0)
	return nil
}

// timed takes the time of a scan.
func (r *childReport) timed(scan func() error) error {
	began := now()
	r.Load = processor()
	err := scan()
	r.Scan, r.Wall = processor()-r.Load, now()-began
	return err
}

// loadRules reads all rules and the shipped log source mapping.
func loadRules(dir string) (*sigma.RuleSet, *sigma.Logsources, error) {
	var paths []string
	for _, f := range ruleFolders {
		paths = append(paths, filepath.Join(dir, f))
	}
	set, err := sigma.Load(paths...)
	if err != nil {
		return nil, nil, err
	}
	src, err := mappings.FS.ReadFile("sigma-logsources.yaml")
	if err != nil {
		return nil, nil, fmt.Errorf("read log sources: %w", err)
	}
	sources, err := sigma.ParseLogsources(src)
	return set, sources, err
}

// entries groups records as a source does.
func entries(records [][]byte, format string) []*event.Entry {
	var out []*event.Entry
	received := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for len(records) > 0 {
		n := min(len(records), event.MaxEntryRecords)
		e := &event.Entry{
			Seq: uint64(len(out) + 1), Format: event.Format(format), Source: "bench", Received: received,
			Records: make([]event.Record, n),
		}
		for i, raw := range records[:n] {
			e.Records[i] = event.Record{Raw: raw, Position: int64(i + 1)}
		}
		out, records = append(out, e), records[n:]
	}
	return out
}

// scan judges as evident detect does: decode, match, and a finding as OCSF
// JSON for every match.
func (r *childReport) scan(norm *normalize.Normalizer, plan *sigma.Plan, list []*event.Entry) error {
	judge, scanner := detect.New(plan).Judge(), norm.Scanner()
	for _, e := range list {
		var v detect.Verdict
		scanner.Open(e)
		for i := range e.Records {
			if err := judge.AddScanned(&v, scanner.Next(), e.Records[i].Position, scanner.Complete); err != nil {
				return err
			}
		}
		r.Events += len(e.Records)
		r.Matches += len(v.Findings)
	}
	return nil
}

// naive asks the oracle about some of the events.
func (r *childReport) naive(
	norm *normalize.Normalizer, set *sigma.RuleSet, sources *sigma.Logsources, list []*event.Entry,
) error {
	n, total := 0, 0
	for _, e := range list {
		total += len(e.Records)
	}
	for _, e := range list {
		for i := range e.Records {
			if n++; n%max(total/naiveEvents, 1) != 0 {
				continue
			}
			one := *e
			one.Records = e.Records[i : i+1]
			ev := norm.Native(&one)[0]
			r.Events++
			r.Matches += len(set.MatchNaive(&ev, sources))
		}
	}
	return nil
}

// processor returns the processor seconds of this process so far.
func processor() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// start is when the process began to measure.
var start = time.Now()

// now returns seconds on a clock that only goes forward.
func now() float64 { return time.Since(start).Seconds() }
