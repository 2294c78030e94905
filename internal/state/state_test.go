package state_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/state"
)

func open(t interface {
	Fatal(...any)
	Context() context.Context
}, dir string,
) *state.Store {
	s, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var began = time.Date(2026, 11, 18, 2, 0, 0, 0, time.UTC)

// at is a time with nanoseconds, so that none are lost.
func at(n int) time.Time { return began.Add(time.Duration(n) * 1_000_000_007) }

func drawFinding(t *rapid.T) state.Finding {
	n := rapid.IntRange(0, 60).Draw(t, "finding")
	return state.Finding{
		UID: fmt.Sprintf("F-%d", n), Time: at(n % 7), Severity: uint8(1 + n%5), Rule: fmt.Sprintf("rule-%d", n%3),
		Title: "it's \"quoted\"", Host: fmt.Sprintf("ws-%d", n%4),
		Event: event.ID{Entry: uint64(1 + n/10), Leaf: uint32(n % 2)}, Body: fmt.Appendf(nil, `{"n":%d}`, n),
	}
}

func drawChange(t *rapid.T, through uint64) state.Change {
	c := state.Change{
		Through: through, Findings: rapid.SliceOfN(rapid.Custom(drawFinding), 0, 8).Draw(t, "findings"),
		Batches: map[event.BatchID]uint64{{byte(through)}: through},
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "dead letters") {
		c.Dead = append(c.Dead, state.DeadLetter{
			Event: event.ID{Entry: through, Leaf: uint32(i)}, Source: "file:x", Position: int64(i + 1), Reason: "broken",
		})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "sources") {
		c.Sources = append(c.Sources, state.Freshness{
			Name: fmt.Sprintf("s%d", i%2), Host: fmt.Sprintf("h%d", i), Events: int64(i + 1), Dead: int64(i),
			First: at(int(through) - i), Last: at(int(through) + i), Received: at(100 + int(through)),
		})
	}
	return c
}

// model is what a store has to answer, kept in plain maps.
type model struct {
	through  uint64
	batches  map[event.BatchID]uint64
	findings map[string]state.Finding
	dead     map[event.ID]state.DeadLetter
	sources  map[[2]string]state.Freshness
}

func (m *model) apply(c state.Change) {
	m.through = max(m.through, c.Through)
	for id, seq := range c.Batches {
		m.batches[id] = seq
	}
	for _, f := range c.Findings {
		if _, ok := m.findings[f.UID]; !ok {
			m.findings[f.UID] = f
		}
	}
	for _, d := range c.Dead {
		m.dead[d.Event] = d
	}
	for _, s := range c.Sources {
		key := [2]string{s.Name, s.Host}
		if old, ok := m.sources[key]; ok {
			s.Events, s.Dead = s.Events+old.Events, s.Dead+old.Dead
			s.First, s.Last, s.Received = earlier(s.First, old.First), later(s.Last, old.Last),
				later(s.Received, old.Received)
		}
		m.sources[key] = s
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// filter is Findings, done the simple way.
func (m *model) filter(f state.Filter) (list []state.Finding, total int) {
	for _, found := range m.findings {
		if (f.Severity == 0 || f.Severity == found.Severity) && (f.Rule == "" || f.Rule == found.Rule) &&
			(f.Host == "" || f.Host == found.Host) && (f.Incident == "" || f.Incident == found.Incident) &&
			(f.Event == event.ID{} || f.Event == found.Event) &&
			(f.From.IsZero() || !found.Time.Before(f.From)) && (f.To.IsZero() || found.Time.Before(f.To)) {
			list = append(list, found)
		}
	}
	slices.SortFunc(list, func(a, b state.Finding) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.Event.Entry, a.Event.Entry),
			cmp.Compare(b.Event.Leaf, a.Event.Leaf), cmp.Compare(a.UID, b.UID))
	})
	if total = len(list); f.Limit > 0 && total > f.Limit {
		list = list[:f.Limit]
	}
	return list, total
}

func drawFilter(t *rapid.T) state.Filter {
	f := state.Filter{
		Severity: rapid.Uint8Range(0, 6).Draw(t, "severity"),
		Rule:     rapid.SampledFrom([]string{"", "", "rule-1", "' OR 1=1 --"}).Draw(t, "rule"),
		Host:     rapid.SampledFrom([]string{"", "", "ws-2", "none"}).Draw(t, "host"),
		Incident: rapid.SampledFrom([]string{"", "", "I-1"}).Draw(t, "incident"),
		Limit:    rapid.IntRange(-1, 5).Draw(t, "limit"),
	}
	if rapid.Bool().Draw(t, "by event") {
		f.Event = event.ID{Entry: uint64(rapid.IntRange(1, 6).Draw(t, "entry")), Leaf: 1}
	}
	if rapid.Bool().Draw(t, "from") {
		f.From = at(rapid.IntRange(0, 8).Draw(t, "from time"))
	}
	if rapid.Bool().Draw(t, "to") {
		f.To = at(rapid.IntRange(0, 8).Draw(t, "to time"))
	}
	return f
}

// TestStore applies random changes, some entries' findings twice, groups
// findings into incidents, and compares every answer with plain maps.
func TestStore(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		s := open(t, filepath.Join(dir, fmt.Sprint(n)))
		defer s.Close()
		m := &model{
			batches: make(map[event.BatchID]uint64), findings: make(map[string]state.Finding),
			dead: make(map[event.ID]state.DeadLetter), sources: make(map[[2]string]state.Freshness),
		}
		for seq := range uint64(rapid.IntRange(1, 5).Draw(t, "changes")) {
			c := drawChange(t, seq+1)
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				if err := s.Apply(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				m.apply(c)
				c.Sources = nil // counts are increments; the caller leaves out what was applied
			}
		}
		group(t, s, m)
		for range 4 {
			f := drawFilter(t)
			list, total, err := s.Findings(t.Context(), f)
			want, wantTotal := m.filter(f)
			if err != nil || total != wantTotal || !sameFindings(list, want) {
				t.Fatalf("filter %+v: %d in all, %+v; want %d, %+v; %v", f, total, list, wantTotal, want, err)
			}
		}
		m.compare(t, s)
	})
}

// group puts some findings into an incident.
func group(t *rapid.T, s *state.Store, m *model) {
	in := state.Incident{UID: "I-1", Time: at(3), Body: []byte(`{}`)}
	for uid := range m.findings {
		if rapid.Bool().Draw(t, "in incident") {
			in.Findings = append(in.Findings, uid)
			f := m.findings[uid]
			f.Incident = in.UID
			m.findings[uid] = f
		}
	}
	old := state.Incident{UID: "I-0", Time: at(1), Body: []byte(`{}`), Findings: in.Findings}
	for _, list := range [][]state.Incident{{old}, {in}} {
		if err := s.PutIncidents(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Incident(t.Context(), "I-0"); !errors.Is(err, state.ErrNotFound) {
		t.Fatalf("replaced incident: %v, want not found", err)
	}
}

func sameFindings(a, b []state.Finding) bool {
	return slices.EqualFunc(a, b, func(x, y state.Finding) bool { return reflect.DeepEqual(x, y) })
}

// compare checks everything but the filters.
func (m *model) compare(t *rapid.T, s *state.Store) {
	ctx := t.Context()
	through, err := s.Through(ctx)
	if err != nil || through != m.through {
		t.Fatalf("through %d, want %d; %v", through, m.through, err)
	}
	batches, err := s.Batches(ctx)
	if err != nil || !reflect.DeepEqual(batches, m.batches) {
		t.Fatalf("batches %v, want %v; %v", batches, m.batches, err)
	}
	sources, err := s.Sources(ctx)
	if err != nil || len(sources) != len(m.sources) {
		t.Fatalf("%d sources, want %d; %v", len(sources), len(m.sources), err)
	}
	for _, got := range sources {
		if want := m.sources[[2]string{got.Name, got.Host}]; !reflect.DeepEqual(got, want) {
			t.Fatalf("source %+v, want %+v", got, want)
		}
	}
	if dead, total, err := s.DeadLetters(ctx, 100); err != nil || total != len(m.dead) || len(dead) != total {
		t.Fatalf("%d dead letters, want %d; %v", total, len(m.dead), err)
	}
	for uid, want := range m.findings {
		if got, err := s.Finding(ctx, uid); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("finding %+v, want %+v; %v", got, want, err)
		}
		worst, err := s.WorstFindings(ctx, []event.ID{want.Event, {Entry: 99}})
		if err != nil || worst[want.Event] < want.Severity || len(worst) != 1 {
			t.Fatalf("worst of %s: %v, want %d or more; %v", want.Event, worst, want.Severity, err)
		}
	}
	counts, err := s.CountFindings(ctx, at(0), at(8), time.Second)
	sum := 0
	for _, c := range counts {
		for _, n := range c {
			sum += n
		}
	}
	if err != nil || sum != len(m.findings) {
		t.Fatalf("counted %d findings, want %d; %v", sum, len(m.findings), err)
	}
	if faults, err := s.Check(ctx); err != nil || len(faults) != 0 {
		t.Fatalf("check: %v, %v", faults, err)
	}
}

// TestApplyIsWhole wants nothing of a change that fails at its end.
func TestApplyIsWhole(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	change := state.Change{Through: 5, Findings: []state.Finding{{UID: "F-1", Time: began, Body: []byte("{}")}}}
	if err := s.Apply(ctx, change); err == nil {
		t.Fatal("applied although the context had ended")
	}
	n, err := s.FindingCount(t.Context())
	through, err2 := s.Through(t.Context())
	if n != 0 || through != 0 || err != nil || err2 != nil {
		t.Errorf("%d findings through %d, want none; %v %v", n, through, err, err2)
	}
}

// TestCheckFindsChanges changes each column of a finding behind the store's
// back.
func TestCheckFindsChanges(t *testing.T) {
	for _, column := range []string{
		"time = time + 1", "severity = 1", "rule = 'x'", "title = 'x'", "host = 'x'", "entry = 9", "leaf = 9",
		"body = x'7b7d'", "uid = 'F-9'",
	} {
		dir := t.TempDir()
		s := open(t, dir)
		err := s.Apply(t.Context(), state.Change{Through: 1, Findings: []state.Finding{{
			UID: "F-1", Time: began, Severity: 4, Rule: "r", Title: "t", Host: "h",
			Event: event.ID{Entry: 1, Leaf: 2}, Body: []byte(`{"a":1}`),
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", filepath.Join(dir, "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("UPDATE findings SET " + column); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
		if faults, err := s.Check(t.Context()); err != nil || len(faults) != 1 {
			t.Errorf("%s: faults %v, want one; %v", column, faults, err)
		}
		s.Close()
	}
}

// TestNewerSchema refuses a database that a newer program wrote.
func TestNewerSchema(t *testing.T) {
	dir := t.TempDir()
	open(t, dir).Close()
	db, err := sql.Open("sqlite", filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := state.Open(t.Context(), dir); err == nil {
		t.Error("opened a database with a newer schema")
	}
}

func TestVerifications(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	if _, _, err := s.LastVerification(t.Context()); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("no verification yet: %v", err)
	}
	for i, body := range []string{"first", "second"} {
		if err := s.PutVerification(t.Context(), at(i), true, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	when, body, err := s.LastVerification(t.Context())
	if err != nil || string(body) != "second" || !when.Equal(at(1)) {
		t.Errorf("last verification %s %q, %v", when, body, err)
	}
}
