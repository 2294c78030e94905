package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/simulate"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/mappings"
)

// days is how many days the simulation covers; each copy follows the last.
const days = 5

// batch is one journal entry with what was read from it.
type batch struct {
	entry *event.Entry
	evs   []event.Event
}

// simulated plays an organisation and reads its logs as Evident does.
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
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		return nil, err
	}
	var out []batch
	reader, err := source.New(source.Config{
		Append: func(_ context.Context, e *event.Entry) error {
			e.Seq = uint64(len(out) + 1)
			evs := norm.Entry(e)
			for i := range evs {
				evs[i].Attrs, evs[i].Native = append(event.Attributes{}, evs[i].Attrs...), nil
			}
			out = append(out, batch{e, evs})
			return nil
		},
		Known: func(event.BatchID) bool { return false },
	})
	if err != nil {
		return nil, err
	}
	_, err = reader.Ingest(ctx, []string{dir}, nil)
	return out, err
}

// replicate appends copies of the batches until there are so many events. Each
// copy is some days later, on hosts, of persons and with identifiers of its own.
func replicate(ctx context.Context, table *lake.Table, base []batch, events int) (made int, raw int64, err error) {
	seq := uint64(0)
	for copies := 0; made < events; copies++ {
		shift := time.Duration(copies) * days * 24 * time.Hour
		mark := fmt.Sprintf("-%d", copies)
		for _, b := range base {
			if made >= events {
				break
			}
			seq++
			entry, evs := b.shifted(seq, shift, mark)
			if err := table.Append(ctx, entry, evs); err != nil {
				return made, raw, err
			}
			made += len(evs)
			for i := range entry.Records {
				raw += int64(len(entry.Records[i].Raw))
			}
		}
	}
	return made, raw, nil
}

// shifted is the batch as another entry, later and marked.
func (b batch) shifted(seq uint64, shift time.Duration, mark string) (*event.Entry, []event.Event) {
	e := *b.entry
	e.Seq, e.Received = seq, e.Received.Add(shift)
	rand.Read(e.Batch[:])
	e.Records = append([]event.Record{}, b.entry.Records...)
	for i := range e.Records {
		rand.Read(e.Records[i].Salt[:])
	}
	evs := append([]event.Event{}, b.evs...)
	for i := range evs {
		ev := &evs[i]
		ev.ID.Entry = seq
		ev.Time, ev.Received = ev.Time.Add(shift), ev.Received.Add(shift)
		ev.Attrs = append(event.Attributes{}, ev.Attrs...)
		for j, av := range ev.Attrs {
			if av.Attr == event.AttrHost || av.Attr.Info().Person || strings.HasSuffix(av.Attr.String(), ".uid") {
				ev.Attrs[j].Text = av.Text + mark
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
