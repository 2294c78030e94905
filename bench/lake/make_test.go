package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// twoBatches is a base of two entries with three events.
func twoBatches() []batch {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	var out []batch
	for i, n := range []int{2, 1} {
		b := batch{entry: &event.Entry{Received: at}, last: at.Add(time.Duration(i) * time.Hour)}
		for leaf := range n {
			ev := event.Event{ID: event.ID{Leaf: uint32(leaf)}, Time: b.last, Class: event.ClassProcess}
			ev.Raw = fmt.Appendf(nil, "record %d of %d", leaf, i)
			ev.Attrs.Set(event.AttrHost, "ws1")
			ev.Attrs.Set(event.AttrActorUser, "anna")
			ev.Attrs.Set(event.AttrProcessUID, fmt.Sprintf("{%d-%d}", i, leaf))
			ev.Attrs.Set(event.AttrProcessCmdLine, "svchost.exe -k")
			b.evs = append(b.evs, ev)
			b.entry.Records = append(b.entry.Records, event.Record{Raw: ev.Raw})
		}
		out = append(out, b)
	}
	return out
}

// told is what each says of a lake: entries by number, without what is random.
func told(t *testing.T, p plan, after uint64) map[uint64]string {
	out := map[uint64]string{}
	err := p.each(after, func(made int, e *event.Entry, evs []event.Event) error {
		if out[e.Seq] != "" || len(evs) != len(e.Records) {
			t.Errorf("entry %d comes twice or has %d events of %d records", e.Seq, len(evs), len(e.Records))
		}
		text := fmt.Sprint(made, e.Received)
		for i := range evs {
			if evs[i].ID != (event.ID{Entry: e.Seq, Leaf: uint32(i)}) {
				t.Errorf("event %d of entry %d is %s", i, e.Seq, evs[i].ID)
			}
			text += fmt.Sprint(evs[i].Time, evs[i].Attrs)
		}
		out[e.Seq] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPlanIsTheSameWhenContinued: an interrupted lake goes on with the entries
// that it lacks, and copies share neither hosts nor persons nor identifiers.
func TestPlanIsTheSameWhenContinued(t *testing.T) {
	p := newPlan(twoBatches(), 40, 0)
	whole := told(t, p, 0)
	events, raw := p.totals()
	if p.copies != 3 || events < 40 || events > 42 || raw != int64(events*len("record 0 of 0")) {
		t.Errorf("%d copies, %d events of %d bytes", p.copies, events, raw)
	}
	for after := range uint64(len(whole)) {
		rest := told(t, p, after)
		if len(rest) != len(whole)-int(after) {
			t.Fatalf("after entry %d come %d entries, want %d", after, len(rest), len(whole)-int(after))
		}
		for seq, text := range rest {
			if text != whole[seq] {
				t.Errorf("entry %d differs after %d:\n%s\n%s", seq, after, text, whole[seq])
			}
		}
	}
	users, uids := map[string]int{}, map[string]int{}
	_ = p.each(0, func(_ int, _ *event.Entry, evs []event.Event) error {
		for i := range evs {
			users[evs[i].Attrs.Get(event.AttrActorUser)]++
			uids[evs[i].Attrs.Get(event.AttrProcessUID)]++
		}
		return nil
	})
	if len(users) != p.copies || len(uids) != events {
		t.Errorf("%d persons in %d copies, %d identifiers in %d events", len(users), p.copies, len(uids), events)
	}
	stop := errors.New("stop")
	if err := p.each(0, func(int, *event.Entry, []event.Event) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("each goes on after an error: %v", err)
	}
}
