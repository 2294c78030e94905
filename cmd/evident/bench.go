package main

import (
	"fmt"
	"os"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/score"
)

type benchCmd struct {
	Reconstruct benchReconstructCmd `cmd:"" help:"Score reconstruction against labelled campaigns."`
}

type benchReconstructCmd struct {
	Labels     string `required:"" placeholder:"DIR" type:"path" help:"Folder of label files (docs/formats/labels.md), or of a simulation with its answer key."`
	Data       string `placeholder:"DIR" type:"path" help:"Folder that the labels name their logs from; default: the labels' folder or the one above."`
	Recordings string `placeholder:"DIR" type:"path" help:"More logs: they fill up the common clock, and their network logons are counted."`
	Interleave int    `default:"10" help:"Recordings on one clock; 1 leaves this part out."`
	Trials     int    `default:"5" help:"Trials with deleted records for each seed; 0 leaves them out."`
	Seed       uint64 `default:"1" help:"Number that chance starts from: deletions, recordings, moved clocks."`
	JSON       string `placeholder:"FILE" help:"Write everything as JSON there; - prints it instead of the table."`
}

// Help shows examples.
func (benchReconstructCmd) Help() string {
	return "Example:\n" +
		"  evident bench reconstruct --labels otrf/labels --recordings otrf/datasets/atomic --json score.json\n" +
		"  evident bench reconstruct --labels sim"
}

// Run scores and prints; it opens no data folder.
func (c *benchReconstructCmd) Run(e *console.Env) error {
	if c.Trials == 0 {
		c.Trials = -1 // zero of the package is its default
	}
	rep, err := score.Run(e.Context, score.Config{
		Labels: c.Labels, Data: c.Data, Recordings: c.Recordings, Interleave: c.Interleave,
		Trials: c.Trials, Seed: c.Seed,
		Progress: func(s string) { e.Log.Info(s) },
	})
	if err != nil {
		return err
	}
	if c.JSON == "-" {
		return rep.WriteJSON(e.Stdout)
	}
	if c.JSON != "" {
		if err := writeReport(c.JSON, rep); err != nil {
			return err
		}
	}
	return rep.WriteText(e.Stdout)
}

func writeReport(path string, rep *score.Report) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := rep.WriteJSON(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
