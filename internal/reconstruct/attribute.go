package reconstruct

import (
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// commandWindow is how soon after its start a console tool has its effect.
const commandWindow = 10 * time.Second

// attribute adds grave acts whose record names a logon session at most, where
// a controlled program's command line names what was acted upon just before.
func (w *writer) attribute(used map[event.ID]bool) {
	for _, r := range w.g.With(causal.VerbCleared, causal.VerbChangedAccount) {
		if used[r.ID] || r.Dst < 0 || w.tells(r.ID) {
			continue
		}
		if r.Src >= 0 && w.g.Node(r.Src).Kind == causal.KindProcess {
			continue
		}
		m, session := w.commander(r)
		if m == nil {
			continue
		}
		a := w.fromRel(r)
		a.actor, a.grade = m.Node, causal.Inferred
		a.why = "its command line names it within 10 s before"
		if session {
			a.grade, a.why = causal.Corroborated, a.why+", and the logon sessions are equal"
		}
		w.add(a)
	}
}

// commander finds the latest controlled process whose command line names the
// object of r, and whether it ran in the session that r names.
func (w *writer) commander(r *causal.Rel) (found *causal.Member, session bool) {
	object := w.g.Node(r.Dst)
	host := object.Host
	if host == "" && r.Src >= 0 {
		host = w.g.Node(r.Src).Host
	}
	for i := range w.sp.Members {
		m := &w.sp.Members[i]
		n := w.g.Node(m.Node)
		d := r.Time.Sub(n.Start)
		if m.Verdict < causal.VerdictControlled || n.Host != host || n.Start.IsZero() ||
			d < 0 || d > commandWindow || !mentions(n.CmdLine(), object.Name) {
			continue
		}
		found = m
		session = r.Facts != nil && n.Facts.Session != "" && r.Facts.RealActor == n.Facts.Session
	}
	return found, session
}

func mentions(cmd, name string) bool {
	words := strings.FieldsFunc(strings.ToLower(cmd), func(r rune) bool {
		return strings.ContainsRune(" \t\"'&|;=,", r)
	})
	return name != "" && slices.Contains(words, strings.ToLower(name))
}
