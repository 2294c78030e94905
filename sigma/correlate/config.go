package correlate

import (
	"runtime"
	"time"

	"github.com/evident-sec/evident/sigma"
)

// Config bounds an Engine. The zero Config takes all defaults.
type Config struct {
	// Lateness is how far behind the latest event of its group an event may be
	// and still be put in its place. 0: DefaultLateness; below 0: none.
	Lateness time.Duration
	// Behind is how many events of its rule and group a late event may be
	// behind. It bounds the time that one event can cost. 0: DefaultBehind.
	Behind int
	// MaxGroups and MaxHits bound what is kept for one correlation.
	// 0: DefaultMaxGroups, DefaultMaxHits.
	MaxGroups, MaxHits int
	// MaxEvidence bounds the events listed in an alert. 0: DefaultMaxEvidence.
	MaxEvidence int
	// Idle is after how long without an event, by arrival, a group is
	// forgotten, though never before its timespan and the lateness are over.
	// 0: DefaultIdle.
	Idle time.Duration
	// Workers evaluate a batch side by side. 0: one a processor.
	Workers int
}

// Defaults of Config.
const (
	DefaultLateness    = 15 * time.Minute
	DefaultBehind      = 4096
	DefaultMaxGroups   = 1 << 16
	DefaultMaxHits     = 1 << 20
	DefaultMaxEvidence = 100
	DefaultIdle        = 24 * time.Hour
)

// numParts is into how many parts the groups of a correlation are spread. It is
// fixed, so that what is evicted does not depend on the machine.
const numParts = 8

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		value     *int
		otherwise int
	}{
		{&c.Behind, DefaultBehind},
		{&c.MaxGroups, DefaultMaxGroups},
		{&c.MaxHits, DefaultMaxHits},
		{&c.MaxEvidence, DefaultMaxEvidence},
		{&c.Workers, runtime.GOMAXPROCS(0)},
	} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	if c.Lateness == 0 {
		c.Lateness = DefaultLateness
	}
	c.Lateness = max(c.Lateness, 0)
	if c.Idle <= 0 {
		c.Idle = DefaultIdle
	}
	return c
}

// Unreachable names the correlations whose condition asks for more events in
// one window than an Engine keeps, so that it can never hold.
func (p *Plan) Unreachable(c Config) (out []*sigma.Correlation) {
	room := float64(max(1, c.withDefaults().MaxHits/numParts))
	for _, s := range p.specs {
		if !s.mayHold(room) {
			out = append(out, s.c)
		}
	}
	return out
}
