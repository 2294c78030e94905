package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// KeyFile is the name of the answer key among the written files. It is not a
// log: whoever reads the output as logs must leave it out.
const KeyFile = "answer-key.json"

// Limits of a Config.
const (
	minUsers = 30 // below, some department would have nobody
	maxUsers = 5000
	maxDays  = 400
	maxScale = 200
)

// Config says which organisation to simulate. The zero value of each field
// selects its default.
type Config struct {
	Seed  uint64    // chooses everything that is left to chance
	Users int       // people, default 60, 30 to 5000; hosts follow from them
	Days  int       // days from Start, default 5, 1 to 400
	Start time.Time // first midnight UTC, default 2026-11-16 (a Monday)
	Scale float64   // density of everyday activity, default 1, up to 200
}

func (c Config) withDefaults() Config {
	if c.Users == 0 {
		c.Users = 60
	}
	if c.Days == 0 {
		c.Days = 5
	}
	if c.Start.IsZero() {
		c.Start = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	}
	if c.Scale == 0 {
		c.Scale = 1
	}
	c.Start = c.Start.UTC().Truncate(24 * time.Hour)
	return c
}

func (c Config) check() error {
	switch {
	case c.Users < minUsers || c.Users > maxUsers:
		return fmt.Errorf("users %d: want %d to %d", c.Users, minUsers, maxUsers)
	case c.Days < 1 || c.Days > maxDays:
		return fmt.Errorf("days %d: want 1 to %d", c.Days, maxDays)
	case !(c.Scale > 0 && c.Scale <= maxScale):
		return fmt.Errorf("scale %g: want above 0, at most %d", c.Scale, maxScale)
	case c.Start.Year() < 1990 || c.Start.Year() > 2100:
		return fmt.Errorf("start %s: want a year from 1990 to 2100", c.Start.Format(time.DateOnly))
	}
	for day := range c.Days {
		if workday(c.Start, day) {
			return nil
		}
	}
	return errors.New("no working day in the simulated days")
}

// Simulation is a checked Config, ready to be written any number of times.
type Simulation struct{ cfg Config }

// New checks cfg and fills in defaults. It fails when a value is out of range
// or when no simulated day is a working day.
func New(cfg Config) (*Simulation, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("check simulation: %w", err)
	}
	return &Simulation{cfg: cfg}, nil
}

// Config returns the configuration with its defaults filled in.
func (s *Simulation) Config() Config { return s.cfg }

// Write plays the simulation and writes every log through create, which gets
// slash-separated names such as "windows/forwarded-2026-11-16.ndjson", each
// once. The answer key is written last, as KeyFile. progress, which may be
// nil, is called with simulated minutes done and in total. The first error of
// create, of a writer or of ctx ends the run.
func (s *Simulation) Write(ctx context.Context,
	create func(name string) (io.WriteCloser, error), progress func(done, total int),
) (*Key, error) {
	w := newWorld(s.cfg, create)
	err := w.play(ctx, progress)
	if closeErr := w.out.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("write simulation: %w", err)
	}
	key := w.key.sorted()
	if err := writeKey(key, create); err != nil {
		return nil, fmt.Errorf("write answer key: %w", err)
	}
	return key, nil
}

// WriteDir is Write into files under dir, which is created when missing.
// Existing files of the same names are replaced.
func (s *Simulation) WriteDir(ctx context.Context, dir string,
	progress func(done, total int),
) (*Key, error) {
	return s.Write(ctx, func(name string) (io.WriteCloser, error) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, fmt.Errorf("create folder: %w", err)
		}
		return os.Create(path)
	}, progress)
}

func writeKey(key *Key, create func(string) (io.WriteCloser, error)) error {
	text, err := json.MarshalIndent(key, "", "  ")
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	f, err := create(KeyFile)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// workday reports whether the day after start is Monday to Friday.
func workday(start time.Time, day int) bool {
	switch start.AddDate(0, 0, day).Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	return true
}
