package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/edgelake"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/simulate"
	"github.com/evident-sec/evident/internal/source"
	"github.com/evident-sec/evident/mappings"
)

const (
	days      = 5 // that the simulation covers
	sealEvery = 100_000
)

// made is what the lake was made of, kept beside it.
type made struct {
	Events  int           // in the lake
	Seeds   []event.Event // spread over all of it: process starts
	LakeCPU float64       // seconds for columns and originals
	EdgeCPU float64       // seconds for reading, packing and storing edges
	Bytes   int64         // of stored edges
	Edges   int64
}

// simulated plays an organisation and reads its logs as Evident does.
func simulated(ctx context.Context) (entries [][]event.Event, err error) {
	dir, err := os.MkdirTemp("", "evident-simulated-*")
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	defer os.RemoveAll(dir)
	sim, err := simulate.New(simulate.Config{Seed: 1, Users: 40, Days: days})
	if err != nil {
		return nil, err
	}
	if _, err := sim.WriteDir(ctx, dir, nil); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(dir, simulate.KeyFile)); err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		return nil, err
	}
	reader, err := source.New(source.Config{
		Known: func(event.BatchID) bool { return false },
		Append: func(_ context.Context, e *event.Entry) error {
			e.Seq = 1
			evs := norm.Entry(e)
			for i := range evs {
				evs[i] = slim(evs[i])
			}
			entries = append(entries, evs)
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	_, err = reader.Ingest(ctx, []string{dir}, nil)
	return entries, err
}

// slim copies what the lake's columns hold.
func slim(ev event.Event) event.Event {
	ev.Native, ev.Raw = nil, nil
	attrs := make(event.Attributes, len(ev.Attrs))
	for i, a := range ev.Attrs {
		attrs[i] = event.AttrValue{Attr: a.Attr, Text: strings.Clone(a.Text)}
	}
	ev.Attrs = attrs
	return ev
}

// build fills a lake with so many events. Originals are short: they are not
// what is measured.
func build(ctx context.Context, dir string, want bench) (*made, error) {
	base, err := simulated(ctx)
	if err != nil {
		return nil, err
	}
	table, err := lake.Open(ctx, lake.Config{
		Dir: filepath.Join(dir, "lake"), SealEvents: math.MaxInt, SealBytes: math.MaxInt64,
	})
	if err != nil {
		return nil, err
	}
	defer table.Close()
	store, err := edgelake.Open(ctx, edgelake.Config{Table: table, Memory: 1})
	if err != nil {
		return nil, err
	}
	events := want.events
	b := builder{table: table, store: store, seedEvery: max(1, want.events/max(want.seeds, want.cold))}
	total := 0
	for _, evs := range base {
		total += len(evs)
	}
	periods := max(1, want.days/days)
	copies := max(1, (events+total*periods-1)/(total*periods))
	for period := range periods {
		for _, evs := range base {
			for c := range copies {
				if b.Events >= events {
					break
				}
				if err := b.append(ctx, evs, period, c); err != nil {
					return nil, err
				}
			}
		}
	}
	if err := b.seal(ctx); err != nil {
		return nil, err
	}
	b.Bytes = store.Status().Bytes
	raw, err := json.Marshal(b.made)
	if err != nil {
		return nil, fmt.Errorf("note what was made: %w", err)
	}
	return &b.made, os.WriteFile(filepath.Join(dir, "made.json"), raw, 0o600)
}

type builder struct {
	made
	table     *lake.Table
	store     *edgelake.Store
	seq       uint64
	pending   int
	seedEvery int
}

func (b *builder) append(ctx context.Context, base []event.Event, period, c int) error {
	b.seq++
	evs := shifted(base, b.seq, time.Duration(period*days)*24*time.Hour, c)
	e := event.Entry{
		Seq: b.seq, Source: "bench", Format: event.FormatJSON, Received: evs[0].Received,
		Records: make([]event.Record, len(evs)),
	}
	for i := range e.Records {
		e.Records[i] = event.Record{Position: int64(i + 1), Raw: []byte("{}")}
		rand.Read(e.Records[i].Salt[:])
	}
	began := cpuTime()
	if err := b.table.Append(ctx, &e, evs); err != nil {
		return err
	}
	mid := cpuTime()
	b.store.Append(e.Seq, evs)
	b.LakeCPU, b.EdgeCPU = b.LakeCPU+(mid-began).Seconds(), b.EdgeCPU+(cpuTime()-mid).Seconds()
	for i := range evs {
		if evs[i].Class == event.ClassProcess && evs[i].Activity == event.ProcessLaunch &&
			b.Events+i >= len(b.Seeds)*b.seedEvery {
			b.Seeds = append(b.Seeds, slim(evs[i]))
		}
	}
	b.Events += len(evs)
	if b.pending += len(evs); b.pending < sealEvery {
		return nil
	}
	return b.seal(ctx)
}

func (b *builder) seal(ctx context.Context) error {
	began := cpuTime()
	if err := b.table.Seal(ctx); err != nil {
		return err
	}
	mid := cpuTime()
	b.store.Sealed()
	err := b.store.Close() // so that its time is counted apart
	b.LakeCPU, b.EdgeCPU = b.LakeCPU+(mid-began).Seconds(), b.EdgeCPU+(cpuTime()-mid).Seconds()
	b.pending = 0
	fmt.Fprintf(os.Stderr, "\r%d events", b.Events)
	return err
}

// shifted is an entry of copy c, later: on hosts, of persons, with identifiers
// and addresses of its own.
func shifted(base []event.Event, seq uint64, later time.Duration, c int) []event.Event {
	mark := fmt.Sprintf("-%d", c)
	evs := append([]event.Event{}, base...)
	for i := range evs {
		ev := &evs[i]
		ev.ID = event.ID{Entry: seq, Leaf: uint32(i)}
		ev.Time, ev.Received = ev.Time.Add(later), ev.Received.Add(later)
		ev.Attrs = append(event.Attributes{}, ev.Attrs...)
		for k, a := range ev.Attrs {
			switch {
			case a.Attr == event.AttrHost || a.Attr.Info().Person || strings.HasSuffix(a.Attr.String(), ".uid"):
				ev.Attrs[k].Text = a.Text + mark
			case strings.HasSuffix(a.Attr.String(), ".ip"):
				ev.Attrs[k].Text = moved(a.Text, c)
			}
		}
	}
	return evs
}

// moved gives copy c an address range of its own.
func moved(ip string, c int) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || !a.Is4() || !a.IsPrivate() {
		return ip
	}
	b := a.As4()
	return netip.AddrFrom4([4]byte{10, b[1] ^ byte(c), b[2] ^ byte(c>>8), b[3]}).String()
}

func readMade(dir string) (*made, error) {
	f, err := os.Open(filepath.Join(dir, "made.json"))
	if err != nil {
		return nil, fmt.Errorf("read what was made: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read what was made: %w", err)
	}
	var m made
	return &m, json.Unmarshal(raw, &m)
}
