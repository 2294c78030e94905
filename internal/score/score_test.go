package score

import (
	"os"
	"testing"
)

const shared = "../../../shared/data/otrf"

// TestSharedCampaigns scores the labelled recordings as the command does and
// holds the totals to the promises of docs/formats/labels.md.
func TestSharedCampaigns(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 180,000 events many times")
	}
	if _, err := os.Stat(shared + "/labels"); err != nil {
		t.Skip("no labelled recordings at ../shared/data/otrf/labels")
	}
	cfg := Config{
		Labels: shared + "/labels", Recordings: shared + "/datasets/atomic", Interleave: 10, Trials: 4,
		Progress: func(s string) { t.Log(s) },
	}
	rep, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := rep.WriteText(t.Output()); err != nil {
		t.Fatal(err)
	}
	if to := os.Getenv("SCORE_JSON"); to != "" {
		f, err := os.Create(to)
		if err != nil {
			t.Fatal(err)
		}
		if err := rep.WriteJSON(f); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}
