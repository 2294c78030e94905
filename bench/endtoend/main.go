package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// options are what the flags say.
type options struct {
	bin, shared, only string
	runs, events      int
	against           string
	search            bool
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin/evident", "the program to measure")
	flag.StringVar(&o.against, "against", "", "another build of it, measured in turn on the same input")
	flag.StringVar(&o.shared, "shared", "../shared/data", "public data, for the real lanes")
	flag.StringVar(&o.only, "lane", "", "only the lanes whose name contains this")
	flag.IntVar(&o.runs, "runs", 3, "ingests per lane; the median counts")
	flag.IntVar(&o.events, "events", 100_000, "events one lane ingests; start and rules weigh less with more")
	flag.BoolVar(&o.search, "search", true, "also ask a server on what was ingested")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

// lane is one input with the rules that judge it.
type lane struct {
	name string
	make func(path string) error // writes the wanted number of NDJSON events
	args []string                // of "evident ingest"
}

func run(o options) (err error) {
	for _, bin := range []*string{&o.bin, &o.against} {
		if *bin == "" {
			continue
		}
		if *bin, err = filepath.Abs(*bin); err != nil {
			return err
		}
	}
	work, err := os.MkdirTemp("", "evident-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	fmt.Printf("Machine: %s, %s, %s. %s.\n\n", cpu(), memory(), runtime.Version(), time.Now().UTC().Format(time.DateOnly))
	fmt.Printf("%d events a lane. Timed from the start of the process to its end: rules are loaded, every\n"+
		"event is synced to the journal, judged unless it says so, sealed, in the lake, and under a signed\n"+
		"checkpoint. The sender is the process itself, reading a file.\n\n", o.events)
	fmt.Println("| lane | events/s wall | events/s CPU | bytes/event stored | raw bytes/event | peak memory |")
	fmt.Println("|---|---|---|---|---|---|")
	lanes := o.lanes(work)
	var data []string
	for _, l := range lanes {
		dir, err := l.ingest(o, work)
		if err != nil {
			return fmt.Errorf("lane %s: %w", l.name, err)
		}
		data = append(data, dir)
	}
	if !o.search {
		return nil
	}
	fmt.Printf("\n| search over %d events, warm, median of 7 | %s |\n", o.events, strings.Join(names(lanes), " | "))
	fmt.Println("|---|" + strings.Repeat("---|", len(lanes)))
	return searches(o.bin, data)
}

func names(lanes []lane) []string {
	out := make([]string, len(lanes))
	for i := range lanes {
		out[i] = lanes[i].name
	}
	return out
}

// lanes are the inputs that are there, with what is asked of them.
func (o options) lanes(work string) []lane {
	all := []lane{{name: "simulated, starter rules", make: func(path string) error {
		return o.simulated(filepath.Join(work, "sim"), path)
	}}}
	sample := filepath.Join(o.shared, "bench", "winmix-20k.ndjson.gz")
	if _, err := os.Stat(sample); err != nil {
		fmt.Fprintf(os.Stderr, "bench: no %s: the lanes of real Windows events are left out\n", sample)
	} else {
		repeat := func(path string) error { return o.repeated(sample, path) }
		all = append(all,
			lane{name: "real Windows, no detection", make: repeat, args: []string{"--no-detect"}},
			lane{name: "real Windows, starter rules", make: repeat})
		rules := filepath.Join(o.shared, "sigma", "rules")
		if _, err := os.Stat(rules); err == nil {
			all = append(all, lane{
				name: "real Windows, all SigmaHQ rules", make: repeat, args: []string{"--rules", rules},
			})
		}
	}
	return slices.DeleteFunc(all, func(l lane) bool { return !strings.Contains(l.name, o.only) })
}

func cpu() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return fmt.Sprintf("%d cores", runtime.NumCPU())
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return fmt.Sprintf("%d cores of %s", runtime.NumCPU(), strings.Trim(name, "\t :"))
		}
	}
	return fmt.Sprintf("%d cores", runtime.NumCPU())
}

func memory() string {
	out, err := exec.Command("free", "-g").Output()
	if fields := strings.Fields(string(out)); err == nil && len(fields) > 7 {
		return fields[7] + " GiB"
	}
	return "memory unknown"
}
