package node

import (
	"context"
	"fmt"
	"time"
)

// The states of a comparison.
const (
	ShadowNone    = "none"
	ShadowHistory = "history" // goes over the sealed lake
	ShadowLive    = "live"    // follows the journal
	ShadowDone    = "done"    // what was asked for is compared
	ShadowStale   = "stale"   // the current rules are others by now
	ShadowFailed  = "failed"
)

// ShadowStatus is what a comparison found so far.
type ShadowStatus struct {
	State   string     `json:"state"`
	Reason  string     `json:"reason"` // of a failure
	By      string     `json:"by"`
	Started *time.Time `json:"started"` // nil without a comparison
	Paths   []string   `json:"paths"`
	Hours   int        `json:"hours"`
	Live    bool       `json:"live"`

	Plan        string         `json:"plan_sha256"`
	CurrentPlan string         `json:"current_plan_sha256"`
	Rules       int            `json:"rules"`
	Rejected    []RejectedRule `json:"rejected"`
	Lost        []LostRule     `json:"lost"` // rules that accepting would lose to errors
	Diff        RuleDiff       `json:"diff"`

	Entries int64  `json:"entries"` // compared so far
	Events  int64  `json:"events"`
	Ahead   int64  `json:"history_events"` // of the sealed lake, in all
	Through uint64 `json:"through_entry"`  // last journal entry compared
	Behind  uint64 `json:"behind_entries"` // journal entries yet to be compared
	Both    int64  `json:"findings_both"`  // by both sets
	OnlyNew int64  `json:"findings_only_new"`
	OnlyOld int64  `json:"findings_only_old"`

	Differences []RuleTally `json:"differences"` // rules that differ, most first
	Differing   int         `json:"differing"`   // how many rules differ in all
}

// RuleTally counts the findings of one rule in both sets.
type RuleTally struct {
	UID      string          `json:"uid"`
	Title    string          `json:"title"`
	Level    string          `json:"level"`
	Both     int64           `json:"both"`
	OnlyNew  int64           `json:"only_new"`
	OnlyOld  int64           `json:"only_old"`
	Examples []ShadowExample `json:"examples"` // the first that differ
}

// ShadowExample is an event for which one set has a finding and the other not.
type ShadowExample struct {
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
	New   bool      `json:"new"` // only the new set has it
}

// ShadowStatus says how far the comparison is and what it found.
func (n *Node) ShadowStatus(ctx context.Context) (*ShadowStatus, error) {
	out := &ShadowStatus{
		State: ShadowNone, Paths: []string{}, Rejected: []RejectedRule{}, Lost: []LostRule{},
		Diff: diffRules(n.book.Load().set, n.book.Load().set), Differences: []RuleTally{},
		CurrentPlan: n.book.Load().planHash(),
	}
	s := n.shadow.Load()
	if s == nil {
		return out, nil
	}
	out.By, out.Started, out.Hours, out.Live = s.order.Caller, &s.started, s.order.Hours, s.order.Live
	out.Paths = append(out.Paths, s.order.Paths...)
	out.Plan, out.Rules, out.Diff = s.book.planHash(), len(s.book.set.Rules), s.diff
	out.Lost = append(out.Lost, s.lost[:min(len(s.lost), maxChanges)]...)
	for _, r := range s.book.set.Rejected[:min(len(s.book.set.Rejected), maxChanges)] {
		out.Rejected = append(out.Rejected, rejectedRule(r))
	}
	s.result.fill(out)
	if out.CurrentPlan != s.old.planHash() {
		out.State = ShadowStale
	}
	if !s.order.Live {
		return out, nil
	}
	_, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return nil, fmt.Errorf("read journal bounds: %w", err)
	}
	out.Behind = last - min(last, out.Through)
	return out, nil
}
