package exposure

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/register"
)

// Concentration is how much lies behind one party or system.
type Concentration struct {
	Behind   string // identity provider, cloud, operator or backup system
	Role     string // which of these
	Holdings []string
	Share    float64 // of the sensitivity of all holdings, 0 to 1
}

// Concentrations returns, for each role that one party can play for holdings,
// who plays it for how much, largest share first, and the Herfindahl-Hirschman
// index of each role (0 spread to 1 all behind one).
func Concentrations(r *register.Register) (list []Concentration, index map[string]float64) {
	systems := map[string]*register.System{}
	for _, s := range r.Systems {
		systems[s.ID] = s
	}
	sets := map[[2]string][]*register.Holding{}
	total := 0.0
	for _, h := range r.Holdings {
		total += Sensitivity(h)
		s := systems[h.System]
		if s == nil {
			continue
		}
		for role, parties := range map[string][]string{
			"identity provider": {s.SignIn}, "cloud": {s.Cloud}, "operator": {s.Operator},
			"backup": s.BacksUpTo,
		} {
			for _, p := range parties {
				if p != "" {
					sets[[2]string{role, p}] = append(sets[[2]string{role, p}], h)
				}
			}
		}
	}
	index = map[string]float64{}
	for key, holdings := range sets {
		c := Concentration{Role: key[0], Behind: key[1]}
		for _, h := range holdings {
			c.Holdings = append(c.Holdings, h.ID)
			c.Share += Sensitivity(h) / total
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Concentration) int {
		switch {
		case a.Share > b.Share:
			return -1
		case a.Share < b.Share:
			return 1
		}
		return strings.Compare(a.Role+a.Behind, b.Role+b.Behind)
	})
	for _, c := range list {
		index[c.Role] += c.Share * c.Share
	}
	return list, index
}
