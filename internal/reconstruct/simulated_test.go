package reconstruct

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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
// intrusions from several seeds.
func TestSimulatedIntrusion(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates four days")
	}
	store, key := simulated(t, 1)
	rec := newTest(t, store, nil)
	for _, in := range key.Incidents {
		t.Logf("incident %q: %d steps, %d processes", in.Name, len(in.Steps), len(in.Processes))
		for _, st := range in.Steps {
			id, ok := store.places[place{tail(st.Events[0].File), int64(st.Events[0].Record)}]
			if !ok {
				t.Fatalf("no record %+v", st.Events[0])
			}
			start := time.Now()
			res, err := rec.Incident(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			hits, wrong := scoreProcesses(t, res, in)
			t.Logf("step %d %s seed %s: recall %d/%d, wrong %d, told %d/%d, steps %d, folded %d, grade %s, gaps %d, hosts %v, considered %d, %s",
				st.N, st.Technique, id, hits, len(in.Processes), len(wrong), told(store, res, in), len(in.Steps),
				len(res.Steps), res.Incident.Folded, res.Incident.Grade, len(res.Gaps), res.Incident.Hosts,
				res.Incident.Considered, time.Since(start).Round(time.Millisecond))
			t.Log("   wrong: ", wrong)
		}
	}
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
		} else if !strings.HasPrefix(n.Label, "conhost.exe") {
			wrong = append(wrong, n.Host+": "+n.Label)
		}
	}
	return hits, wrong
}
