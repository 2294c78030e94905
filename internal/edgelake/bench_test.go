package edgelake_test

import (
	"context"
	"math"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/edgelake"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/simulate"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/mappings"
)

// BenchmarkSets packs, stores and reads the edges of real logs: processor time,
// bytes on the disk and bytes in memory.
func BenchmarkSets(b *testing.B) {
	const shared = "../../../shared/data"
	for _, set := range []struct{ name, pattern string }{
		{"windows", "otrf/datasets/compound/LSASS_campaign_0*/*.*"},
		{"zeek", "zeek/datasets/compound"},
		{"cloud", "cloud"},
	} {
		b.Run(set.name, func(b *testing.B) {
			paths, _ := filepath.Glob(filepath.Join(shared, set.pattern))
			if len(paths) == 0 {
				b.Skip("no logs at ../shared/data/" + set.pattern)
			}
			benchSet(b, paths)
		})
	}
}

// parsed is one entry with its events.
type parsed struct {
	entry  *event.Entry
	events []event.Event
}

func parse(b *testing.B, paths []string) (out []parsed, events int) {
	b.Helper()
	n, err := normalize.New(mappings.FS)
	if err != nil {
		b.Fatal(err)
	}
	r, err := source.New(source.Config{
		Known: func(event.BatchID) bool { return false },
		Append: func(_ context.Context, e *event.Entry) error {
			e.Seq = uint64(len(out) + 1)
			evs := n.Entry(e)
			out, events = append(out, parsed{e, evs}), events+len(evs)
			return nil
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := r.Ingest(context.Background(), paths, nil); err != nil {
		b.Fatal(err)
	}
	return out, events
}

func benchSet(b *testing.B, paths []string) {
	entries, events := parse(b, paths)
	for b.Loop() {
		table, err := lake.Open(b.Context(), lake.Config{
			Dir: b.TempDir(), SealEvents: math.MaxInt, SealBytes: math.MaxInt64,
		})
		if err != nil {
			b.Fatal(err)
		}
		store, err := edgelake.Open(b.Context(), edgelake.Config{Table: table})
		if err != nil {
			b.Fatal(err)
		}
		pending := 0
		var own, lakes time.Duration
		for i, p := range entries {
			at := cpuTime()
			if err := table.Append(b.Context(), p.entry, p.events); err != nil {
				b.Fatal(err)
			}
			mid := cpuTime()
			store.Append(p.entry.Seq, p.events)
			lakes, own = lakes+mid-at, own+cpuTime()-mid
			if pending += len(p.events); pending < 100_000 && i < len(entries)-1 {
				continue
			}
			pending = 0
			at = cpuTime()
			if err := table.Seal(b.Context()); err != nil {
				b.Fatal(err)
			}
			mid = cpuTime()
			store.Sealed()
			if err := store.Close(); err != nil {
				b.Fatal(err)
			}
			lakes, own = lakes+mid-at, own+cpuTime()-mid
		}
		fresh, err := edgelake.Open(b.Context(), edgelake.Config{Table: table})
		if err != nil {
			b.Fatal(err)
		}
		at := cpuTime()
		n := 0
		err = fresh.Each(b.Context(), edge.Query{To: time.Unix(1<<40, 0)}, func(*edge.Record) error {
			n++
			return nil
		})
		if err != nil || n != events {
			b.Fatalf("%d of %d events read, %v", n, events, err)
		}
		read := cpuTime() - at
		s := fresh.Status()
		b.ReportMetric(float64(own.Nanoseconds())/float64(events), "cpu-ns/event")
		b.ReportMetric(float64(lakes.Nanoseconds())/float64(events), "lake-ns/event")
		b.ReportMetric(float64(s.Bytes)/float64(events), "disk-B/event")
		b.ReportMetric(float64(s.Memory)/float64(s.Edges), "B/edge")
		b.ReportMetric(float64(s.Edges)/float64(events), "edges/event")
		b.ReportMetric(float64(events)/read.Seconds(), "events/cpu-s-read")
		b.ReportMetric(float64(events), "events")
		if err := table.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPack measures what ingest of a simulated organisation does for the
// edges: reading, packing and writing.
func BenchmarkPack(b *testing.B) {
	sim, err := simulate.New(simulate.Config{Seed: 1, Users: 40, Days: 3})
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if _, err := sim.WriteDir(b.Context(), dir, nil); err != nil {
		b.Fatal(err)
	}
	entries, events := parse(b, []string{dir})
	list := make([][]event.Event, len(entries))
	for i := range entries { // what decoding needs is not ours
		list[i] = entries[i].events
		for k := range list[i] {
			list[i][k].Native, list[i][k].Raw = nil, nil
		}
	}
	entries = nil
	path := filepath.Join(b.TempDir(), "edges.parquet")
	var all [3]time.Duration
	for b.Loop() {
		p, m, w, err := edgelake.PackAndWrite(path, list)
		if err != nil {
			b.Fatal(err)
		}
		all[0], all[1], all[2] = all[0]+p, all[1]+m, all[2]+w
	}
	for i, name := range []string{"pack-ns/event", "block-ns/event", "write-ns/event"} {
		b.ReportMetric(float64(all[i].Nanoseconds())/float64(b.N*events), name)
	}
}
