package story

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Told is a reconstruction with what analysts said of it.
type Told struct {
	Result   *reconstruct.Result // never changed
	Overlays []Overlay           // of this incident, by time
}

// New puts the overlays beside the result.
func New(r *reconstruct.Result, overlays []Overlay) *Told {
	t := &Told{Result: r, Overlays: slices.Clone(overlays)}
	Order(t.Overlays)
	return t
}

// Note is an overlay as it stands: a withdrawn one is shown, but counts no more.
type Note struct {
	Overlay
	Withdrawn bool
}

// Row is one line of the story in order of telling: a step, a step that an
// analyst added, or a gap. Exactly one of Step, Added and Gap is set.
type Row struct {
	Step  *reconstruct.Step
	Added *Overlay
	Gap   *reconstruct.Gap

	Name    string // an analyst's name for the step, "" where none
	Verdict Kind   // Confirm or Reject, whichever came last
	Pinned  bool
	Notes   []Note // everything said of it, by time
}

// Grade of an added step.
const assumed = "ASSUMED"

// Rows returns the story line by line: gaps stand where they hurt, added steps
// where their time puts them.
func (t *Told) Rows() []Row {
	rows := t.gaps(nil, 0)
	added := t.added()
	for i := range t.Result.Steps {
		s := &t.Result.Steps[i]
		for len(added) > 0 && added[0].At.Before(s.From) {
			rows, added = append(rows, t.addedRow(added[0])), added[1:]
		}
		row := Row{Step: s}
		t.remark(&row, func(o *Overlay) bool { return t.stepOf(o) == s.N })
		rows = t.gaps(append(rows, row), s.N)
	}
	for _, o := range added {
		rows = append(rows, t.addedRow(o))
	}
	return t.strayGaps(rows)
}

func (t *Told) gaps(rows []Row, after int) []Row {
	for i := range t.Result.Gaps {
		if g := &t.Result.Gaps[i]; g.AfterStep == after {
			rows = append(rows, Row{Gap: g})
		}
	}
	return rows
}

// strayGaps appends gaps that follow no step of the result, so that none is
// lost.
func (t *Told) strayGaps(rows []Row) []Row {
	for i := range t.Result.Gaps {
		g := &t.Result.Gaps[i]
		if !slices.ContainsFunc(rows, func(r Row) bool { return r.Gap == g }) {
			rows = append(rows, Row{Gap: g})
		}
	}
	return rows
}

// added lists the added steps by the time they are about.
func (t *Told) added() []*Overlay {
	var list []*Overlay
	for i := range t.Overlays {
		if t.Overlays[i].Kind == Add {
			list = append(list, &t.Overlays[i])
		}
	}
	slices.SortStableFunc(list, func(a, b *Overlay) int { return a.At.Compare(b.At) })
	return list
}

func (t *Told) addedRow(o *Overlay) Row {
	row := Row{Added: o}
	t.remark(&row, func(x *Overlay) bool { return x.UID == o.UID })
	return row
}

// remark fills in what was said of a row.
func (t *Told) remark(row *Row, about func(*Overlay) bool) {
	for i := range t.Overlays {
		o := &t.Overlays[i]
		if o.Kind == Withdraw || !about(o) {
			continue
		}
		note := Note{*o, t.withdrawn(o.UID)}
		row.Notes = append(row.Notes, note)
		if note.Withdrawn {
			continue
		}
		switch o.Kind {
		case Confirm, Reject:
			row.Verdict = o.Kind
		case Rename:
			row.Name = o.Text
		case Pin:
			row.Pinned = true
		}
	}
}

func (t *Told) withdrawn(uid string) bool {
	return slices.ContainsFunc(t.Overlays, func(o Overlay) bool {
		return o.Kind == Withdraw && o.Withdraws == uid
	})
}

// stepOf finds the step that an overlay speaks of in this run: the one that
// holds its event and does the same, else the one that holds its event. 0 for
// none.
func (t *Told) stepOf(o *Overlay) int {
	if o.Event == (event.ID{}) {
		return 0
	}
	found := 0
	for i := range t.Result.Steps {
		s := &t.Result.Steps[i]
		if !slices.Contains(s.Events, o.Event) {
			continue
		}
		if s.Verb == o.Verb {
			return s.N
		}
		if found == 0 {
			found = s.N
		}
	}
	return found
}

// About returns what was said of the incident as a whole, and Lost what was
// said of steps that this run no longer has.
func (t *Told) About() (whole, lost []Note) {
	for i := range t.Overlays {
		o := &t.Overlays[i]
		note := Note{*o, t.withdrawn(o.UID)}
		switch {
		case o.Kind == Withdraw:
			whole = append(whole, note)
		case o.Kind == Add || t.stepOf(o) != 0:
		case o.Event == (event.ID{}):
			whole = append(whole, note)
		default:
			lost = append(lost, note)
		}
	}
	return whole, lost
}

// Title is the analyst's name for the incident, else the result's own.
func (t *Told) Title() string {
	title := cmp.Or(t.Result.Incident.Title, "Incident "+t.Result.Incident.UID)
	whole, _ := t.About()
	for _, n := range whole {
		if n.Kind == Rename && !n.Withdrawn {
			title = n.Text
		}
	}
	return title
}

// Says tells an overlay in one line without what it stands beside.
func (n *Note) Says() string {
	done := map[Kind]string{
		Confirm: "confirmed", Reject: "rejected", Add: "added", Rename: "renamed", Comment: "commented",
		Pin: "pinned", Withdraw: "withdrew " + n.Withdraws,
	}[n.Kind]
	s := done + " by " + n.Author + " at " + n.Time.UTC().Format(time.RFC3339)
	if n.Kind == Rename || n.Kind == Comment {
		s += ": “" + n.Text + "”"
	}
	s += "; reason: " + strings.TrimSpace(n.Reason)
	if n.Withdrawn {
		s += " (withdrawn)"
	}
	return s
}
