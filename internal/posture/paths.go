package posture

import (
	"fmt"
	"slices"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// Pairs are the best paths between footholds and holdings, best first.
type Pairs struct {
	Standing  Standing  `json:"standing"`
	Aim       string    `json:"aim"`
	Paths     []PathRow `json:"paths"`
	Total     int       `json:"total"`
	Connected int       `json:"connected"` // pairs that are connected
	Of        int       `json:"of"`        // pairs there are
}

// PathRow is the best path of a pair; at Counts, of a kind of foothold and a
// holding.
type PathRow struct {
	From      string         `json:"from,omitempty"`
	FromLabel string         `json:"from_label"`
	FromKind  string         `json:"from_kind"`
	To        string         `json:"to"`
	ToLabel   string         `json:"to_label"`
	Band      register.Band  `json:"band"`
	Days      float64        `json:"effort_days"`
	Seen      exposure.Sight `json:"seen"`
	Moves     int            `json:"moves"`
	Count     int            `json:"count"` // pairs that the row stands for
}

// Paths lists the pairs without their moves, at most limit from offset on.
func (k *Keeper) Paths(aim exposure.Aim, offset, limit int, depth Depth) Pairs {
	a, broken := k.current()
	list := a.paths[aim]()
	out := Pairs{
		Standing: a.standing(broken, depth), Aim: string(aim), Paths: []PathRow{}, Connected: len(list),
		Of: len(a.m.Footholds) * len(a.m.Holdings),
	}
	at := map[string]int{}
	var rows []PathRow
	for i := range list {
		p := &list[i]
		key := a.footingKey(p.From, depth) + "\x00" + p.To
		if n, known := at[key]; known {
			rows[n].Count++
			continue
		}
		at[key] = len(rows)
		rows = append(rows, a.pathRow(p, depth))
	}
	out.Total = len(rows)
	out.Paths = append(out.Paths, rows[min(offset, len(rows)):min(offset+limit, len(rows))]...)
	return out
}

func (a *analysis) pathRow(p *exposure.Path, depth Depth) PathRow {
	kind := a.kindOf[p.From]
	row := PathRow{
		FromLabel: footingKinds[kind], FromKind: kind, To: p.To, ToLabel: a.reg.Label(p.To), Band: p.Band,
		Days: p.Days, Seen: p.Seen, Moves: movesOf(p), Count: 1,
	}
	if depth == Detail {
		row.From, row.FromLabel = p.From, a.reg.Label(p.From)
	}
	return row
}

// Ways are the paths of one pair with every move.
type Ways struct {
	Standing Standing            `json:"standing"`
	Paths    []exposure.PathView `json:"paths"`
	Labels   map[string]string   `json:"labels"` // of every identifier in them
}

// Ways returns up to n ways from a foothold to a holding without loops. It has
// no answer at Counts: moves are detail.
func (k *Keeper) Ways(from, to string, aim exposure.Aim, n int) (*Ways, error) {
	a, broken := k.current()
	out := &Ways{Standing: a.standing(broken, Detail), Paths: []exposure.PathView{}, Labels: map[string]string{}}
	for _, id := range []string{from, to} {
		if !a.m.Has(id) {
			return nil, fmt.Errorf("find %q in the register: %w", id, ErrUnknown)
		}
	}
	for _, p := range a.ways(from, to, aim, n) {
		v := exposure.PathJSON(p)
		a.label(&v, out.Labels)
		out.Paths = append(out.Paths, v)
	}
	return out, nil
}

// ways are the best path, as the list of pairs has it, and what else there is.
func (a *analysis) ways(from, to string, aim exposure.Aim, n int) []exposure.Path {
	var out []exposure.Path
	for _, p := range a.paths[aim]() {
		if p.From == from && p.To == to {
			out = append(out, p)
		}
	}
	if n == 1 && len(out) == 1 {
		return out
	}
	for _, p := range a.m.Alternatives(from, to, aim, n) {
		if len(out) == 0 || !sameMoves(p, out[0]) {
			out = append(out, p)
		}
	}
	return out[:min(n, len(out))]
}

func sameMoves(a, b exposure.Path) bool {
	return slices.EqualFunc(a.Steps, b.Steps, func(x, y exposure.Step) bool {
		return x.Move.Key() == y.Move.Key()
	})
}

// label collects the names of everything a path names.
func (a *analysis) label(v *exposure.PathView, into map[string]string) {
	into[v.From], into[v.To] = a.reg.Label(v.From), a.reg.Label(v.To)
	for i := range v.Steps {
		s := &v.Steps[i]
		for _, id := range append([]string{s.From, s.To, s.Because}, append(s.Cuts, s.Damped...)...) {
			into[id] = a.reg.Label(id)
		}
		for n := range s.Needs {
			a.label(&s.Needs[n], into)
		}
	}
}
