package checks

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

func (j *judge) queriesNotLogged() {
	for _, h := range j.r.Holdings {
		if s := j.systems[h.System]; s != nil && j.big(h) && !s.QueryLog {
			j.report(&h.Entity, "%d records on %s, and no query is logged", h.Records, s.ID)
		}
	}
}

func (j *judge) flatZone() {
	for _, h := range j.r.Holdings {
		if z := j.zoneOf(h.System); z != nil && z.Flat && j.big(h) {
			j.report(&h.Entity, "stands in %s, where every system reaches every other", z.ID)
		}
	}
}

// neighbours is from how many systems on a zone is no longer a holding's own.
const neighbours = 10

func (j *judge) sharedZone() {
	count := map[string]int{}
	for _, s := range j.r.Systems {
		count[s.Zone]++
	}
	for _, h := range j.r.Holdings {
		if z := j.zoneOf(h.System); z != nil && h.Impact == "high" && count[z.ID] > neighbours {
			j.report(&h.Entity, "shares %s with %d other systems", z.ID, count[z.ID]-1)
		}
	}
}

func (j *judge) noCanaries() {
	for _, h := range j.r.Holdings {
		if j.big(h) && h.Records >= 1000 && h.Canaries == 0 {
			j.report(&h.Entity, "%d records and no canary among them", h.Records)
		}
	}
}

func (j *judge) forLifeUnencrypted() {
	for _, h := range j.r.Holdings {
		for _, c := range h.Categories {
			if t, ok := register.TraitOf(c); ok && t.Irrevocable >= 1 && h.KeyOn == "" {
				j.report(&h.Entity, "%s cannot be reset, and no key is kept elsewhere", c)
				break
			}
		}
	}
}

// personal reports whether a holding is about people.
func personal(h *register.Holding) bool {
	return slices.ContainsFunc(h.Categories, func(c register.Category) bool {
		t, ok := register.TraitOf(c)
		return ok && t.Dimension != ""
	})
}

// lacking reports holdings on people that lack a field.
func (j *judge) lacking(what string, has func(h *register.Holding) bool) {
	for _, h := range j.r.Holdings {
		if personal(h) && !has(h) {
			j.report(&h.Entity, "names no %s", what)
		}
	}
}

func (j *judge) noAuthority() {
	j.lacking("legal authority", func(h *register.Holding) bool { return h.Authority != "" })
}

func (j *judge) noPurpose() {
	j.lacking("purpose", func(h *register.Holding) bool { return len(h.Purposes) > 0 })
}

func (j *judge) noRetention() {
	j.lacking("retention", func(h *register.Holding) bool { return h.Retention != "" })
}

func (j *judge) dataInCountryOfConcern() {
	for _, h := range j.r.Holdings {
		for _, id := range append([]string{h.System}, h.Copies...) {
			s := j.systems[id]
			if s == nil {
				continue
			}
			for _, c := range s.Countries {
				if slices.Contains(j.Bulk.Countries, c) {
					j.report(&h.Entity, "lies on %s in %s", s.ID, c)
				}
			}
		}
	}
}

// combined returns the linked sets that one collector can read.
func (j *judge) combined() []exposure.Combination {
	if !j.joined { // there may be none
		j.sets, j.joined = j.m.Combine(j.Bulk, false), true
	}
	return j.sets
}

// combinedData reports for each system the largest mosaic that it can read.
// People and vendors are reported through the systems that they use.
func (j *judge) combinedData() {
	done := map[string]bool{}
	for _, c := range j.combined() {
		s := j.systems[c.Collector]
		if s == nil || done[c.Collector] || !c.Mosaic() {
			continue
		}
		done[c.Collector] = true
		f := j.report(&s.Entity, "reads %s, linked by %s: %s", strings.Join(c.Holdings, ", "),
			strings.Join(c.Keys, ", "), strings.Join(mosaicText(c), "; "))
		f.Also = c.Holdings
	}
}

// mosaicText says why a combination is more than its parts.
func mosaicText(c exposure.Combination) []string {
	var out []string
	for _, f := range c.NewFlags {
		out = append(out, f.Category+": "+f.Text)
	}
	if len(c.Dimensions) >= 3 {
		out = append(out, "together "+strings.Join(c.Dimensions, ", "))
	}
	if c.Anchored {
		out = append(out, "pseudonymised data are tied back to people")
	}
	return out
}
