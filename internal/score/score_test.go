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
		Labels: shared + "/labels", Recordings: shared + "/datasets/atomic", Interleave: 10, Trials: 3,
		Progress: func(s string) { t.Log(s) },
	}
	rep, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := rep.WriteText(t.Output()); err != nil {
		t.Fatal(err)
	}
	total := rep.Total
	if total.LowestRecall < 1 || total.LowestPrecision < 1 || total.Tau < 0.95 {
		t.Errorf("processes or order: %+v", total)
	}
	if total.Reduction < 200 || total.KeyReduction < 1000 {
		t.Errorf("reduction %.0f, key view %.0f", total.Reduction, total.KeyReduction)
	}
	if total.Rows > 15 {
		t.Errorf("%d rows read to the root cause, at most 15 are wanted", total.Rows)
	}
	if total.Top1 < 0.65 || total.Top3 < 0.85 {
		t.Errorf("technique top-1 %.2f, top-3 %.2f", total.Top1, total.Top3)
	}
	if total.GapsReported < 0.95 || total.Invented > 0 {
		t.Errorf("broken links told %.2f, invented %d", total.GapsReported, total.Invented)
	}
	if total.CrossHostTied < 0.6 || total.CrossHostWrong > 0.01 {
		t.Errorf("network logons tied %.2f, wrong %.3f", total.CrossHostTied, total.CrossHostWrong)
	}
	if m := rep.Interleaved; m.Foreign > 0 || m.Recordings < 10 {
		t.Errorf("%d foreign events among %d recordings", m.Foreign, m.Recordings)
	}
	for _, c := range rep.Campaigns {
		for _, s := range c.Seeds {
			t.Logf("%s %s: root cause after %d rows", c.Name, s.Seed, s.Story.CauseRow)
			if !s.Same || s.Story.Proven != s.Story.Sentences {
				t.Errorf("%s %s: same again %v, %d of %d sentences with an event", c.Name, s.Seed, s.Same,
					s.Story.Proven, s.Story.Sentences)
			}
		}
	}
}
