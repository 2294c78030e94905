package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/simulate"
)

type simulateCmd struct {
	Seed  uint64    `default:"1" help:"Same seed, same bytes."`
	Users int       `default:"60" help:"People in the organisation."`
	Days  int       `default:"5" help:"Days from --start."`
	Start time.Time `format:"2006-01-02" default:"2026-11-16" help:"First day, UTC."`
	Scale float64   `default:"1" help:"Density of everyday activity."`
	Out   string    `required:"" placeholder:"DIR" type:"path" help:"Folder to write to."`
}

// Help shows an example.
func (simulateCmd) Help() string {
	return "Example:\n  evident simulate --seed 7 --users 60 --days 5 --out /tmp/harbor"
}

// Run writes the logs and the answer key.
func (c *simulateCmd) Run(e *console.Env) error {
	sim, err := simulate.New(simulate.Config{
		Seed: c.Seed, Users: c.Users, Days: c.Days, Start: c.Start, Scale: c.Scale,
	})
	if err != nil {
		return err
	}
	b := console.NewBar(e.Stderr, "simulate")
	key, err := sim.WriteDir(e.Context, c.Out, func(done, total int) {
		b.Set(int64(done), int64(total), "")
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, "%d incidents and %d look-alikes written to %s; the answers are in %s\n",
		len(key.Incidents), len(key.Lookalikes), c.Out, filepath.Join(c.Out, simulate.KeyFile))
	return nil
}
