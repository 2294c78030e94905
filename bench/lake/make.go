package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/simulate"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/mappings"
)

// The simulation covers some days; copies of it follow one another until the
// lake covers a month, and stand beside one another, as other hosts and
// persons, until there are enough events.
const (
	days    = 5
	periods = 6
)

// batch is one journal entry with what was read from it.
type batch struct {
	entry *event.Entry
	evs   []event.Event
	last  time.Time // of its events
}

// simulated plays an organisation and reads its logs as Evident does. Batches
// come in the order in which their last events happened.
func simulated(ctx context.Context) ([]batch, error) {
	dir, err := os.MkdirTemp("", "evident-simulated-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	sim, err := simulate.New(simulate.Config{Seed: 1, Users: 40, Days: days})
	if err != nil {
		return nil, err
	}
	if _, err := sim.Write(ctx, func(name string) (io.WriteCloser, error) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		return os.Create(path)
	}, nil); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(filepath.Join(dir, simulate.KeyFile)); err != nil {
		return nil, err
	}
	return readAll(ctx, dir)
}

func readAll(ctx context.Context, dir string) ([]batch, error) {
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		return nil, err
	}
	var out []batch
	reader, err := source.New(source.Config{
		Append: func(_ context.Context, e *event.Entry) error {
			e.Seq = uint64(len(out) + 1)
			b := batch{entry: e, evs: norm.Entry(e)}
			for i := range b.evs {
				ev := &b.evs[i]
				ev.Attrs, ev.Native = append(event.Attributes{}, ev.Attrs...), nil
				if ev.Time.After(b.last) {
					b.last = ev.Time
				}
			}
			out = append(out, b)
			return nil
		},
		Known: func(event.BatchID) bool { return false },
	})
	if err != nil {
		return nil, err
	}
	_, err = reader.Ingest(ctx, []string{dir}, nil)
	slices.SortStableFunc(out, func(a, b batch) int {
		return cmp.Or(a.last.Compare(b.last), cmp.Compare(a.entry.Seq, b.entry.Seq))
	})
	return out, err
}

// plan says which copies of the base make a lake.
type plan struct {
	base   []batch
	events int // at least so many, whole entries
	copies int // beside one another
}

// newPlan plans for so many events; copies stand beside one another so that they
// take a month, unless it is said how many.
func newPlan(base []batch, events, copies int) plan {
	if copies > 0 {
		return plan{base, events, copies}
	}
	one := 0
	for _, b := range base {
		one += len(b.evs)
	}
	return plan{base, events, (events + one*periods - 1) / (one * periods)}
}

// each visits the entries after the first ones in order of arrival: the same
// each time but for salts and batches. made is how many events there are up to
// and with this entry.
func (p plan) each(after uint64, visit func(made int, e *event.Entry, evs []event.Event) error) error {
	seq, made := uint64(0), 0
	for period := range periods {
		shift := time.Duration(period) * days * 24 * time.Hour
		for _, b := range p.base {
			for beside := range p.copies {
				if made >= p.events {
					return nil
				}
				seq++
				if made += len(b.evs); seq <= after {
					continue
				}
				e, evs := b.shifted(seq, shift, fmt.Sprintf("-%d", beside), fmt.Sprintf("-%d-%d", beside, period))
				if err := visit(made, e, evs); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// totals returns how many events the lake has, and bytes of their records.
func (p plan) totals() (events int, raw int64) {
	for range periods {
		for _, b := range p.base {
			size := int64(0)
			for i := range b.entry.Records {
				size += int64(len(b.entry.Records[i].Raw))
			}
			for range p.copies {
				if events >= p.events {
					return events, raw
				}
				events, raw = events+len(b.evs), raw+size
			}
		}
	}
	return events, raw
}

// shifted is the batch as another entry, later, on hosts and of persons who
// carry the mark, with identifiers that carry the other one.
func (b batch) shifted(seq uint64, shift time.Duration, mark, once string) (*event.Entry, []event.Event) {
	e := *b.entry
	e.Seq, e.Received = seq, b.last.Add(shift+time.Second)
	rand.Read(e.Batch[:])
	e.Records = slices.Clone(b.entry.Records)
	for i := range e.Records {
		rand.Read(e.Records[i].Salt[:])
	}
	n := 0
	for i := range b.evs {
		n += len(b.evs[i].Attrs)
	}
	evs, attrs := slices.Clone(b.evs), make(event.Attributes, 0, n)
	for i := range evs {
		ev := &evs[i]
		ev.ID.Entry = seq
		ev.Time, ev.Received = ev.Time.Add(shift), e.Received
		from := len(attrs)
		attrs = append(attrs, ev.Attrs...)
		ev.Attrs = attrs[from:len(attrs):len(attrs)]
		for j, av := range ev.Attrs {
			switch {
			case av.Text == "":
			case av.Attr == event.AttrHost || av.Attr.Info().Person:
				ev.Attrs[j].Text = av.Text + mark
			case strings.HasSuffix(av.Attr.String(), ".uid"):
				ev.Attrs[j].Text = av.Text + once
			}
		}
	}
	return &e, evs
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
