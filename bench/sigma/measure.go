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
	matches func(stdout []byte) int
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
	stdout    []byte
}

// measure runs the engine on the lane, and with no events to know what loading
// takes, one after the other.
func (o *options) measure(e engine, l *lane, events string) (measured, error) {
	if e.only != nil && !e.only(l) {
		return measured{notSupported: true}, nil
	}
	var load, scan, wall []float64
	m := measured{events: l.count}
	for range o.runs {
		empty, err := run(e.command(l, ""))
		if err != nil {
			return m, err
		}
		full, err := run(e.command(l, events))
		if err != nil {
			return m, err
		}
		m.memory = max(m.memory, full.memory)
		m.matches = e.matches(full.stdout)
		load, scan = append(load, empty.cpu), append(scan, full.cpu-empty.cpu)
		wall = append(wall, full.wall-empty.wall)
		if e.child {
			var r childReport
			if err := json.Unmarshal(full.stdout, &r); err != nil {
				return m, fmt.Errorf("read report: %w", err)
			}
			load[len(load)-1], scan[len(scan)-1], wall[len(wall)-1] = r.Load, r.Scan, r.Wall
			m.events = r.Events
		}
	}
	m.load, m.scan, m.wall = median(load), median(scan), median(wall)
	return m, nil
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// run starts the program and takes its processor time from the system.
func run(cmd *exec.Cmd) (usage, error) {
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	before := now()
	err := cmd.Run()
	if closer, ok := cmd.Stdin.(*os.File); ok {
		_ = closer.Close() // read only
	}
	if err != nil {
		return usage{}, fmt.Errorf("run %s: %w: %.500s", cmd.Path, err, problems.String())
	}
	u := usage{
		cpu:  (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		wall: now() - before, stdout: out.Bytes(),
	}
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
