package posture

import (
	"time"

	"github.com/evident-sec/evident/register"
)

// Standing says which register is in use.
type Standing struct {
	State    string    `json:"state"` // none, sound, or broken: the last good one is in use
	Register string    `json:"register,omitempty"`
	Read     time.Time `json:"read,omitzero"`
	Day      string    `json:"day,omitempty"`
	Checks   string    `json:"checks_as_of,omitempty"`
	Bulk     string    `json:"bulk_rule_as_of,omitempty"`
	Entities int       `json:"entities"`
	Systems  int       `json:"systems"`
	Vendors  int       `json:"vendors"`
	Moves    int       `json:"moves"`
	Broken   *Broken   `json:"broken,omitempty"`
}

func (a *analysis) standing(broken *Broken, depth Depth) Standing {
	s := Standing{
		State: "sound", Register: a.hash, Read: a.read, Day: a.day.Format(time.DateOnly),
		Checks: a.pack.AsOf, Bulk: a.pack.Bulk.AsOf,
		Entities: len(a.reg.Items()), Systems: len(a.reg.Systems), Vendors: len(a.reg.Vendors), Moves: len(a.m.Moves),
	}
	if broken != nil {
		b := *broken
		if depth == Counts {
			b.Text = ""
		}
		s.State, s.Broken = "broken", &b
	}
	return s
}

// Bands counts by band; Out is what no foothold reaches.
type Bands struct {
	Likely   int `json:"likely"`
	Possible int `json:"possible"`
	Unlikely int `json:"unlikely"`
	Remote   int `json:"remote"`
	Out      int `json:"out_of_reach"`
}

func (b *Bands) add(band register.Band) {
	switch band {
	case register.Likely:
		b.Likely++
	case register.Possible:
		b.Possible++
	case register.Unlikely:
		b.Unlikely++
	case register.Remote:
		b.Remote++
	default:
		b.Out++
	}
}

// harder orders bands; out of reach is hardest.
func harder(a, b register.Band) bool { return bandRank(a) > bandRank(b) }

func bandRank(b register.Band) int {
	switch b {
	case register.Likely:
		return 0
	case register.Possible:
		return 1
	case register.Unlikely:
		return 2
	case register.Remote:
		return 3
	}
	return 4
}

// Place is where the register says something; nothing at Counts.
type Place struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

func placeOf(p register.Place, depth Depth) Place {
	if depth == Counts {
		return Place{}
	}
	return Place{p.File, p.Line}
}

// Name is an entity with its label.
type Name struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

func (a *analysis) name(id string) Name { return Name{id, a.reg.Label(id)} }

func (a *analysis) names(ids []string) []Name {
	out := make([]Name, len(ids))
	for i, id := range ids {
		out[i] = a.name(id)
	}
	return out
}
