package posture

import (
	"cmp"
	"slices"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// Overview is what a reader needs first.
type Overview struct {
	Standing  Standing     `json:"standing"`
	Bands     Bands        `json:"bands"` // holdings by the easiest way to each
	Pairs     Bands        `json:"pairs"` // foothold and holding
	Holdings  []HoldingRow `json:"holdings"`
	Footholds []Footing    `json:"footholds"`
}

// HoldingRow is a holding in the order of exposure: what its loss would mean,
// and how easy the best way to it is.
type HoldingRow struct {
	Name
	Place
	Rank       int                 `json:"rank"`
	Categories []register.Category `json:"categories"`
	ForLife    []register.Category `json:"for_life"` // of these, what cannot be reset
	Records    int64               `json:"records"`
	Devices    int64               `json:"devices"`
	Impact     string              `json:"impact"`
	Masked     bool                `json:"pseudonymised"`
	Bulk       int                 `json:"bulk_flags"`
	Band       register.Band       `json:"band"` // "" out of reach
	Days       float64             `json:"effort_days"`
	Seen       exposure.Sight      `json:"seen"`
	Moves      int                 `json:"moves"`
	Footholds  int                 `json:"footholds"` // that reach it
	From       string              `json:"from,omitempty"`
	System     string              `json:"system,omitempty"`
	Zone       string              `json:"zone,omitempty"`
}

// Footing is a foothold; at Counts, all footholds of a kind.
type Footing struct {
	ID       string        `json:"id,omitempty"`
	Label    string        `json:"label"`
	Kind     string        `json:"kind"` // roles, vendors, systems, fleets
	Band     register.Band `json:"band"` // how easily an adversary gets there
	Count    int           `json:"count"`
	Holdings Bands         `json:"holdings"` // by the best way to each
}

// footings are the pairs of foothold and holding, grouped both ways.
type footings struct {
	best    map[string]*exposure.Path // by holding
	reach   map[string]int            // by holding: footholds that reach it
	pairs   Bands
	ranking []string // of holdings
}

func (a *analysis) footing() *footings {
	f := &footings{best: map[string]*exposure.Path{}, reach: map[string]int{}, ranking: a.m.Ranking()}
	list := a.paths[exposure.MostLikely]()
	for i := range list {
		p := &list[i]
		if f.best[p.To] == nil {
			f.best[p.To] = p // paths come easiest first
		}
		f.reach[p.To]++
		f.pairs.add(p.Band)
	}
	f.pairs.Out = len(a.m.Footholds)*len(a.m.Holdings) - len(list)
	return f
}

// Overview returns the state of the register, the holdings ranked, and the
// footholds.
func (k *Keeper) Overview(depth Depth) Overview {
	a, broken := k.current()
	out := Overview{Standing: a.standing(broken, depth), Pairs: a.footings().pairs, Footholds: a.footholds(depth)}
	for i, id := range a.footings().ranking {
		row := a.holding(id, depth)
		row.Rank = i + 1
		out.Bands.add(row.Band)
		out.Holdings = append(out.Holdings, row)
	}
	return out
}

// Standing returns the state of the register alone.
func (k *Keeper) Standing(depth Depth) Standing {
	a, broken := k.current()
	return a.standing(broken, depth)
}

func (a *analysis) holding(id string, depth Depth) HoldingRow {
	it, _ := a.reg.Find(id)
	h := it.Value.(*register.Holding)
	row := HoldingRow{
		Name: a.name(id), Place: placeOf(h.Place, depth), Categories: h.Categories, ForLife: forLife(h.Categories),
		Records: h.Records, Devices: h.Devices, Impact: h.Impact, Masked: h.Pseudonymised,
		Bulk: len(a.pack.Bulk.Judge(exposure.BodyOf(h))), Footholds: a.footings().reach[id],
	}
	if p := a.footings().best[id]; p != nil {
		row.Band, row.Days, row.Seen, row.Moves = p.Band, p.Days, p.Seen, movesOf(p)
		if depth == Detail {
			row.From = p.From
		}
	}
	if depth == Detail {
		row.System, row.Zone = h.System, a.zoneOf[id]
	}
	return row
}

// movesOf counts the moves of a path, with what it takes besides.
func movesOf(p *exposure.Path) int {
	n := len(p.Steps)
	for _, s := range p.Steps {
		for i := range s.Needs {
			n += movesOf(&s.Needs[i])
		}
	}
	return n
}

// forLife keeps the categories that cannot be reset.
func forLife(list []register.Category) []register.Category {
	out := []register.Category{}
	for _, c := range list {
		if t, ok := register.TraitOf(c); ok && t.Irrevocable >= .8 {
			out = append(out, c)
		}
	}
	return out
}

// footholds lists the footholds, those that reach most easily first; at Counts
// one row a kind.
func (a *analysis) footholds(depth Depth) []Footing {
	byKey := map[string]*Footing{}
	best := map[string]map[string]register.Band{} // by row: holding to band
	var order []string
	for _, f := range a.m.Footholds {
		key := a.footingKey(f.ID, depth)
		row := byKey[key]
		if row == nil {
			row = &Footing{Label: footingKinds[f.Kind], Kind: f.Kind, Band: f.Band}
			if depth == Detail {
				row.ID, row.Label = f.ID, a.reg.Label(f.ID)
			}
			byKey[key], best[key] = row, map[string]register.Band{}
			order = append(order, key)
		}
		row.Count++
		if harder(row.Band, f.Band) {
			row.Band = f.Band
		}
	}
	for _, p := range a.paths[exposure.MostLikely]() {
		of := best[a.footingKey(p.From, depth)]
		if old, known := of[p.To]; !known || harder(old, p.Band) {
			of[p.To] = p.Band
		}
	}
	out := make([]Footing, len(order))
	for i, key := range order {
		for _, h := range a.m.Holdings {
			byKey[key].Holdings.add(best[key][h.ID])
		}
		out[i] = *byKey[key]
	}
	slices.SortStableFunc(out, func(x, y Footing) int {
		return cmp.Or(bandRank(x.Band)-bandRank(y.Band), x.Holdings.Out-y.Holdings.Out)
	})
	return out
}

// footingKinds are the words for kinds of footholds.
var footingKinds = map[string]string{
	"roles": "People in a role", "vendors": "A vendor", "systems": "An exposed system", "fleets": "A device",
}

// footingKey tells the rows of footholds apart.
func (a *analysis) footingKey(id string, depth Depth) string {
	if depth == Detail {
		return id
	}
	return a.kindOf[id]
}
