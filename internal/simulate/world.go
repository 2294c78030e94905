package simulate

import (
	"context"
	"fmt"
	"io"
	"time"
)

// world is the whole state of one run.
type world struct {
	cfg    Config
	now    time.Duration // since cfg.Start; no record before it can be added any more
	end    time.Duration
	agenda queue[func()]
	out    *outputs
	key    *Key

	people   []*person
	hosts    []*host // all, workstations first
	byName   map[string]*host
	accounts map[string]*account
	binaries map[string]*binary
	rids     int
	d        dice

	zeek  zeekLogs
	idp   idpLogs
	mdm   mdmLog
	win   *stream
	linux map[string]*linuxLogs
}

func newWorld(cfg Config, create func(string) (io.WriteCloser, error)) *world {
	end := time.Duration(cfg.Days) * 24 * time.Hour
	w := &world{
		cfg: cfg, end: end,
		out:      &outputs{create: create, start: cfg.Start, end: end},
		key:      &Key{Format: KeyFormat, Seed: cfg.Seed, Counting: counting},
		byName:   map[string]*host{},
		accounts: map[string]*account{},
		binaries: map[string]*binary{},
		linux:    map[string]*linuxLogs{},
		rids:     1103,
		d:        newDice(cfg.Seed, "world"),
	}
	w.win = w.out.stream("windows/forwarded-", ".ndjson")
	w.openZeek()
	w.openCloud()
	w.hire()
	w.install()
	w.furnish()
	return w
}

// play plans every day and runs the agenda to the end.
func (w *world) play(ctx context.Context, progress func(done, total int)) error {
	w.bootServers()
	for day := range w.cfg.Days {
		w.at(time.Duration(day)*24*time.Hour, func() { w.planDay(day) })
	}
	w.planBackground()
	w.planIncidents()
	w.planLookalikes()
	total, shown := int(w.end/time.Minute), -1
	for len(w.agenda.items) > 0 && w.agenda.items[0].at < w.end {
		at, do := w.agenda.pop()
		w.now = at
		if err := w.out.flush(at); err != nil {
			return err
		}
		do()
		if minute := int(at / time.Minute); minute != shown {
			shown = minute
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("stop at simulated minute %d: %w", minute, err)
			}
			if progress != nil {
				progress(minute, total)
			}
		}
	}
	if progress != nil {
		progress(total, total)
	}
	return w.out.flush(w.end)
}

// at schedules do; a time that has passed means now.
func (w *world) at(t time.Duration, do func()) { w.agenda.push(max(t, w.now), do) }

// clock returns the wall-clock time of a moment.
func (w *world) clock(t time.Duration) time.Time { return w.cfg.Start.Add(t) }

func (w *world) dice(name string) dice { return newDice(w.cfg.Seed, name) }

// daily runs do every day at the given time of day, give or take jitter.
func (w *world) daily(clock, jitter time.Duration, name string, do func(t time.Duration)) {
	d := w.dice("daily/" + name)
	for day := range w.cfg.Days {
		t := time.Duration(day)*24*time.Hour + clock + d.span(0, jitter)
		w.at(t, func() { do(t) })
	}
}

// every runs do repeatedly with the given mean pause, scaled by Config.Scale.
func (w *world) every(mean time.Duration, d dice, do func(t time.Duration)) {
	mean = time.Duration(float64(mean) / w.cfg.Scale)
	var next func()
	schedule := func() { w.at(w.now+d.span(mean/2, mean*3/2), next) }
	next = func() {
		do(w.now)
		schedule()
	}
	schedule()
}

// workdays returns the indexes of the simulated working days; at least one.
func (w *world) workdays() []int {
	var days []int
	for day := range w.cfg.Days {
		if workday(w.cfg.Start, day) {
			days = append(days, day)
		}
	}
	return days
}
