package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/edgelake"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// seedEvents gives the seeds; all else comes from stored edges.
type seedEvents map[event.ID]event.Event

func (s seedEvents) Event(_ context.Context, id event.ID) (event.Event, error) {
	ev, ok := s[id]
	if !ok {
		return ev, reconstruct.ErrNotFound
	}
	return ev, nil
}

func (seedEvents) Each(context.Context, edge.Query, func(*event.Event) error) error {
	return fmt.Errorf("events are not read here")
}

// opened is the lake with a reconstructor over its stored edges.
type opened struct {
	table *lake.Table
	store *edgelake.Store
	rec   *reconstruct.Reconstructor
}

func open(ctx context.Context, dir string, m *made, memory int64) (*opened, error) {
	table, err := lake.Open(ctx, lake.Config{Dir: filepath.Join(dir, "lake")})
	if err != nil {
		return nil, err
	}
	store, err := edgelake.Open(ctx, edgelake.Config{Table: table, Memory: memory})
	if err != nil {
		return nil, err
	}
	seeds := seedEvents{}
	for _, ev := range m.Seeds {
		seeds[ev.ID] = ev
	}
	rec, err := reconstruct.New(reconstruct.Deps{Events: seeds, Edges: store})
	return &opened{table, store, rec}, err
}

// coldOne is what a cold process does.
func coldOne(ctx context.Context, dir string, seed int) error {
	m, err := readMade(dir)
	if err != nil {
		return err
	}
	o, err := open(ctx, dir, m, 0)
	if err != nil {
		return err
	}
	defer o.table.Close()
	_, err = o.rec.Incident(ctx, m.Seeds[seed].ID)
	return err
}

// warm reads all edges, as far as memory is for them, and reconstructs.
func (b bench) warm(ctx context.Context, dir string, m *made) error {
	o, err := open(ctx, dir, m, b.memory)
	if err != nil {
		return err
	}
	defer o.table.Close()
	began, cpu := time.Now(), cpuTime()
	if err := o.store.Warm(ctx); err != nil {
		return err
	}
	took, cpu := time.Since(began), cpuTime()-cpu
	debug.FreeOSMemory()
	s, rss := o.store.Status(), resident()
	stop, err := profileTo(b.profile)
	if err != nil {
		return err
	}
	var t timings
	considered, most := 0, int64(0)
	for i := range min(b.seeds, len(m.Seeds)) {
		began, cpu := time.Now(), cpuTime()
		res, err := o.rec.Incident(ctx, m.Seeds[i].ID)
		if err != nil {
			return err
		}
		considered += res.Incident.Considered
		most = max(most, resident())
		t.add(time.Since(began), cpuTime()-cpu)
		fmt.Fprintf(os.Stderr, "seed %d: %d events, %d steps, %.2f s, %.2f s of processor time\n", i,
			res.Incident.Considered, len(res.Steps), t.wall[i].Seconds(), t.cpu[i].Seconds())
	}
	if err := stop(); err != nil {
		return err
	}
	t.print("warm, edges in memory")
	fmt.Printf("\nEdges in memory: %d of %d events in %d MiB, %.0f bytes an edge with all events, resident set %d "+
		"MiB; read in %.1f s (%.1f s of processor time, %.0f events a CPU second). An answer considers "+
		"%d events on average; resident set at most %d MiB.\n", s.Edges, s.Records, s.Memory>>20, float64(s.Memory)/float64(s.Edges), rss,
		took.Seconds(), cpu.Seconds(), float64(s.Records)/cpu.Seconds(), considered/max(1, len(t.wall)), most)
	return nil
}

// profileTo begins a processor profile; the function returned ends it.
func profileTo(path string) (func() error, error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("write profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, fmt.Errorf("write profile: %w", err)
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
