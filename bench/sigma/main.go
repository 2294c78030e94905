package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	var o options
	flag.StringVar(&o.rules, "rules", "../shared/data/sigma", "folder of Sigma rules")
	flag.StringVar(&o.samples, "samples", "../shared/data/bench", "folder of the recorded lanes")
	flag.StringVar(&o.rsigma, "rsigma", os.Getenv("RSIGMA"), "the rsigma program; found in PATH otherwise")
	flag.StringVar(&o.zircolite, "zircolite", os.Getenv("ZIRCOLITE"), "the zircolite program; found in PATH otherwise")
	flag.IntVar(&o.runs, "runs", 5, "runs of each engine on each lane; the median counts")
	flag.StringVar(&o.only, "lanes", "", "run only lanes with this text in their name")
	engine := flag.String("engine", "", "internal: be this engine for one lane")
	flag.StringVar(&o.events, "events", "", "internal: the lane's file")
	flag.StringVar(&o.format, "format", "", "internal: the lane's format")
	flag.Parse()
	var err error
	if *engine != "" {
		err = o.child(*engine)
	} else {
		err = o.compare()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-sigma:", err)
		os.Exit(2)
	}
}

// options are the command's flags.
type options struct {
	rules, samples    string
	rsigma, zircolite string
	only              string
	runs              int
	events, format    string
}

// compare runs every engine on every lane and prints the tables.
func (o *options) compare() error {
	work, err := os.MkdirTemp("", "evident-bench-sigma-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	engines, err := o.engines(work)
	if err != nil {
		return err
	}
	fmt.Printf("Machine: %s. Median of %d runs, processor time of one core.\n\n", machine(), o.runs)
	var table []result
	for _, l := range lanes(o.samples) {
		if !strings.Contains(l.name, o.only) {
			continue
		}
		if err := l.prepare(work); err != nil {
			return fmt.Errorf("lane %s: %w", l.name, err)
		}
		r := result{lane: l}
		for _, e := range engines {
			m, err := o.measure(e, l)
			if err != nil {
				return fmt.Errorf("lane %s, %s: %w", l.name, e.name, err)
			}
			r.engines = append(r.engines, m)
			fmt.Fprintf(os.Stderr, "%s: %s: %.0f events/s, %d matches\n", l.name, e.name, m.rate(), m.matches)
		}
		table = append(table, r)
	}
	printTables(os.Stdout, engines, table)
	return nil
}
