package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// engine is a program that judges the events of a lane.
type engine struct {
	name    string
	command func(l *lane, events string) *exec.Cmd // events "" for none
	matches func(u *usage) int
	only    func(l *lane) bool // lanes it can read, nil for all
	child   bool               // reports its own figures, see childReport
}

// measured is one engine on one lane: medians.
type measured struct {
	load, scan   float64 // processor seconds
	wall         float64
	events       int
	matches      int
	memory       int64 // most bytes resident
	notSupported bool
}

func (m *measured) rate() float64 {
	if m.scan <= 0 {
		return 0
	}
	return float64(m.events) / m.scan
}

// usage is what one run of a program took.
type usage struct {
	cpu, wall float64
	memory    int64
	stdout    output
}

// output counts the lines that a program writes and keeps the beginning. The
// rest is dropped: what this program holds would count as its children's
// memory too.
type output struct {
	lines int
	head  []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.lines += bytes.Count(p, []byte("\n"))
	o.head = append(o.head, p[:min(len(p), 4096-len(o.head))]...)
	return len(p), nil
}

// measure runs the engine on the lane, and with no events to know what loading
// takes, one after the other.
func (o *options) measure(e engine, l *lane) (measured, error) {
	if e.only != nil && !e.only(l) {
		return measured{notSupported: true}, nil
	}
	var load, scan, wall []float64
	m := measured{events: l.count}
	step := o.peer
	if e.child {
		step = o.own
	}
	for range o.runs {
		one, err := step(e, l)
		if err != nil {
			return m, err
		}
		load, scan, wall = append(load, one.load), append(scan, one.scan), append(wall, one.wall)
		m.memory, m.matches, m.events = max(m.memory, one.memory), one.matches, one.events
	}
	m.load, m.scan, m.wall = median(load), median(scan), median(wall)
	return m, nil
}

// own runs an engine that reports its own figures.
func (o *options) own(e engine, l *lane) (measured, error) {
	u, err := run(e.command(l, l.path))
	if err != nil {
		return measured{}, err
	}
	var r childReport
	if err := json.Unmarshal(u.stdout.head, &r); err != nil {
		return measured{}, fmt.Errorf("read report: %w", err)
	}
	return measured{
		load: r.Load, scan: r.Scan, wall: r.Wall, events: r.Events, matches: r.Matches, memory: u.memory,
	}, nil
}

// peer runs another program with no events and with the lane's several times
// over; the difference is what the events took.
func (o *options) peer(e engine, l *lane) (measured, error) {
	empty, err := run(e.command(l, ""))
	if err != nil {
		return measured{}, err
	}
	full, err := run(e.command(l, l.long))
	if err != nil {
		return measured{}, err
	}
	times := float64(l.times)
	return measured{
		load: empty.cpu, scan: (full.cpu - empty.cpu) / times, wall: (full.wall - empty.wall) / times,
		events: l.count, matches: e.matches(&full) / l.times, memory: full.memory,
	}, nil
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// run starts the program and takes its processor time from the system.
func run(cmd *exec.Cmd) (usage, error) {
	u := usage{}
	var problems output
	cmd.Stdout, cmd.Stderr = &u.stdout, &problems
	before := now()
	err := cmd.Run()
	if closer, ok := cmd.Stdin.(*os.File); ok {
		_ = closer.Close() // read only
	}
	if err != nil {
		return usage{}, fmt.Errorf("run %s: %w: %.500s", cmd.Path, err, problems.head)
	}
	u.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	u.wall = now() - before
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.memory = r.Maxrss << 10
	}
	return u, nil
}

// machine describes where the run took place.
func machine() string {
	name := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.SplitSeq(string(text), "\n") {
			if model, ok := strings.CutPrefix(line, "model name"); ok {
				name = strings.Trim(model, "\t :")
				break
			}
		}
	}
	load := ""
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load average " + strings.Fields(string(text))[0]
	}
	return fmt.Sprintf("%d cores of %s, %s%s", runtime.NumCPU(), name, runtime.Version(), load)
}
