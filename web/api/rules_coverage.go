package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/evident-sec/evident/internal/attack"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
)

// techniqueBody is one cell of the matrix.
type techniqueBody struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"` // "" without a catalogue of ATT&CK
	Tactics []string `json:"tactics"`
	Rules   int      `json:"rules"`
	Able    int      `json:"able"` // of these, rules whose data arrives
	Hits    int      `json:"hits"`
	Worst   string   `json:"worst"` // level of the worst rule with hits
	Retired bool     `json:"retired"`
	Missing []string `json:"missing"` // log sources that rules need and that do not arrive
}

// coverage answers GET rules/coverage.
func (a *API) coverage(ctx context.Context, r *http.Request) (any, error) {
	all, err := a.ruleRange(ctx, r)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*techniqueBody)
	asked := make(map[string]map[string]int) // by technique: tactics its rules name
	var rules []attack.Rule
	for i := range all.bodies {
		b := &all.bodies[i]
		if b.Kind == string(node.KindFilter) {
			continue
		}
		rules = append(rules, attack.Rule{
			UID: b.UID, Title: b.Title, Level: b.Level, Techniques: b.Techniques,
			Logsource: b.Logsource, Feed: attack.Feed(feedOf(b)),
			Needs: a.node.Kinds(logsourceOf(&all.docs[i])),
		})
		for _, id := range slices.Compact(slices.Sorted(slices.Values(b.Techniques))) {
			if byID[id] == nil {
				byID[id] = &techniqueBody{ID: id, Missing: []string{}}
				asked[id] = make(map[string]int)
			}
			byID[id].add(b)
			for _, t := range b.Tactics {
				asked[id][t]++
			}
		}
	}
	sum := attack.NewCoverage(rules, a.cfg.Attack)
	out := make([]*techniqueBody, 0, len(byID))
	for _, t := range sum.Techniques {
		body := byID[t.ID]
		body.Name, body.Retired = t.Name, t.Retired
		body.Tactics = tacticsOf(t.Tactics, asked[t.ID])
		out = append(out, body)
	}
	return map[string]any{
		"techniques": out, "tactics": detect.Tactics(), "judged": sum.Judged,
		"attack_version": sum.Attack, "rules": sum.Rules, "blind": sum.Blind,
		"everywhere": sum.Everywhere, "untagged": sum.Untagged, "gaps": gapBodies(sum.Gaps),
		"from": all.from, "to": all.to,
	}, nil
}

func feedOf(b *ruleBody) string {
	if b.Feed == "unknown" {
		return string(attack.FeedUnknown)
	}
	return b.Feed
}

func (t *techniqueBody) add(b *ruleBody) {
	t.Rules++
	t.Hits += b.Hits
	if b.Hits > 0 && levelRank(b.Level) >= levelRank(t.Worst) {
		t.Worst = cmp.Or(b.Level, "medium") // as its findings are
	}
	if b.Feed != string(attack.FeedMissing) {
		t.Able++
	} else if !slices.Contains(t.Missing, b.Logsource) {
		t.Missing = append(t.Missing, b.Logsource)
	}
}

// tacticsOf are the columns of a technique: those of ATT&CK, or, where the
// catalogue is not there, the one that most of its rules name.
func tacticsOf(known []string, asked map[string]int) []string {
	out := []string{}
	for _, t := range known {
		out = append(out, detect.TacticName(t))
	}
	if len(out) > 0 || len(asked) == 0 {
		return out
	}
	best := ""
	for t, n := range asked {
		if best == "" || n > asked[best] ||
			n == asked[best] && detect.TacticOrder(t) < detect.TacticOrder(best) {
			best = t
		}
	}
	return []string{best}
}

type gapBody struct {
	Logsource string   `json:"logsource"`
	Needs     []string `json:"needs"`
	Rules     int      `json:"rules"`
	Lost      []string `json:"lost"` // techniques that only rules without data look for
}

func gapBodies(gaps []attack.Gap) []gapBody {
	out := make([]gapBody, len(gaps))
	for i, g := range gaps {
		out[i] = gapBody{g.Logsource, orEmpty(g.Needs), g.Rules, orEmpty(g.Lost)}
	}
	return out
}
