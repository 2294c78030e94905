package rerun

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/reconstruct"
)

var day = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// memory is a folder: events in time order, and findings.
type memory struct {
	events   []event.Event
	findings []reconstruct.Finding
	altered  map[uint64]bool
}

func (m *memory) Event(_ context.Context, id event.ID) (event.Event, error) {
	for i := range m.events {
		if m.events[i].ID == id {
			return m.events[i], nil
		}
	}
	return event.Event{}, reconstruct.ErrNotFound
}

func (m *memory) Each(_ context.Context, q reconstruct.Query, visit func(*event.Event) error) error {
	for i := range m.events {
		ev := &m.events[i]
		a := ev.Attrs
		switch {
		case ev.Time.Before(q.From) || !ev.Time.Before(q.To),
			len(q.Classes) > 0 && !slices.Contains(q.Classes, ev.Class),
			len(q.Hosts) > 0 && !slices.Contains(q.Hosts, causal.ShortHost(a.Get(event.AttrHost))),
			q.Address+q.Session+q.Named != "":
			continue
		}
		if err := visit(ev); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Between(_ context.Context, from, to time.Time) (out []reconstruct.Finding, err error) {
	for _, f := range m.findings {
		if !f.Time.Before(from) && f.Time.Before(to) {
			out = append(out, f)
		}
	}
	return out, nil
}

// Oldest is the first event's time, whatever entry it came in.
func (m *memory) Oldest(context.Context) (time.Time, error) {
	if len(m.events) == 0 {
		return time.Time{}, nil
	}
	return m.events[0].Time, nil
}

func (m *memory) store() Store {
	return Store{Events: m, Findings: m, Root: func(_ context.Context, entry uint64) (string, error) {
		h := sha256.New()
		found := false
		for i := range m.events {
			if ev := &m.events[i]; ev.ID.Entry == entry {
				fmt.Fprintf(h, "%v %v %v\n", ev.ID, m.altered[entry], ev.Attrs)
				found = true
			}
		}
		if !found {
			return "", reconstruct.ErrNotFound
		}
		return hex.EncodeToString(h.Sum(nil)), nil
	}}
}

// launch is a program started by another, in an entry of its own.
func launch(entry, second int, host, parent, uid string) event.Event {
	ev := event.Event{
		ID: event.ID{Entry: uint64(entry)}, Class: event.ClassProcess, Activity: event.ProcessLaunch,
		Time: day.Add(time.Duration(second) * time.Second),
	}
	ev.Attrs.Set(event.AttrHost, host)
	ev.Attrs.Set(event.AttrActorProcessUID, parent)
	ev.Attrs.Set(event.AttrActorPath, `C:\t\`+parent+`.exe`)
	ev.Attrs.Set(event.AttrProcessUID, uid)
	ev.Attrs.Set(event.AttrProcessPath, `C:\t\`+uid+`.exe`)
	return ev
}

func (m *memory) add(evs ...event.Event) {
	m.events = append(m.events, evs...)
	slices.SortStableFunc(m.events, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
}

// folder is a chain of four programs and what a rule said of the last.
func folder() *memory {
	m := &memory{altered: map[uint64]bool{}}
	m.add(launch(1, 0, "ws1", "shell", "a"), launch(2, 1, "ws1", "a", "b"), launch(3, 2, "ws1", "b", "c"),
		launch(4, 3, "ws1", "c", "d"), launch(5, 4, "ws2", "x", "y"))
	m.findings = []reconstruct.Finding{{
		UID: "f1", Rule: "r", Title: "A rule", Level: "high", Event: event.ID{Entry: 4}, Time: day.Add(3 * time.Second),
	}}
	return m
}

// sealed seals from the last program of the chain, and reads what was written.
func sealed(t interface{ Fatal(...any) }, m *memory) *Sealed {
	s, _, err := Seal(context.Background(), m.store(), Request{
		Asked: "f1", Seed: event.ID{Entry: 4}, Through: 5, Checkpoint: []byte("c"), Now: day.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// TestGrowthChangesNothing: whatever arrives afterwards, of whatever time and host,
// and whatever rules say of old records, the sealed run gives the same.
func TestGrowthChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := folder()
		s := sealed(t, m)
		for i := range rapid.IntRange(0, 12).Draw(t, "more") {
			name := func(what string) string { return rapid.SampledFrom([]string{"a", "b", "c", "d", "z"}).Draw(t, what) }
			m.add(launch(6+i, rapid.IntRange(-90000, 90000).Draw(t, "second"),
				rapid.SampledFrom([]string{"ws1", "ws2"}).Draw(t, "host"), name("parent"), name("uid")))
		}
		m.findings = append(m.findings, reconstruct.Finding{
			UID: "f2", Level: "critical", Title: "Later", Event: event.ID{Entry: 2}, Time: day.Add(time.Second),
		})
		v, err := Check(context.Background(), m.store(), s)
		if err != nil {
			t.Fatal(err)
		}
		if !v.Same || v.Rejudged || len(v.Added)+len(v.Gone)+len(v.Altered)+len(v.Differences) > 0 {
			t.Fatalf("a folder that has grown: %+v", v)
		}
	})
}

// TestWhatDiffersIsNamed: an entry with other bytes, one that is gone, and another
// engine each say what they are.
func TestWhatDiffersIsNamed(t *testing.T) {
	check := func(m *memory, s *Sealed) *Verdict {
		v, err := Check(t.Context(), m.store(), s)
		if err != nil {
			t.Fatal(err)
		}
		if v.Same {
			t.Errorf("the same: %+v", v)
		}
		return v
	}
	m := folder()
	s := sealed(t, m)
	m.altered[2] = true
	if v := check(m, s); !slices.Equal(v.Altered, []uint64{2}) || v.Digest != s.Digest {
		t.Errorf("other bytes under entry 2: %+v", v)
	}
	m = folder()
	m.events = slices.DeleteFunc(m.events, func(ev event.Event) bool { return ev.ID.Entry == 2 })
	v := check(m, s)
	if !slices.Equal(v.Gone, []uint64{2}) || len(v.Differences) == 0 {
		t.Errorf("entry 2 is gone: %+v", v)
	}
	m = folder()
	m.events = slices.DeleteFunc(m.events, func(ev event.Event) bool { return ev.ID.Entry == 4 })
	if v := check(m, s); !slices.Equal(v.Gone, []uint64{4}) {
		t.Errorf("the seed is gone: %+v", v)
	}
	m, old := folder(), *s
	old.Engine--
	if v, err := Check(t.Context(), m.store(), &old); err != nil || !v.Engine {
		t.Errorf("another engine: %+v, %v", v, err)
	}
}

// TestTooLong: a result and findings that are too long to keep are compared by
// their digests.
func TestTooLong(t *testing.T) {
	m := folder()
	s := sealed(t, m)
	s.Result, s.Findings = nil, nil
	v, err := Check(t.Context(), m.store(), s)
	if err != nil || !v.Same || v.Rejudged {
		t.Errorf("by digests: %+v, %v", v, err)
	}
	m.findings[0].Level = "low"
	if v, err = Check(t.Context(), m.store(), s); err != nil || v.Same || !v.Rejudged {
		t.Errorf("rules judge otherwise: %+v, %v", v, err)
	}
}

// TestBadDocuments: what was changed after it was sealed is refused.
func TestBadDocuments(t *testing.T) {
	body, err := json.Marshal(sealed(t, folder()))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to string }{
		"format":  {"reconstruction/v1", "reconstruction/v9"},
		"inputs":  {`"entry":2`, `"entry":3`},
		"result":  {`ws1`, `ws9`},
		"finding": {`"title":"A rule"`, `"title":"B rule"`},
		"seed":    {`"seed":"4-0"`, `"seed":"x"`},
		"cut":     {`}`, ``},
	} {
		if _, err := Parse([]byte(strings.Replace(string(body), c.from, c.to, 1))); err == nil {
			t.Errorf("%s: changed, and read", name)
		}
	}
}

// FuzzParse: no document makes the reader fail otherwise than with an error.
func FuzzParse(f *testing.F) {
	body, err := json.Marshal(sealed(f, folder()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"format":"evident.reconstruction/v1","seed":"1-1","inputs":[],"result":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if s, err := Parse(body); err == nil {
			_ = s.Limits.limits()
		}
	})
}
