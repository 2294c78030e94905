package reconstruct

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evident-sec/evident/event"
)

// Group is one incident and the findings that belong to it, worst first.
type Group struct {
	*Result
	Findings []Finding
}

// compareFindings orders by level, worst first, then by time and identifiers.
func compareFindings(a, b Finding) int {
	return cmp.Or(cmp.Compare(levelOf(b.Level), levelOf(a.Level)), a.Time.Compare(b.Time),
		compareIDs(a.Event, b.Event), cmp.Compare(a.UID, b.UID))
}

// Group makes incidents of findings: findings whose events share a spine are
// one incident. The worst finding is reconstructed first, and those its spine
// covers are not reconstructed again. Findings whose event is gone are left
// out and joined in the error, beside the groups of the others.
func (r *Reconstructor) Group(ctx context.Context, findings []Finding) ([]Group, error) {
	findings = slices.Clone(findings)
	slices.SortFunc(findings, compareFindings)
	var groups []Group
	var missing error
	byUID := map[string]int{}
	covered := map[event.ID]int{}
	for _, f := range findings {
		if g, ok := covered[f.Event]; ok {
			groups[g].Findings = append(groups[g].Findings, f)
			continue
		}
		res, err := r.Incident(ctx, f.Event)
		if errors.Is(err, ErrNotFound) {
			missing = errors.Join(missing, fmt.Errorf("group finding %s: %w", f.UID, err))
			continue
		}
		if err != nil {
			return nil, err
		}
		g, ok := byUID[res.Incident.UID]
		if !ok {
			g = len(groups)
			byUID[res.Incident.UID] = g
			groups = append(groups, Group{Result: res})
		}
		groups[g].Findings = append(groups[g].Findings, f)
		for _, id := range append(res.Incident.Members, f.Event) {
			if _, ok := covered[id]; !ok {
				covered[id] = g
			}
		}
	}
	return groups, missing
}
