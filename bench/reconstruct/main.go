package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	events := flag.Int("events", 1_000_000, "events to make")
	span := flag.Int("days", 30, "days that they cover, in steps of 5")
	dir := flag.String("dir", "", "keep the lake there and use it again; default is a temporary folder")
	seeds := flag.Int("seeds", 60, "warm reconstructions, from seeds spread over all events")
	cold := flag.Int("cold", 5, "cold reconstructions, each in a process of its own")
	memory := flag.Int64("memory", 4096, "MiB of edges that the warm process may keep")
	profile := flag.String("profile", "", "write a processor profile of the warm reconstructions there")
	one := flag.Int("one", -1, "reconstruct from this seed once and exit: what a cold process does")
	flag.Parse()
	ctx := context.Background()
	var err error
	if *one >= 0 {
		err = coldOne(ctx, *dir, *one)
	} else {
		err = bench{*events, *span, *seeds, *cold, *memory << 20, *profile}.run(ctx, *dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

// bench is what the command line says.
type bench struct {
	events, days, seeds, cold int
	memory                    int64
	profile                   string
}

func (b bench) run(ctx context.Context, dir string) error {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "evident-reconstruct-*"); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		defer os.RemoveAll(dir)
	}
	m, err := readMade(dir)
	if errors.Is(err, fs.ErrNotExist) {
		m, err = build(ctx, dir, b)
	}
	if err != nil {
		return fmt.Errorf("make lake: %w", err)
	}
	n := float64(m.Events)
	fmt.Printf("\n%d events over %d days; stored edges take %.1f bytes and %.1f µs of processor time an event "+
		"(columns and originals %.1f µs). Load average %s.\n\n", m.Events, b.days, float64(m.Bytes)/n,
		1e6*m.EdgeCPU/n, 1e6*m.LakeCPU/n, load())
	fmt.Print("| reconstruction | answers | median | p95 | worst | CPU median |\n|---|---|---|---|---|---|\n")
	if err := coldAll(ctx, dir, m, b.cold); err != nil {
		return err
	}
	return b.warm(ctx, dir, m)
}

// coldAll starts a process for each of some seeds.
func coldAll(ctx context.Context, dir string, m *made, cold int) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	var t timings
	for i := range cold {
		seed := (2*i + 1) * len(m.Seeds) / (2 * cold)
		began := time.Now()
		child := exec.CommandContext(ctx, self, "-dir", dir, "-one", strconv.Itoa(seed))
		child.Stderr = os.Stderr
		if err := child.Run(); err != nil {
			return fmt.Errorf("cold reconstruction: %w", err)
		}
		t.add(time.Since(began), child.ProcessState.UserTime()+child.ProcessState.SystemTime())
	}
	t.print("cold, a new process opens the lake")
	return nil
}

// timings are wall and processor times of answers.
type timings struct{ wall, cpu []time.Duration }

func (t *timings) add(wall, cpu time.Duration) {
	t.wall, t.cpu = append(t.wall, wall), append(t.cpu, cpu)
}

func (t *timings) print(name string) {
	if len(t.wall) == 0 {
		return
	}
	slices.Sort(t.wall)
	slices.Sort(t.cpu)
	at := func(list []time.Duration, percent int) float64 {
		return list[min(len(list)-1, len(list)*percent/100)].Seconds()
	}
	fmt.Printf("| %s | %d | %.2f s | %.2f s | %.2f s | %.2f s |\n", name, len(t.wall), at(t.wall, 50),
		at(t.wall, 95), at(t.wall, 100), at(t.cpu, 50))
}

func load() string {
	raw, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(raw), " ")
	return first
}

// resident returns the memory of this process in MiB.
func resident() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return kb >> 10
		}
	}
	return 0
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
