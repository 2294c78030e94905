package reconstruct

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

const (
	recordings = "../../../shared/data/otrf"
	minRecall  = 0.85
	minPrecise = 0.90
)

// answerKey is the part of a labelled campaign that the score needs.
type answerKey struct {
	Campaign string
	Source   struct {
		Archive string `json:"archive"`
		Inner   string `json:"inner_file"`
	}
	Starts []struct {
		GUID string `json:"process_guid"`
	} `json:"attack_process_starts"`
	Neutral []struct {
		GUID string `json:"process_guid"`
	} `json:"neutral_process_starts"`
	Seeds []struct {
		ID   string
		Line int64 `json:"event_line"`
	}
}

func bare(guid string) string { return strings.ToLower(strings.Trim(guid, "{}")) }

func readKeys(t *testing.T) []answerKey {
	files, _ := filepath.Glob(recordings + "/labels/*.json")
	if len(files) == 0 {
		t.Skip("no labelled recordings at ../shared/data/otrf/labels")
	}
	var keys []answerKey
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var k answerKey
		if err := json.Unmarshal(b, &k); err != nil {
			t.Fatalf("parse %s: %v", f, err)
		}
		keys = append(keys, k)
	}
	return keys
}

// TestLabelledCampaigns scores process starts against the operators' own
// transcripts, from every seed of every campaign.
func TestLabelledCampaigns(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 180,000 events")
	}
	for _, k := range readKeys(t) {
		t.Run(k.Campaign, func(t *testing.T) {
			store := ingest(t, filepath.Join(recordings, k.Source.Archive))
			rec := newTest(t, store, nil)
			for _, s := range k.Seeds {
				seed := seedAt(t, store, k.Source.Inner, s.Line)
				scoreSeed(t, rec, &k, s.ID, seed)
			}
		})
	}
}

func newTest(t testing.TB, events Events, findings Findings) *Reconstructor {
	t.Helper()
	r, err := New(Deps{Events: events, Findings: findings})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func seedAt(t *testing.T, m *memoryStore, inner string, line int64) event.ID {
	for p, id := range m.places {
		if p.record == line && strings.HasSuffix(p.file, filepath.Base(inner)) {
			return id
		}
	}
	t.Fatalf("no record %d of %s", line, inner)
	return event.ID{}
}

func scoreSeed(t *testing.T, rec *Reconstructor, k *answerKey, name string, seed event.ID) {
	start := time.Now()
	res, err := rec.Incident(t.Context(), seed)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	want, neutral := map[string]bool{}, map[string]bool{}
	for _, s := range k.Starts {
		want[bare(s.GUID)] = true
	}
	for _, s := range k.Neutral {
		neutral[bare(s.GUID)] = true
	}
	hits, wrong := 0, 0
	for _, n := range res.Graph.Nodes {
		started := n.Verdict == causal.VerdictControlled.String() || n.Verdict == causal.VerdictEntry.String()
		switch {
		case n.Type != "process" || !started || neutral[n.ProcessUID]:
		case want[n.ProcessUID]:
			hits++
		case !controlledElsewhere(res, n.ID):
			wrong++
			t.Logf("not labelled: %s", n.Label)
		}
	}
	recall := float64(hits) / float64(len(want))
	precision := float64(hits) / float64(max(hits+wrong, 1))
	t.Logf("%-20s recall %d/%d, precision %.3f, %d steps, %d folded, grade %s, %d of %d events, %d gaps, %s",
		name, hits, len(want), precision, len(res.Steps), res.Incident.Folded, res.Incident.Grade,
		res.Incident.Kept, res.Incident.Considered, len(res.Gaps), took.Round(time.Millisecond))
	if recall < minRecall || precision < minPrecise {
		t.Errorf("%s: recall %.3f, precision %.3f; want %.2f and %.2f", name, recall, precision,
			minRecall, minPrecise)
	}
	if len(res.Steps) > 25 {
		t.Errorf("%s: %d steps", name, len(res.Steps))
	}
	checkSteps(t, res)
}

// controlledElsewhere says that a node was brought in by injection: it started
// before the recording and is no start.
func controlledElsewhere(res *Result, id string) bool {
	for _, e := range res.Graph.Edges {
		if e.Dst == id && e.Verb == causal.VerbInjected.String() {
			return true
		}
	}
	return false
}

// checkSteps holds every step to its promise: numbered, worded, with events.
func checkSteps(t testing.TB, res *Result) {
	t.Helper()
	for i, s := range res.Steps {
		if s.N != i+1 || len(s.Events) == 0 || s.Sentence == "" || s.Grade == "" || s.Why == "" {
			t.Errorf("step %d is incomplete: %+v", i+1, s)
		}
		if i > 0 && s.From.Before(res.Steps[i-1].From) {
			t.Errorf("step %d is before step %d", s.N, i)
		}
	}
}

// TestNoBleed reads all campaigns into one store: an incident holds nothing of
// another campaign, nor of the operator's own clean-up.
func TestNoBleed(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 180,000 events")
	}
	keys := readKeys(t)
	var paths []string
	for _, k := range keys {
		paths = append(paths, filepath.Join(recordings, k.Source.Archive))
	}
	store := ingest(t, paths...)
	rec := newTest(t, store, nil)
	for _, k := range keys {
		s := k.Seeds[len(k.Seeds)-1]
		scoreSeed(t, rec, &k, k.Campaign+" "+s.ID, seedAt(t, store, k.Source.Inner, s.Line))
	}
}
