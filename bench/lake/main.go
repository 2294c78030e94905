package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
)

func main() {
	events := flag.Int("events", 1_000_000, "events to make")
	dir := flag.String("dir", "", "keep the lake there and use it again; default is a temporary folder")
	runs := flag.Int("runs", 5, "answers per question after the first; the median counts")
	copies := flag.Int("copies", 0, "organisations beside one another; default is what makes a month of the events")
	binary := flag.String("victorialogs", os.Getenv("EVIDENT_VICTORIALOGS"),
		"binary of VictoriaLogs that is given the same events and asked the same; default is $EVIDENT_VICTORIALOGS")
	ask := flag.Bool("ask", false, "only measure; the lake is there")
	beside := flag.String("peer", "", "with -ask: address of a VictoriaLogs that has the same events")
	pid := flag.Int("peer-pid", 0, "with -ask: its process, to say how much memory it takes")
	flag.Parse()
	var err error
	if *ask {
		err = measure(context.Background(), *dir, *runs, peer{*beside, *pid})
	} else {
		err = options{*events, *copies, *runs, *dir, *binary}.run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

// options are what the command line says.
type options struct {
	events, copies, runs int
	dir, binary          string
}

// run makes the lake unless it is there, and measures in a process of its own,
// whose memory is that of searching alone.
func (o options) run(ctx context.Context) error {
	if o.dir == "" {
		var err error
		if o.dir, err = os.MkdirTemp("", "evident-lake-*"); err != nil {
			return err
		}
		defer os.RemoveAll(o.dir)
	}
	if err := o.prepare(ctx); err != nil {
		return fmt.Errorf("make lake: %w", err)
	}
	p := peer{}
	if o.binary != "" {
		var stop func()
		var err error
		if p, stop, err = o.peer(ctx); err != nil {
			return err
		}
		defer stop()
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.CommandContext(ctx, self, "-ask", "-dir", o.dir, "-runs", fmt.Sprint(o.runs),
		"-peer", p.url, "-peer-pid", fmt.Sprint(p.pid))
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	return child.Run()
}

func (o options) plan(ctx context.Context) (plan, error) {
	base, err := simulated(ctx)
	return newPlan(base, o.events, o.copies), err
}

// prepare makes the lake, or finds it made.
func (o options) prepare(ctx context.Context) error {
	m, err := readMade(o.dir, o.events)
	if errors.Is(err, fs.ErrNotExist) {
		var p plan
		if p, err = o.plan(ctx); err == nil {
			m, err = build(ctx, o.dir, p)
		}
	}
	if err != nil {
		return err
	}
	fmt.Printf("%d events of %d bytes each, written and compacted in %.0f s "+
		"(%.0f s of processor time, %.0f events a CPU second), peak memory %d MiB.\n", m.Events,
		m.RawBytes/int64(max(m.Events, 1)), m.Seconds, m.CPU, float64(m.Events)/m.CPU, m.PeakMiB)
	return nil
}

// peer starts VictoriaLogs and gives it the events that the lake has.
func (o options) peer(ctx context.Context) (p peer, stop func(), err error) {
	p, stop, err = startPeer(ctx, o.binary, o.dir)
	if err != nil {
		return p, nil, err
	}
	from, err := o.plan(ctx)
	if err == nil {
		err = p.fill(ctx, o.dir, from)
	}
	if err != nil {
		stop()
	}
	return p, stop, err
}

// highWater returns the peak of a process's memory in MiB.
func highWater(pid string) int {
	text, err := os.ReadFile("/proc/" + pid + "/status")
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
