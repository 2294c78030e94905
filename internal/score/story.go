package score

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Story compares the told steps with the labelled ones.
type Story struct {
	Visible   int      `json:"visible_steps"` // labelled steps that left a record
	Told      int      `json:"told_steps"`    // of these, in a step of the result
	Tau       float64  `json:"kendall_tau"`
	Pairs     int      `json:"ordered_pairs"`
	Technique int      `json:"technique_steps"` // told steps whose technique is labelled
	Top1      int      `json:"technique_top1"`
	Top3      int      `json:"technique_top3"`
	Family1   int      `json:"technique_family_top1"` // a sub-technique and its parent count as equal
	Family3   int      `json:"technique_family_top3"`
	Proven    int      `json:"sentences_with_event"`
	Sentences int      `json:"sentences"`
	RootRow   int      `json:"rows_to_root"`  // steps read until the first entry is told
	CauseRow  int      `json:"rows_to_cause"` // rows of the page read until the root cause is told, 0 where none tells it
	Misnamed  []string `json:"misnamed,omitempty"`
}

// told is a labelled step and the step of the result that tells it.
type told struct {
	step  *Step
	by    *reconstruct.Step
	first bool // the first that left a record: the root cause
}

func compareStory(c *Campaign, s *store, res *reconstruct.Result) Story {
	out := Story{Sentences: len(res.Steps), RootRow: rootRow(res)}
	for i := range res.Steps {
		if len(res.Steps[i].Events) > 0 {
			out.Proven++
		}
	}
	starts := startsByGUID(res)
	var matched []told
	for i := range c.Steps {
		want := c.Steps[i].events(s, starts)
		if len(want) == 0 && len(c.Steps[i].GUIDs) == 0 {
			continue
		}
		out.Visible++
		if by := teller(res, want); by != nil {
			out.Told++
			matched = append(matched, told{step: &c.Steps[i], by: by, first: out.Visible == 1})
		}
	}
	if len(matched) > 0 && matched[0].first {
		out.CauseRow = rowOf(res, matched[0].by.N)
	}
	out.Tau, out.Pairs = kendall(matched)
	for _, m := range matched {
		out.technique(m)
	}
	return out
}

// events returns the events that show a step: the records it names and the
// starts of its processes.
func (st *Step) events(s *store, starts map[string][]event.ID) map[event.ID]bool {
	want := map[event.ID]bool{}
	for _, r := range st.Records {
		if id, ok := s.at(r); ok {
			want[id] = true
		}
	}
	for _, g := range st.GUIDs {
		for _, id := range starts[bareGUID(g)] {
			want[id] = true
		}
	}
	return want
}

func startsByGUID(res *reconstruct.Result) map[string][]event.ID {
	m := map[string][]event.ID{}
	for _, n := range res.Graph.Nodes {
		if n.ProcessUID != "" {
			m[bareGUID(n.ProcessUID)] = append(m[bareGUID(n.ProcessUID)], n.Starts...)
		}
	}
	return m
}

// teller returns the step that shares most events with the wanted ones, the
// first of equals; nil where none does.
func teller(res *reconstruct.Result, want map[event.ID]bool) *reconstruct.Step {
	var best *reconstruct.Step
	most := 0
	for i := range res.Steps {
		n := 0
		for _, id := range res.Steps[i].Events {
			if want[id] {
				n++
			}
		}
		if n > most {
			most, best = n, &res.Steps[i]
		}
	}
	return best
}

// kendall is tau-b over the pairs of told steps: agreeing minus disagreeing
// pairs, by all pairs that the key orders and the result does not put into one
// step. 1 where there is no pair.
func kendall(list []told) (tau float64, pairs int) {
	agree, against := 0, 0
	for i := range list {
		for k := i + 1; k < len(list); k++ {
			switch a, b := list[i].by.N, list[k].by.N; {
			case a < b:
				agree++
			case a > b:
				against++
			}
		}
	}
	if agree+against == 0 {
		return 1, 0
	}
	return float64(agree-against) / float64(agree+against), agree + against
}

func (s *Story) technique(m told) {
	if m.step.Technique == "" {
		return
	}
	s.Technique++
	list := candidates(m.by)
	k := slices.Index(list, m.step.Technique)
	if k == 0 {
		s.Top1++
	}
	if k >= 0 {
		s.Top3++
	}
	f := slices.IndexFunc(list, func(t string) bool { return family(t) == family(m.step.Technique) })
	if f == 0 {
		s.Family1++
	}
	if f >= 0 {
		s.Family3++
	}
	if k != 0 {
		s.Misnamed = append(s.Misnamed, m.step.ID+" "+m.step.Technique+" told as "+
			strings.Join(list, ", "))
	}
}

// candidates are the techniques a step is given, likeliest first, at most three.
func candidates(st *reconstruct.Step) []string {
	list := []string{}
	for _, t := range append([]string{st.Technique}, st.Techniques...) {
		if t != "" && !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return list[:min(len(list), 3)]
}

func family(technique string) string {
	parent, _, _ := strings.Cut(technique, ".")
	return parent
}

// rows are the rows to the root cause; where no step tells it, all and one more.
func (s *Story) rows(of *SeedScore) int {
	if s.CauseRow == 0 {
		return of.Key + of.Gaps + 1
	}
	return s.CauseRow
}

// rowOf is how many rows of the page a reader has read when step n is read: the
// steps from the top, and the gaps that stand among them.
func rowOf(res *reconstruct.Result, n int) int {
	rows := 0
	for i := range res.Steps {
		if res.Steps[i].N <= n {
			rows++
		}
	}
	for _, g := range res.Gaps {
		if g.AfterStep < n {
			rows++
		}
	}
	return rows
}

// rootRow is how many steps a reader needs until the first entry is told; 0
// where the result names none.
func rootRow(res *reconstruct.Result) int {
	entries := map[event.ID]bool{}
	for _, n := range res.Graph.Nodes {
		if n.Verdict == "entry" {
			for _, id := range n.Starts {
				entries[id] = true
			}
		}
	}
	for i := range res.Steps {
		if slices.ContainsFunc(res.Steps[i].Events, func(id event.ID) bool { return entries[id] }) {
			return i + 1
		}
	}
	return 0
}
