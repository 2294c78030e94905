package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/daykey"
	"github.com/evident-sec/evident/internal/lake"
)

// made is what a finished lake says of itself; a folder with another one is
// not used.
type made struct {
	Format   int // of the tool's data: raised when it makes other events
	Asked    int
	Events   int
	RawBytes int64
	Seconds  float64 // writing and compacting
	CPU      float64 // seconds of processor time of the same
	PeakMiB  int     // of memory meanwhile
}

const dataFormat = 3

// memoryLimit is where the writer's garbage collector begins to work harder.
const memoryLimit = 1800 << 20

func madeFile(dir string) string { return filepath.Join(dir, "made.json") }

// readMade returns what is known of a finished lake; an unfinished one is
// continued.
func readMade(dir string, events int) (m made, err error) {
	text, err := os.ReadFile(madeFile(dir))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read %s: %w", madeFile(dir), err)
	}
	if m.Format != dataFormat || m.Asked != events {
		return m, fmt.Errorf("%s holds %d events of format %d: take another folder or remove it",
			dir, m.Asked, m.Format)
	}
	return m, nil
}

// builder writes a lake while a second goroutine compacts the days that are
// over, as a server does.
type builder struct {
	table     *lake.Table
	plan      plan
	began     time.Time
	told      time.Time
	from      int // events that were there at the start
	merged    atomic.Int64
	compacted chan time.Time // days that are over
}

// openLake opens the lake as a server does: with originals encrypted by day.
func openLake(ctx context.Context, dir string, sealEvents int) (*lake.Table, error) {
	keys, err := daykey.Open(daykey.Config{Dir: filepath.Join(dir, "keys")})
	if err != nil {
		return nil, err
	}
	return lake.Open(ctx, lake.Config{
		Dir: filepath.Join(dir, "lake"), SealEvents: sealEvents, Keys: keys,
	})
}

// build makes the lake in dir, or goes on where it was left.
func build(ctx context.Context, dir string, p plan) (m made, err error) {
	// A day is sealed in about seven files, so that there is something to merge.
	table, err := openLake(ctx, dir, max(2_000, p.events/(7*days*periods)))
	if err != nil {
		return m, err
	}
	defer table.Close()
	b := &builder{table: table, plan: p, began: time.Now(), compacted: make(chan time.Time, 100)}
	cpu := cpuTime()
	debug.SetMemoryLimit(memoryLimit)
	failed := make(chan error, 1)
	go func() { failed <- b.compact(ctx) }()
	err = b.write(ctx)
	close(b.compacted)
	if err = errors.Join(err, <-failed); err != nil {
		return m, err
	}
	events, raw := p.totals()
	m = made{
		Format: dataFormat, Asked: p.events, Events: events, RawBytes: raw,
		Seconds: time.Since(b.began).Seconds(), CPU: (cpuTime() - cpu).Seconds(),
		PeakMiB: highWater("self"),
	}
	fmt.Fprintln(os.Stderr)
	text, err := json.Marshal(m)
	if err != nil {
		return m, err
	}
	return m, os.WriteFile(madeFile(dir), text, 0o600)
}

func (b *builder) write(ctx context.Context) error {
	there := b.table.Watermark()
	for _, f := range b.table.Files() {
		b.from += int(f.Rows)
	}
	var day time.Time
	err := b.plan.each(there, func(made int, e *event.Entry, evs []event.Event) error {
		if today := e.Received.Truncate(24 * time.Hour); !today.Equal(day) {
			if err := b.table.Seal(ctx); err != nil {
				return err
			}
			if !day.IsZero() {
				b.compacted <- today
			}
			day = today
		}
		b.tell(made)
		return b.table.Append(ctx, e, evs)
	})
	return errors.Join(err, b.table.Seal(ctx))
}

// tell says how far it is.
func (b *builder) tell(made int) {
	if time.Since(b.told) < 2*time.Second {
		return
	}
	b.told = time.Now()
	took := time.Since(b.began).Seconds()
	rate := float64(made-b.from) / max(took, 1)
	fmt.Fprintf(os.Stderr, "\r%5.1f%% written (%.1f of %.1f million), %d days compacted, "+
		"%.0f events/s, %.0f s to go ", 100*float64(made)/float64(b.plan.events), float64(made)/1e6,
		float64(b.plan.events)/1e6, b.merged.Load(), rate, float64(b.plan.events-made)/max(rate, 1))
}

// compact merges the days that are over, and everything at the end.
func (b *builder) compact(ctx context.Context) error {
	for today := range b.compacted {
		if _, err := b.table.Compact(ctx, lake.CompactOptions{Now: today, Both: true}); err != nil {
			return err
		}
		b.merged.Add(1)
	}
	if _, err := b.table.Compact(ctx, lake.CompactOptions{All: true, Both: true}); err != nil {
		return err
	}
	return b.table.Dispose(ctx, 0)
}

// sizes sums the files of a lake.
func sizes(table *lake.Table) (columns, originals int64) {
	for _, f := range table.Files() {
		columns += f.Bytes
		originals += f.OriginalsBytes
	}
	return columns, originals
}
