package attack

import (
	"cmp"
	"slices"
)

// Feed says whether the data that a rule needs arrives.
type Feed string

// The states of a rule's data.
const (
	FeedUnknown    Feed = ""           // nothing is known about what arrives
	FeedReceived   Feed = "received"   // events of its log source arrive
	FeedMissing    Feed = "missing"    // none does: the rule cannot fire
	FeedEverywhere Feed = "everywhere" // its log source is unknown, it runs on every event
)

// Rule is what coverage needs to know of a rule.
type Rule struct {
	UID, Title, Level string
	Techniques        []string // e.g. "T1003.001"
	Logsource         string   // as the rule says it
	Needs             []string // kinds of events, one of which must arrive
	Feed              Feed
	Events            int64 // received of its log source
}

// Coverage is what a set of rules looks for.
type Coverage struct {
	Domain     string      `json:"domain"`
	Attack     string      `json:"attack_version,omitempty"`
	Rules      int         `json:"rules"`
	Blind      int         `json:"blind_rules"`      // that cannot fire for want of data
	Everywhere int         `json:"everywhere_rules"` // of an unknown log source
	Untagged   int         `json:"untagged_rules"`   // that name no technique
	Techniques []Technique `json:"techniques"`       // by id
	Gaps       []Gap       `json:"gaps"`             // most rules first
	Judged     bool        `json:"judged"`           // what arrives is known
}

// Technique is one technique that rules look for.
type Technique struct {
	ID      string   `json:"technique"`
	Name    string   `json:"name,omitempty"`
	Tactics []string `json:"tactics,omitempty"`
	Rules   int      `json:"rules"`
	Able    int      `json:"able_rules"` // of these, rules that can fire
	Titles  []string `json:"titles"`
	// Unknown says that the catalog does not have the technique, Retired that
	// ATT&CK has withdrawn it.
	Unknown bool `json:"unknown,omitempty"`
	Retired bool `json:"retired,omitempty"`
}

// Gap is a log source that rules need and that does not arrive.
type Gap struct {
	Logsource string   `json:"logsource"`
	Needs     []string `json:"needs"` // kinds of events, any of which would do
	Rules     int      `json:"rules"`
	Titles    []string `json:"titles"`
	// Lost are the techniques that only rules without data look for.
	Lost []string `json:"lost_techniques"`
}

// NewCoverage sums up the rules. The catalog gives names and may be nil.
func NewCoverage(rules []Rule, names *Catalog) *Coverage {
	c := &Coverage{
		Domain: "enterprise-attack", Rules: len(rules),
		Techniques: []Technique{}, Gaps: []Gap{},
	}
	if names != nil {
		c.Attack = names.Version
		c.Domain = cmp.Or(names.Domain, c.Domain)
	}
	byID := map[string]*Technique{}
	for i := range rules {
		c.count(&rules[i], byID, names)
	}
	for _, t := range byID {
		c.Techniques = append(c.Techniques, *t)
	}
	slices.SortFunc(c.Techniques, func(a, b Technique) int { return cmp.Compare(a.ID, b.ID) })
	c.gaps(rules, byID)
	return c
}

func (c *Coverage) count(r *Rule, byID map[string]*Technique, names *Catalog) {
	c.Judged = c.Judged || r.Feed != FeedUnknown
	switch r.Feed {
	case FeedMissing:
		c.Blind++
	case FeedEverywhere:
		c.Everywhere++
	}
	if len(r.Techniques) == 0 {
		c.Untagged++
	}
	for i, id := range r.Techniques {
		if slices.Contains(r.Techniques[:i], id) {
			continue
		}
		t := byID[id]
		if t == nil {
			t = newTechnique(id, names)
			byID[id] = t
		}
		t.Rules++
		t.Titles = append(t.Titles, r.Title)
		if r.Feed != FeedMissing {
			t.Able++
		}
	}
}

func newTechnique(id string, names *Catalog) *Technique {
	info, ok := names.Technique(id)
	return &Technique{
		ID: id, Name: info.Name, Tactics: info.Tactics, Retired: info.Retired,
		Unknown: !ok && names != nil,
	}
}

// gaps groups the rules without data by what they need.
func (c *Coverage) gaps(rules []Rule, byID map[string]*Technique) {
	at := map[string]int{}
	for i := range rules {
		r := &rules[i]
		if r.Feed != FeedMissing {
			continue
		}
		g, ok := at[r.Logsource]
		if !ok {
			g = len(c.Gaps)
			at[r.Logsource] = g
			c.Gaps = append(c.Gaps, Gap{Logsource: r.Logsource, Needs: r.Needs, Lost: []string{}})
		}
		gap := &c.Gaps[g]
		gap.Rules++
		gap.Titles = append(gap.Titles, r.Title)
		for _, id := range r.Techniques {
			if byID[id].Able == 0 && !slices.Contains(gap.Lost, id) {
				gap.Lost = append(gap.Lost, id)
			}
		}
	}
	for i := range c.Gaps {
		slices.Sort(c.Gaps[i].Lost)
	}
	slices.SortStableFunc(c.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(b.Rules, a.Rules), cmp.Compare(a.Logsource, b.Logsource))
	})
}
