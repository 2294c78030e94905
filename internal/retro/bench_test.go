package retro_test

import (
	"bytes"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/retro"
	"github.com/evident-sec/evident/sigma"
)

// cpuSeconds returns the processor time of this process: on a shared machine
// it says more than the clock.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// copies is how often the sample is in the benchmark's lake, a file each.
const copies = 5

// benchmarkRetro compares streaming and retro over the same events, by the
// processor time of the best of the passes.
func benchmarkRetro(b *testing.B, path string, plan func(lake.Snapshot, *lake.Table) *sigma.Plan) {
	norm, sample := mapping(b), recordsOf(b, path)
	entries := entriesOf(slices.Repeat(sample, copies), event.FormatJSON, 500)
	table := sealed(b, norm, entries, norm.Version(), len(sample))
	snapshot, err := table.Snapshot(b.Context(), time.Time{}, time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	cfg := retro.Config{Lake: table, Plan: plan(snapshot, table), Normalizer: norm}
	stream, swept := 0.0, 0.0
	var r *retro.Reader
	var found []verdict
	for b.Loop() {
		before := cpuSeconds()
		want := streamed(norm, cfg.Plan, entries)
		between := cpuSeconds()
		found, r = looked(b, cfg)
		after := cpuSeconds()
		if !slices.Equal(found, want) {
			b.Fatal("verdicts differ")
		}
		stream, swept = best(stream, between-before), best(swept, after-between)
	}
	events := float64(r.Events())
	b.ReportMetric(events/stream, "stream/cpu-s")
	b.ReportMetric(events/swept, "retro/cpu-s")
	b.ReportMetric(stream/swept, "ratio")
	b.ReportMetric(100*float64(r.Candidates())/events, "%candidates")
	b.ReportMetric(100*float64(len(found))/events, "%found")
	b.ReportMetric(float64(len(cfg.Plan.Rules())), "rules")
}

func best(sofar, now float64) float64 {
	if sofar == 0 || now < sofar {
		return now
	}
	return sofar
}

const (
	winmix     = "bench/winmix-20k.ndjson.gz"
	proccreate = "bench/proccreate.ndjson.gz"
)

// BenchmarkRetro: starter rules, all SigmaHQ rules, those of them that the columns
// decide, and every hundredth of those.
func BenchmarkRetro(b *testing.B) {
	for _, path := range []string{winmix, proccreate} {
		name, _, _ := bytes.Cut([]byte(path), []byte("."))
		b.Run(string(name)+"/starter", func(b *testing.B) {
			benchmarkRetro(b, path, func(lake.Snapshot, *lake.Table) *sigma.Plan { return planOf(b) })
		})
		b.Run(string(name)+"/sigmahq", func(b *testing.B) {
			benchmarkRetro(b, path, func(lake.Snapshot, *lake.Table) *sigma.Plan { return sigmaHQ(b) })
		})
		b.Run(string(name)+"/decided", func(b *testing.B) {
			benchmarkRetro(b, path, func(s lake.Snapshot, t *lake.Table) *sigma.Plan {
				return decided(b, retro.Config{Lake: t, Plan: sigmaHQ(b), Normalizer: mapping(b)}, s.Files, 1)
			})
		})
		b.Run(string(name)+"/hunt", func(b *testing.B) {
			benchmarkRetro(b, path, func(s lake.Snapshot, t *lake.Table) *sigma.Plan {
				return decided(b, retro.Config{Lake: t, Plan: sigmaHQ(b), Normalizer: mapping(b)}, s.Files, 100)
			})
		})
	}
}

// decided compiles every nth of a plan's rules that the columns decide for all
// kinds of events in the files.
func decided(b *testing.B, cfg retro.Config, files []lake.File, nth int) *sigma.Plan {
	open, err := retro.OpenRules(b.Context(), cfg, files)
	if err != nil {
		b.Fatal(err)
	}
	set, n := &sigma.RuleSet{}, 0
	for _, r := range cfg.Plan.Rules() {
		if open[r] {
			continue
		}
		if n++; n%nth == 0 {
			set.Rules = append(set.Rules, r)
		}
	}
	p, err := sigma.Compile(set, logsources(b))
	if err != nil {
		b.Fatal(err)
	}
	return p
}
