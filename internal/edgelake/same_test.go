package edgelake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
	"github.com/evident-sec/evident/internal/simulate"
)

const recordings = "../../../shared/data/otrf"

// tagged says that rules found something in every so many events.
type tagged struct {
	m     *memory
	every int
}

func (f tagged) Between(_ context.Context, from, to time.Time) ([]reconstruct.Finding, error) {
	var out []reconstruct.Finding
	for i := range f.m.events {
		ev := &f.m.events[i]
		if i%f.every == 0 && !ev.Time.Before(from) && ev.Time.Before(to) {
			out = append(out, reconstruct.Finding{
				UID: "f-" + ev.ID.String(), Rule: "r", Title: "found", Level: "high", Event: ev.ID, Time: ev.Time,
			})
		}
	}
	return out, nil
}

// same reconstructs from seeds with events and with stored edges.
func (w *world) same(t *testing.T, findings reconstruct.Findings, seeds []event.ID) {
	t.Helper()
	from := func(edges reconstruct.Edges) *reconstruct.Reconstructor {
		r, err := reconstruct.New(reconstruct.Deps{Events: &w.memory, Edges: edges, Findings: findings})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	events, stored := from(nil), from(w.store)
	for _, seed := range seeds {
		want, got := asJSON(t, events, seed), asJSON(t, stored, seed)
		if !bytes.Equal(want, got) {
			t.Fatalf("seed %s: another result from stored edges\n%s", seed, firstDifference(want, got))
		}
	}
}

func asJSON(t *testing.T, r *reconstruct.Reconstructor, seed event.ID) []byte {
	t.Helper()
	res, err := r.Incident(t.Context(), seed)
	if err != nil {
		t.Fatal(err)
	}
	b, err := res.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func firstDifference(a, b []byte) string {
	as, bs := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(as), len(bs)) {
		if !bytes.Equal(as[i], bs[i]) {
			return "events: " + string(as[i]) + "\nedges:  " + string(bs[i])
		}
	}
	return "one ends earlier"
}

// spread picks n events of the whole time.
func (m *memory) spread(n int) (seeds []event.ID) {
	for i := range n {
		seeds = append(seeds, m.events[(2*i+1)*len(m.events)/(2*n)].ID)
	}
	return seeds
}

// TestSameIncident: stored edges, as they came, sealed and derived anew, give byte
// for byte what the events give.
func TestSameIncident(t *testing.T) {
	if testing.Short() {
		t.Skip("reads recordings")
	}
	for _, name := range []string{
		"LSASS_campaign_03", "LSASS_campaign_04", "Log4Shell", "GoldenSAMLADFSMailAccess",
	} {
		t.Run(name, func(t *testing.T) {
			paths, _ := filepath.Glob(filepath.Join(recordings, "datasets/compound", name, "*.*"))
			if len(paths) == 0 {
				t.Skip("no recording at ../shared/data/otrf/datasets/compound/" + name)
			}
			w := newWorld(t)
			w.ingest(t, 20, paths...)
			seeds := append(w.labelled(t, name), w.memory.spread(3)...)
			w.same(t, tagged{&w.memory, 700}, seeds)
			w.seal(t)
			w.reopen(t)
			w.same(t, nil, seeds)
			w.verify(t)
		})
	}
}

// labelled returns the seeds of a campaign's answer key.
func (w *world) labelled(t *testing.T, campaign string) (seeds []event.ID) {
	raw, err := os.ReadFile(filepath.Join(recordings, "labels", campaign+".json"))
	if err != nil {
		return nil
	}
	var key struct {
		Source struct {
			Inner string `json:"inner_file"`
		}
		Seeds []struct {
			Line int64 `json:"event_line"`
		}
	}
	if err := json.Unmarshal(raw, &key); err != nil {
		t.Fatal(err)
	}
	for _, s := range key.Seeds {
		for at, id := range w.places {
			if at.line == s.Line && strings.HasSuffix(at.source, filepath.Base(key.Source.Inner)) {
				seeds = append(seeds, id)
			}
		}
	}
	if len(seeds) != len(key.Seeds) {
		t.Fatalf("%d of %d seeds found", len(seeds), len(key.Seeds))
	}
	return seeds
}

// TestSameSimulated plays four days and compares from many seeds.
func TestSameSimulated(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates four days")
	}
	sim, err := simulate.New(simulate.Config{Seed: 3, Users: 30, Days: 4})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := sim.WriteDir(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, simulate.KeyFile)); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.ingest(t, 40, dir)
	w.same(t, tagged{&w.memory, 500}, w.memory.spread(6))
	w.seal(t)
	w.same(t, nil, w.memory.spread(2))
}
