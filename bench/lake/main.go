package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/lake"
)

func main() {
	events := flag.Int("events", 1_000_000, "events to make")
	dir := flag.String("dir", "", "keep the lake there and use it again; default is a temporary folder")
	runs := flag.Int("runs", 5, "answers per question after the first; the median counts")
	ask := flag.Bool("ask", false, "only measure; the lake is there")
	flag.Parse()
	var err error
	if *ask {
		err = measure(context.Background(), *dir, *runs)
	} else {
		err = run(context.Background(), *events, *dir, *runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

// run makes the lake unless it is there, and measures in a process of its own,
// whose memory is that of searching alone.
func run(ctx context.Context, events int, dir string, runs int) error {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "evident-lake-*"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "made")); err != nil {
		if err := prepare(ctx, events, dir); err != nil {
			return fmt.Errorf("make lake: %w", err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.Command(self, "-ask", "-dir", dir, "-runs", fmt.Sprint(runs))
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	return child.Run()
}

// prepare writes the events and compacts the lake.
func prepare(ctx context.Context, events int, dir string) error {
	base, err := simulated(ctx)
	if err != nil {
		return err
	}
	table, err := lake.Open(ctx, lake.Config{Dir: filepath.Join(dir, "lake"), SealEvents: 250_000})
	if err != nil {
		return err
	}
	defer table.Close()
	began, cpu := time.Now(), cpuTime()
	made, raw, err := replicate(ctx, table, base, events)
	if err != nil {
		return err
	}
	if err := table.Seal(ctx); err != nil {
		return err
	}
	wrote, wroteCPU := time.Since(began), cpuTime()-cpu
	began = time.Now()
	done, err := table.Compact(ctx, lake.CompactOptions{All: true})
	if err != nil {
		return err
	}
	if err := table.Dispose(ctx, 0); err != nil {
		return err
	}
	columns, originals := sizes(table)
	fmt.Printf("%d events of %d bytes each, written in %.0f s (%.0f events a CPU second), "+
		"compacted in %.0f s (%d files to %d). "+
		"Stored: %.1f bytes an event in columns, %.1f in originals and salts.\n\n", made, raw/int64(made),
		wrote.Seconds(), float64(made)/wroteCPU.Seconds(), time.Since(began).Seconds(), done.Merged, done.Made,
		float64(columns)/float64(made), float64(originals)/float64(made))
	return os.WriteFile(filepath.Join(dir, "made"), nil, 0o600)
}

func sizes(table *lake.Table) (columns, originals int64) {
	size := func(path string) int64 {
		if info, err := os.Stat(path); err == nil {
			return info.Size()
		}
		return 0
	}
	for _, f := range table.Files() {
		columns += size(f.Path)
		originals += size(f.Originals)
	}
	return columns, originals
}

// highWater returns the peak of the process's memory in MiB.
func highWater() int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("VmHWM:"))
	var kib int
	if _, err := fmt.Sscan(string(rest), &kib); err != nil {
		return 0
	}
	return kib >> 10
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
