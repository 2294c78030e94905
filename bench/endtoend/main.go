package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// events is how many one lane ingests.
const events = 100_000

func main() {
	bin := flag.String("bin", "bin/evident", "the program to measure")
	shared := flag.String("shared", "../shared/data", "public data, for the real lane")
	runs := flag.Int("runs", 3, "ingests per lane; the median counts")
	flag.Parse()
	if err := run(*bin, *shared, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

// lane is one input with the rules that judge it.
type lane struct {
	name  string
	make  func(path string) error // writes 100,000 NDJSON events
	rules string                  // besides the starter pack; "" for none
}

func run(bin, shared string, runs int) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "evident-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	fmt.Printf("Machine: %s, %s, %s. %s.\n\n", cpu(), memory(), runtime.Version(), time.Now().UTC().Format(time.DateOnly))
	fmt.Println("| lane | events/s wall | events/s CPU | bytes/event stored | raw bytes/event | peak memory |")
	fmt.Println("|---|---|---|---|---|---|")
	lanes := lanes(bin, shared, work)
	var data []string
	for _, l := range lanes {
		dir, err := l.ingest(bin, work, runs)
		if err != nil {
			return fmt.Errorf("lane %s: %w", l.name, err)
		}
		data = append(data, dir)
	}
	fmt.Println("\n| search over 100,000 events, warm, median of 7 | " + strings.Join(names(lanes), " | ") + " |")
	fmt.Println("|---|" + strings.Repeat("---|", len(lanes)))
	return searches(bin, data)
}

func names(lanes []lane) []string {
	out := make([]string, len(lanes))
	for i := range lanes {
		out[i] = lanes[i].name
	}
	return out
}

func lanes(bin, shared, work string) []lane {
	out := []lane{{name: "simulated, starter rules", make: func(path string) error {
		return simulated(bin, filepath.Join(work, "sim"), path)
	}}}
	sample := filepath.Join(shared, "bench", "winmix-20k.ndjson.gz")
	if _, err := os.Stat(sample); err != nil {
		fmt.Fprintf(os.Stderr, "bench: no %s: the lane of real Windows events is left out\n", sample)
		return out
	}
	repeat := func(path string) error { return repeated(sample, path) }
	out = append(out, lane{name: "real Windows, starter rules", make: repeat})
	rules := filepath.Join(shared, "sigma", "rules", "windows")
	if _, err := os.Stat(rules); err == nil {
		out = append(out, lane{name: "real Windows, SigmaHQ Windows rules", make: repeat, rules: rules})
	}
	return out
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
