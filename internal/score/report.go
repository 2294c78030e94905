package score

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/evident-sec/evident/internal/printable"
)

// Report is everything a run measured.
type Report struct {
	Seed        uint64          `json:"seed"`
	Campaigns   []CampaignScore `json:"campaigns"`
	CrossHost   CrossHost       `json:"cross_host"`
	Interleaved *Interleaved    `json:"interleaved,omitempty"`
	Filled      []string        `json:"filled_with,omitempty"`
	Total       Total           `json:"total"`
}

// CampaignScore is one campaign from all of its seeds.
type CampaignScore struct {
	Name     string      `json:"campaign"`
	Events   int         `json:"events"`
	Seeds    []SeedScore `json:"seeds"`
	Honesty  Honesty     `json:"deleted_records"`
	Unknown  []string    `json:"seeds_not_in_the_logs,omitempty"`
	Problems []string    `json:"problems,omitempty"`
}

// SeedScore is one reconstruction held against its key.
type SeedScore struct {
	Seed       string        `json:"seed"`
	Processes  Count         `json:"process_starts"`
	Story      Story         `json:"story"`
	Baselines  Baselines     `json:"baselines"`
	Considered int           `json:"events_in"`
	Kept       int           `json:"events_kept"`  // equal acts counted once
	Records    int           `json:"records_kept"` // every record of them
	Key        int           `json:"steps"`
	Gaps       int           `json:"gaps"`
	Grade      string        `json:"grade"`
	Same       bool          `json:"byte_identical_again"`
	Took       time.Duration `json:"took_ns"`
}

// Total sums what the targets speak of.
type Total struct {
	Seeds           int     `json:"seeds"`
	Recall          float64 `json:"recall"`    // mean over seeds
	Precision       float64 `json:"precision"` // mean over seeds
	LowestRecall    float64 `json:"lowest_recall"`
	LowestPrecision float64 `json:"lowest_precision"`
	Reduction       float64 `json:"reduction"`     // smallest of all seeds
	KeyReduction    float64 `json:"key_reduction"` // smallest of all seeds
	Tau             float64 `json:"kendall_tau"`   // lowest of all seeds
	Told            float64 `json:"steps_told"`    // share, mean over seeds
	Top1            float64 `json:"technique_top1"`
	Top3            float64 `json:"technique_top3"`
	Family1         float64 `json:"technique_family_top1"`
	Family3         float64 `json:"technique_family_top3"`
	CrossHostTied   float64 `json:"cross_host_tied"`  // of those with an address
	CrossHostWrong  float64 `json:"cross_host_wrong"` // of those checked
	GapsReported    float64 `json:"gaps_reported"`    // of broken links, by a gap that names them
	GapsTraced      float64 `json:"gaps_reported_or_numbers_missing"`
	Invented        int     `json:"invented_links"`
	Rows            int     `json:"rows_to_cause"` // most of all seeds whose key has steps
	Slowest         float64 `json:"slowest_seconds"`
}

func (r *Report) sum() {
	t := &r.Total
	t.LowestRecall, t.LowestPrecision, t.Tau = 1, 1, 1
	var told, visible, top1, top3, fam1, fam3, labelled, broken, reported, holes int
	for i := range r.Campaigns {
		c := &r.Campaigns[i]
		for k := range c.Seeds {
			s := &c.Seeds[k]
			t.add(s)
			told, visible = told+s.Story.Told, visible+s.Story.Visible
			top1, top3, labelled = top1+s.Story.Top1, top3+s.Story.Top3, labelled+s.Story.Technique
			fam1, fam3 = fam1+s.Story.Family1, fam3+s.Story.Family3
		}
		broken, reported = broken+c.Honesty.Broken, reported+c.Honesty.Reported
		holes += c.Honesty.Holes
		t.Invented += c.Honesty.Invented
	}
	t.Recall, t.Precision = t.Recall/float64(max(t.Seeds, 1)), t.Precision/float64(max(t.Seeds, 1))
	t.Told, t.Top1, t.Top3 = share(told, visible), share(top1, labelled), share(top3, labelled)
	t.Family1, t.Family3 = share(fam1, labelled), share(fam3, labelled)
	t.CrossHostTied = share(r.CrossHost.Tied, r.CrossHost.Address)
	t.CrossHostWrong = 1 - share(r.CrossHost.Checked-r.CrossHost.Wrong, r.CrossHost.Checked)
	t.GapsReported, t.GapsTraced = share(reported, broken), share(reported+holes, broken)
}

func (t *Total) add(s *SeedScore) {
	t.Seeds++
	t.Recall += s.Processes.Recall()
	t.Precision += s.Processes.Precision()
	t.LowestRecall = min(t.LowestRecall, s.Processes.Recall())
	t.LowestPrecision = min(t.LowestPrecision, s.Processes.Precision())
	if cut := s.reduction(); t.Reduction == 0 || cut < t.Reduction {
		t.Reduction = cut
	}
	if cut := s.keyReduction(); t.KeyReduction == 0 || cut < t.KeyReduction {
		t.KeyReduction = cut
	}
	t.Tau = min(t.Tau, s.Story.Tau)
	if s.Story.Visible > 0 {
		t.Rows = max(t.Rows, s.Story.rows(s))
	}
	t.Slowest = max(t.Slowest, s.Took.Seconds())
}

func (s *SeedScore) reduction() float64 { return float64(s.Considered) / float64(max(s.Kept, 1)) }

func (s *SeedScore) keyReduction() float64 { return float64(s.Considered) / float64(max(s.Key, 1)) }

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	if _, err := w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// WriteText writes the report as tables for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tab, strings.Join([]string{
		"campaign", "seed", "starts", "precision", "tree", "closure", "cut", "steps", "tau", "top-1",
		"top-3", "rows", "grade", "time",
	}, "\t"))
	for i := range r.Campaigns {
		r.Campaigns[i].rows(tab)
	}
	fmt.Fprintln(tab)
	r.totals(tab)
	if err := tab.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (c *CampaignScore) rows(w io.Writer) {
	for i := range c.Seeds {
		s := &c.Seeds[i]
		fmt.Fprintf(w, "%s\t%s\t%d/%d\t%.1f%%\t%s\t%s\t%.0fx\t%d\t%.2f\t%d/%d\t%d/%d\t%d\t%s\t%s\n",
			printable.Text(c.Name), printable.Text(s.Seed), s.Processes.Hits, s.Processes.Want,
			100*s.Processes.Precision(), s.Baselines.Tree.short(), s.Baselines.Closure.short(),
			s.reduction(), s.Key, s.Story.Tau, s.Story.Top1, s.Story.Technique, s.Story.Top3,
			s.Story.Technique, s.Story.CauseRow, s.Grade, s.Took.Round(time.Millisecond))
	}
	for _, name := range c.Unknown {
		fmt.Fprintf(w, "%s\t%s\tthe logs hold no such record\n", printable.Text(c.Name),
			printable.Text(name))
	}
}

// short is hits of wanted and precision, e.g. "10/11 91%".
func (c Count) short() string {
	return fmt.Sprintf("%d/%d %.0f%%", c.Hits, c.Want, 100*c.Precision())
}

func (r *Report) totals(w io.Writer) {
	t, x := &r.Total, &r.CrossHost
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("seeds", "%d", t.Seeds)
	row("recall, precision", "%.1f%%, %.1f%% (lowest %.1f%%, %.1f%%)", 100*t.Recall, 100*t.Precision,
		100*t.LowestRecall, 100*t.LowestPrecision)
	row("reduction", "at least %.0fx, key view %.0fx", t.Reduction, t.KeyReduction)
	row("order (Kendall tau)", "at least %.2f; %.0f%% of visible steps told", t.Tau, 100*t.Told)
	row("rows read to the root cause", "at most %d", t.Rows)
	row("technique", "top-1 %.0f%%, top-3 %.0f%%; parent technique counted: %.0f%%, %.0f%%",
		100*t.Top1, 100*t.Top3, 100*t.Family1, 100*t.Family3)
	row("network logons", "%d, %d from the host itself, %d with address", x.Logons, x.Local, x.Address)
	row("  tied", "%d of %d with address (%.0f%%), %d to an ordinary process; %d of %d without",
		x.Tied, x.Address, 100*t.CrossHostTied, x.Acting, x.BareTie, x.Bare)
	row("  wrong", "%d of %d that could be checked (%.1f%%)", x.Wrong, x.Checked, 100*t.CrossHostWrong)
	for _, m := range sortedKeys(x.Methods) {
		row("  by "+m, "%d", x.Methods[m])
	}
	r.honesty(row)
	if m := r.Interleaved; m != nil {
		row("interleaved", "%d recordings, %d events on one clock: %d foreign events in %d incidents",
			m.Recordings, m.Events, m.Foreign, len(m.Seeds))
		low := slices.MinFunc(append(m.Seeds, Mixed{Recall: 1, Precision: 1}), func(a, b Mixed) int {
			return int(1000*a.Recall*a.Precision) - int(1000*b.Recall*b.Precision)
		})
		row("  lowest", "recall %.1f%%, precision %.1f%%", 100*low.Recall, 100*low.Precision)
	}
	row("seed of chance", "%d", r.Seed)
}

func (r *Report) honesty(row func(name, format string, args ...any)) {
	var trials, broken, reported, holes, made int
	for i := range r.Campaigns {
		h := &r.Campaigns[i].Honesty
		trials, broken, reported = trials+h.Trials, broken+h.Broken, reported+h.Reported
		holes, made = holes+h.Holes, made+h.Invented
	}
	row("10% of control records deleted", "%d trials, %d links broken, "+
		"%d told by a gap that names them (%.0f%%), %d more by missing record numbers "+
		"(%.0f%% in all), %d links invented", trials, broken, reported,
		100*share(reported, broken), holes, 100*share(reported+holes, broken), made)
}
