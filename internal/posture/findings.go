package posture

import (
	"time"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
)

// Checks is the register judged by standards.
type Checks struct {
	Standing Standing       `json:"standing"`
	States   map[string]int `json:"states"` // findings by state
	Decided  int            `json:"decided"`
	Attested int            `json:"attested"` // checks that rest on somebody's word
	Findings []CheckRow     `json:"findings"`
}

// CheckRow is a finding; at Counts, all findings of a check in a state.
type CheckRow struct {
	Rule     string `json:"rule"`
	Standard string `json:"standard"`
	Control  string `json:"control"`
	Source   string `json:"source"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	State    string `json:"state"`
	Count    int    `json:"count"`
	Entity   string `json:"entity,omitempty"`
	Label    string `json:"label,omitempty"`
	Text     string `json:"text,omitempty"`
	Place
	Until string `json:"until,omitempty"` // of a waiver or an attestation
}

// Checks returns the findings, gravest first.
func (k *Keeper) Checks(depth Depth) Checks {
	a, broken := k.current()
	out := Checks{Standing: a.standing(broken, depth), States: map[string]int{}, Findings: []CheckRow{}}
	for _, c := range a.pack.Checks {
		if c.Attested {
			out.Attested++
		} else {
			out.Decided++
		}
	}
	at := map[[2]string]int{}
	for _, f := range a.findings() {
		out.States[string(f.State)]++
		key := [2]string{f.Check.ID, string(f.State)}
		if n, known := at[key]; known && depth == Counts {
			out.Findings[n].Count++
			continue
		}
		at[key] = len(out.Findings)
		out.Findings = append(out.Findings, a.checkRow(f, depth))
	}
	return out
}

func (a *analysis) checkRow(f checks.Finding, depth Depth) CheckRow {
	row := CheckRow{
		Rule: f.Check.ID, Standard: f.Standard, Control: f.Control, Source: f.Source, Severity: f.Severity,
		Title: f.Title, State: string(f.State), Count: 1,
	}
	if depth == Counts {
		return row
	}
	row.Entity, row.Text, row.Place = f.Entity, f.Text, placeOf(f.Place, depth)
	if f.Entity != "" {
		row.Label = a.reg.Label(f.Entity)
	}
	if !f.Until.IsZero() {
		row.Until = f.Until.Format(time.DateOnly)
	}
	return row
}

// Gaps is what to build, buy or configure next.
type Gaps struct {
	Standing Standing       `json:"standing"`
	Kinds    map[string]int `json:"kinds"` // gaps by kind: control, log, rule
	Logs     bool           `json:"logs_known"`
	Gaps     []GapRow       `json:"gaps"`
	Watch    []Technology   `json:"watch"`
}

// GapRow is one gap; at Counts only its kind and what it concerns.
type GapRow struct {
	Kind     string   `json:"kind"`
	What     string   `json:"what,omitempty"`
	About    string   `json:"about,omitempty"`
	Evidence []string `json:"evidence"`
	Paths    int      `json:"paths"`
	Holdings []Name   `json:"holdings"`
	Place
}

// Technology is a candidate on the watch list.
type Technology struct {
	Name
	Place
	Vendor   string   `json:"vendor"`
	Claims   []string `json:"claims"`
	Sees     int      `json:"would_see_count"`
	WouldSee []Name   `json:"would_see"` // none at Counts
	Pilot    string   `json:"pilot"`
	Result   string   `json:"result"`
	Covers   []string `json:"covers"`
}

// Gaps ranks what to do next, from the register and from what rules and logs
// there are.
func (k *Keeper) Gaps(known exposure.Seen, depth Depth) Gaps {
	a, broken := k.current()
	out := Gaps{
		Standing: a.standing(broken, depth), Kinds: map[string]int{}, Logs: known.Received,
		Gaps: []GapRow{}, Watch: []Technology{},
	}
	for _, g := range exposure.Gaps(a.reg, a.m, known) {
		out.Kinds[g.Kind]++
		row := GapRow{Kind: g.Kind, Evidence: []string{}, Paths: g.Paths, Holdings: a.names(g.Holdings)}
		if depth == Detail {
			row.What, row.About, row.Evidence, row.Place = g.What, g.About, orEmpty(g.Evidence), placeOf(g.Place, depth)
		}
		out.Gaps = append(out.Gaps, row)
	}
	for _, t := range a.reg.Technologies {
		row := Technology{
			Name: a.name(t.ID), Place: placeOf(t.Place, depth), Claims: orEmpty(t.Claims), Sees: len(t.WouldSee),
			WouldSee: []Name{}, Pilot: t.Pilot, Result: t.Result, Covers: orEmpty(t.Covers),
		}
		if t.Vendor != "" {
			row.Vendor = a.reg.Label(t.Vendor)
		}
		if depth == Detail {
			row.WouldSee = a.names(t.WouldSee)
		}
		out.Watch = append(out.Watch, row)
	}
	return out
}
