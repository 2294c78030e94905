package reconstruct

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
	"github.com/evident-sec/evident/internal/simulate"
)

// simulated writes five days of an organisation and reads them back.
func simulated(t testing.TB, seed uint64) (*memoryStore, *simulate.Key) {
	t.Helper()
	sim, err := simulate.New(simulate.Config{Seed: seed, Users: 30, Days: 4})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key, err := sim.WriteDir(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, simulate.KeyFile)); err != nil {
		t.Fatal(err)
	}
	return ingest(t, dir), key
}

// TestSimulatedIntrusion scores the controlled processes of the simulated
// theft, reconstructed from the first host record of every step.
func TestSimulatedIntrusion(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates four days")
	}
	store, key := simulated(t, 1)
	rec := newTest(t, store, nil)
	for _, in := range key.Incidents {
		for _, st := range in.Steps {
			seed, ok := hostRecord(store, st)
			if !ok {
				continue
			}
			start := time.Now()
			res, err := rec.Incident(t.Context(), seed)
			if err != nil {
				t.Fatal(err)
			}
			checkSteps(t, res)
			hits, wrong := scoreProcesses(t, res, in)
			t.Logf("%s step %2d %s: processes %d/%d, %d wrong, steps told %d/%d in %d, %d gaps, %s, %d events, %s",
				in.Name, st.N, st.Technique, hits, len(in.Processes), len(wrong), told(store, res, in),
				len(in.Steps), len(res.Steps), len(res.Gaps), res.Incident.Grade, res.Incident.Considered,
				time.Since(start).Round(time.Millisecond))
			if len(wrong) > 0 {
				t.Log("wrong: ", wrong)
			}
			if len(in.Processes) == 0 {
				continue
			}
			if r := float64(hits) / float64(len(in.Processes)); r < minRecall {
				t.Errorf("step %d: recall %.2f", st.N, r)
			}
			if p := float64(hits) / float64(max(1, hits+len(wrong))); p < minPrecise {
				t.Errorf("step %d: precision %.2f: %v", st.N, p, wrong)
			}
		}
	}
}

// TestLookalikes: ordinary work that resembles the theft does not lead to it.
func TestLookalikes(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates four days")
	}
	store, key := simulated(t, 2)
	rec := newTest(t, store, nil)
	for _, l := range key.Lookalikes {
		id, ok := store.places[place{tail(l.Events[0].File), int64(l.Events[0].Record)}]
		if !ok {
			continue
		}
		res, err := rec.Incident(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		checkSteps(t, res)
		if hits, _ := scoreProcesses(t, res, key.Incidents[0]); hits > 0 {
			t.Errorf("%s (%s) leads to %d processes of the theft", l.Name, l.Resembles, hits)
		}
	}
}

// hostRecord returns the first process or file record of a step, else the first
// that a host wrote: what the network saw alone names no process.
func hostRecord(m *memoryStore, st *simulate.Step) (found event.ID, ok bool) {
	for _, e := range st.Events {
		id, known := m.places[place{tail(e.File), int64(e.Record)}]
		if !known || strings.HasPrefix(e.File, "zeek/") {
			continue
		}
		class := m.events[m.byID[id]].Class
		if class == event.ClassProcess || class == event.ClassFile {
			return id, true
		}
		if !ok {
			found, ok = id, true
		}
	}
	return found, ok
}

// told counts the steps of the key that share an event with the incident.
func told(m *memoryStore, res *Result, in *simulate.Incident) int {
	n := 0
	for _, st := range in.Steps {
		if slices.ContainsFunc(st.Events, func(e simulate.EventRef) bool {
			id := m.places[place{tail(e.File), int64(e.Record)}]
			return slices.ContainsFunc(res.Steps, func(s Step) bool { return slices.Contains(s.Events, id) })
		}) {
			n++
		}
	}
	return n
}

func scoreProcesses(t testing.TB, res *Result, in *simulate.Incident) (hits int, wrong []string) {
	t.Helper()
	want := map[string]bool{}
	for _, p := range in.Processes {
		want[causal.ShortHost(p.Host)+"/"+bare(p.GUID)] = true
	}
	for _, n := range res.Graph.Nodes {
		if n.Type != "process" || n.Verdict != "controlled" && n.Verdict != "entry" {
			continue
		}
		if want[n.Host+"/"+n.ProcessUID] {
			hits++
		} else if !strings.HasPrefix(n.Label, "conhost.exe") && n.Host != "ha-db01" {
			// the key lists Windows processes only; ha-db01 runs Linux
			wrong = append(wrong, n.Host+": "+n.Label)
		}
	}
	return hits, wrong
}
