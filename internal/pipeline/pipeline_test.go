package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/internal/pipeline"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
)

// document is one rule that correlations count, and is a finding by itself; the
// correlations count by host, by log, and each other.
const document = `
title: Log cleared
id: 7f1b6c4e-52a8-4f0e-9d1c-0c6f3a1e9bff
name: cleared
status: test
logsource: {product: windows}
detection:
  sel: {EventID: 1102}
  condition: sel
level: high
---
title: Logon
id: 7f1b6c4e-52a8-4f0e-9d1c-0c6f3a1e9b00
name: logon
status: test
logsource: {product: windows}
detection:
  sel: {EventID: 4624}
  condition: sel
level: low
---
title: Logs cleared again and again
id: 7f1b6c4e-52a8-4f0e-9d1c-0c6f3a1e9b01
name: again
correlation:
  type: event_count
  rules: [cleared]
  group-by: [Hostname]
  timespan: 3s
  condition: {gte: 2}
  generate: true
---
title: Logons on several hosts
id: 7f1b6c4e-52a8-4f0e-9d1c-0c6f3a1e9b02
correlation:
  type: value_count
  rules: [logon]
  timespan: 4s
  condition: {field: Hostname, gte: 2}
---
title: Logon, then a log cleared again and again
id: 7f1b6c4e-52a8-4f0e-9d1c-0c6f3a1e9b03
correlation:
  type: temporal_ordered
  rules: [logon, again]
  group-by: [Hostname]
  timespan: 5s
  generate: true
level: critical
`

// parts are what every pipeline of these tests shares.
type parts struct {
	norm     *normalize.Normalizer
	detector *detect.Detector
}

func newParts(t *testing.T) parts {
	t.Helper()
	norm, err := normalize.New(mappings.FS)
	if err != nil {
		t.Fatal(err)
	}
	return parts{norm, detectorOf(t, document)}
}

// detectorOf compiles rule documents.
func detectorOf(t *testing.T, text string) *detect.Detector {
	t.Helper()
	set, err := sigma.LoadFS(fstest.MapFS{"rule.yml": {Data: []byte(text)}}, ".")
	if err != nil || len(set.Rejected) > 0 {
		t.Fatal(err, set.Rejected)
	}
	data, err := mappings.FS.ReadFile("sigma-logsources.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := sigma.ParseLogsources(data)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := sigma.Compile(set, sources)
	if err != nil {
		t.Fatal(err)
	}
	return detect.New(plan)
}

// found judges the entries one after another and returns the identifiers of
// what is found: detector says by what each is judged.
func (p parts) found(
	t interface{ Fatal(...any) }, journal []*event.Entry, detector func(seq uint64) *detect.Detector,
) []string {
	var out []string
	var c *detect.Correlator
	var by *detect.Detector
	for _, e := range journal {
		var err error
		switch d := detector(e.Seq); {
		case c == nil:
			by = d
			c, err = d.Correlator()
		case d != by:
			by = d
			c, _, err = c.Swap(d)
		}
		var v detect.Verdict
		judge := by.Judge()
		for i, ev := range p.norm.Entry(e) {
			err = errors.Join(err, judge.Add(&v, &ev, e.Records[i].Position))
		}
		more, addErr := c.Add(&v)
		if err := errors.Join(err, addErr); err != nil {
			t.Fatal(err)
		}
		for _, f := range append(v.Findings, more...) {
			out = append(out, f.UID)
		}
	}
	slices.Sort(out)
	return out
}

// expected is what the entries must lead to, counted as they are made.
type expected struct{ events, dead int }

// entries makes a journal: ordinary records, records that the rule finds, and
// records that cannot be decoded.
func entries(n int, random *rand.Rand) (out []*event.Entry, want expected) {
	for seq := 1; seq <= n; seq++ {
		e := &event.Entry{
			Seq: uint64(seq), Source: "file:test", Format: event.FormatJSON,
			Received: time.Date(2026, 11, 18, 2, 0, seq, 0, time.UTC), Batch: event.BatchID{byte(seq), 1},
		}
		for i := range 1 + random.IntN(3) {
			at := e.Received.Add(time.Duration(random.IntN(4)-2) * time.Second) // some come late
			raw := fmt.Sprintf(`{"Channel":"Security","EventID":4624,"Hostname":"ws-%d","@timestamp":"%s"}`,
				random.IntN(3), at.Format(time.RFC3339))
			switch random.IntN(4) {
			case 0:
				raw = strings.Replace(raw, "4624", "1102", 1)
			case 1:
				raw = raw[:20]
				want.dead++
			}
			want.events++
			e.Records = append(e.Records, event.Record{Raw: []byte(raw), Position: int64(i + 1)})
		}
		out = append(out, e)
	}
	return out, want
}

func newWorld(journal []*event.Entry, random *rand.Rand) *world {
	return &world{
		entries: journal, fuse: -1, batches: make(map[event.BatchID]int),
		findings: make(map[string]int), windows: make(map[string]state.WindowRow), dead: make(map[event.ID]int), hot: make(map[event.ID]bool),
		choose: func(low, high uint64) uint64 { return low + random.Uint64N(high-low+1) },
	}
}

func (p parts) pipeline(t interface{ Fatal(...any) }, w *world, change func(*pipeline.Config)) *pipeline.Pipeline {
	cfg := pipeline.Config{
		Journal: fakeJournal{w}, Ledger: fakeLedger{w}, Lake: fakeLake{w}, State: fakeState{w},
		Hot: fakeHot{w}, Normalize: p.norm, Detect: p.detector, Workers: 2, SealCount: 4,
	}
	if change != nil {
		change(&cfg)
	}
	pipe, err := pipeline.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return pipe
}

// run processes the whole journal and seals it, or dies on the way.
func run(ctx context.Context, pipe *pipeline.Pipeline, through uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- pipe.Run(ctx) }()
	err := pipe.Seal(ctx, through)
	cancel()
	return errors.Join(err, <-done)
}

// TestOnceWhateverFails kills the process at any operation of any store, again
// and again: at the end every consumer has every entry exactly once.
func TestOnceWhateverFails(t *testing.T) {
	p := newParts(t)
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n := rapid.IntRange(1, 12).Draw(t, "entries")
		journal, want := entries(n, random)
		w := newWorld(journal, random)
		tune := func(c *pipeline.Config) {
			c.SealCount = rapid.IntRange(1, 9).Draw(t, "seal count")
			c.Workers = rapid.IntRange(1, 3).Draw(t, "workers")
			if rapid.Bool().Draw(t, "no hot table") {
				c.Hot = nil
			}
		}
		for range rapid.IntRange(0, 6).Draw(t, "kills") {
			w.fuse = rapid.IntRange(1, 6*n).Draw(t, "fuse")
			w.after = rapid.Bool().Draw(t, "after")
			err := run(t.Context(), p.pipeline(t, w, tune), uint64(n))
			if err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			w.restart(t)
		}
		if err := run(t.Context(), p.pipeline(t, w, tune), uint64(n)); err != nil {
			t.Fatal(err)
		}
		w.check(t, n, want, p.found(t, journal, func(uint64) *detect.Detector { return p.detector }))
	})
}

// check wants every entry exactly once everywhere and no rule broken.
func (w *world) check(t *rapid.T, n int, want expected, findings []string) {
	for _, rule := range w.broken {
		t.Error(rule)
	}
	if len(w.leaves) != n || w.through != uint64(n) || w.applied != uint64(n) || len(w.batches) != n {
		t.Errorf("ledger has %d, lake %d, state %d, %d batches of %d entries", len(w.leaves), w.through,
			w.applied, len(w.batches), n)
	}
	if len(w.hot) != 0 {
		t.Errorf("%d sealed events are still in the hot table", len(w.hot))
	}
	next := 0
	for _, e := range w.entries {
		for leaf := range e.Records {
			id := event.ID{Entry: e.Seq, Leaf: uint32(leaf)}
			if next >= len(w.lake) || w.lake[next] != id {
				t.Fatalf("lake has %v, want %s as number %d", w.lake, id, next)
			}
			next++
		}
	}
	if next != len(w.lake) || w.counted != int64(want.events) {
		t.Errorf("lake has %d events, sources %d, want %d", len(w.lake), w.counted, want.events)
	}
	once := func(what string, got, want int, counts []int) {
		for _, c := range counts {
			if c != 1 {
				t.Errorf("a %s was written %d times", what, c)
			}
		}
		if got != want {
			t.Errorf("%d %ss, want %d", got, what, want)
		}
	}
	if got := slices.Sorted(maps.Keys(w.findings)); !slices.Equal(got, findings) {
		t.Errorf("findings %q, want %q", got, findings)
	}
	var found, dead []int
	for _, c := range w.findings {
		found = append(found, c)
	}
	for _, c := range w.dead {
		dead = append(dead, c)
	}
	once("finding", len(found), len(findings), found)
	once("dead letter", len(dead), want.dead, dead)
}

// TestTicks wants the pipeline to show, apply, seal and purge by itself.
func TestTicks(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	journal, want := entries(3, random)
	w := newWorld(journal, random)
	w.choose = func(_, high uint64) uint64 { return high }
	pipe := newParts(t).pipeline(t, w, func(c *pipeline.Config) {
		c.SealAfter, c.SealCount = 10*time.Millisecond, 1000
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _ = pipe.Run(ctx) }()
	purged := func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.purged == 3 }
	for end := time.Now().Add(20 * time.Second); !purged(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not sealed and purged after 20 s")
		}
	}
	cancel()
	<-pipe.Stopped()
	if err := pipe.Err(); err != nil {
		t.Error(err)
	}
	s := pipe.Status()
	if s.Through != 3 || s.Events != int64(want.events) || s.Dead != int64(want.dead) || s.Arrived.IsZero() {
		t.Errorf("status %+v, want entry 3, %d events, %d dead", s, want.events, want.dead)
	}
	if len(w.lake) != want.events || len(w.broken) != 0 {
		t.Errorf("lake has %d events, want %d; broken: %v", len(w.lake), want.events, w.broken)
	}
}

// TestPurgeWaitsForTheLedger wants nothing purged that no checkpoint covers.
func TestPurgeWaitsForTheLedger(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	journal, _ := entries(5, random)
	w := newWorld(journal, random)
	w.choose = func(low, _ uint64) uint64 { return max(low, 2) }
	if err := run(t.Context(), newParts(t).pipeline(t, w, nil), 5); err != nil {
		t.Fatal(err)
	}
	if w.purged != 2 || w.through != 5 || len(w.broken) != 0 {
		t.Errorf("purged through %d, want 2; lake has %d; broken: %v", w.purged, w.through, w.broken)
	}
}

// TestSealAfterTheEnd wants an answer, not a wait, from a stopped pipeline.
func TestSealAfterTheEnd(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	journal, _ := entries(2, random)
	w := newWorld(journal, random)
	w.fuse = 3
	pipe := newParts(t).pipeline(t, w, nil)
	if err := run(t.Context(), pipe, 2); !errors.Is(err, errKilled) {
		t.Fatalf("run: %v, want %v", err, errKilled)
	}
	if err := pipe.Seal(t.Context(), 2); !errors.Is(err, errKilled) {
		t.Errorf("seal: %v, want %v", err, errKilled)
	}
	if err := pipe.Err(); !errors.Is(err, errKilled) {
		t.Errorf("err: %v, want %v", err, errKilled)
	}
}
