package node_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/state"
)

// shadowed waits until the comparison has the state and returns it.
func shadowed(t *testing.T, n *node.Node, until func(*node.ShadowStatus) bool) *node.ShadowStatus {
	t.Helper()
	var s *node.ShadowStatus
	await(t, "the comparison", func() bool {
		var err error
		if s, err = n.ShadowStatus(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.State == node.ShadowFailed {
			t.Fatalf("the comparison failed: %s", s.Reason)
		}
		return until(s)
	})
	return s
}

// shadowCase opens a node with rules for 4624 and 4625 and a folder for a new
// set: the first rule is gone, the second is changed to find 4624, and a third
// finds 4634.
func shadowCase(t *testing.T) (n *node.Node, current, next string) {
	t.Helper()
	current, next = t.TempDir(), t.TempDir()
	put(t, current, "first", 4624)
	put(t, current, "second", 4625)
	put(t, current, "same", 4624)
	put(t, next, "second", 4624)
	put(t, next, "third", 4634)
	put(t, next, "same", 4624)
	n = open(t, node.Config{Dir: t.TempDir(), Rules: []string{current}, Shadow: []string{next}})
	return n, current, next
}

// byUID returns the tally of one rule.
func tallyOf(s *node.ShadowStatus, uid string) node.RuleTally {
	for _, d := range s.Differences {
		if d.UID == uid {
			return d
		}
	}
	return node.RuleTally{}
}

func TestShadowComparesHistoryAndLiveEntries(t *testing.T) {
	n, _, next := shadowCase(t)
	ingest(t, n, logons("sealed", 4))
	settle(t, n)
	before := allFindings(t, n)
	err := n.StartShadow(t.Context(), node.ShadowOrder{
		Caller: "tester", Paths: []string{next}, Hours: 24, Live: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if act := lastAct(t, n); act.Operation != "shadow-rules" || act.Caller != "tester" {
		t.Errorf("the start is recorded as %+v", act)
	}
	shadowed(t, n, func(s *node.ShadowStatus) bool { return s.State == node.ShadowLive })
	ingest(t, n, logons("live", 3))
	settle(t, n)
	s := shadowed(t, n, func(s *node.ShadowStatus) bool {
		return s.State == node.ShadowLive && s.Behind == 0
	})

	if s.Ahead != 4 || s.OnlyNew != 7 || s.OnlyOld != 7 || s.Both < 7 || s.Differing != 2 {
		t.Errorf("comparison: %+v", s)
	}
	if d := s.Diff; d.AddedCount != 1 || d.RemovedCount != 1 || d.ChangedCount != 1 {
		t.Errorf("diff: %+v", d)
	}
	gone, changed := tallyOf(s, ruleID("first")), tallyOf(s, ruleID("second"))
	if gone.OnlyOld != 7 || gone.OnlyNew != 0 || gone.Title != "first" || gone.Level != "high" {
		t.Errorf("the rule that is gone: %+v", gone)
	}
	if changed.OnlyNew != 7 || len(changed.Examples) != 5 || !changed.Examples[0].New {
		t.Errorf("the rule that changed: %+v", changed)
	}
	if got := allFindings(t, n); got != before+2*3 {
		t.Errorf("%d findings are kept, want %d: those of the current set", got, before+2*3)
	}
	if n.Plan().Hash() != s.CurrentPlan || s.CurrentPlan == s.Plan {
		t.Errorf("plan %s judges, the comparison says %s beside %s",
			n.Plan().Hash(), s.Plan, s.CurrentPlan)
	}
}

func allFindings(t *testing.T, n *node.Node) int {
	t.Helper()
	_, total, err := n.State().Findings(t.Context(), state.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return total
}

func TestShadowAccept(t *testing.T) {
	n, _, next := shadowCase(t)
	o := node.ShadowOrder{Caller: "tester", Paths: []string{next}, Hours: 24}
	if err := n.StartShadow(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	s := shadowed(t, n, func(s *node.ShadowStatus) bool { return s.State == node.ShadowDone })
	r, err := n.AcceptShadow(t.Context(), node.Order{Caller: "second"})
	if err != nil || r.Result != node.ReloadSwitched || r.NewPlan != s.Plan || r.By != "second" {
		t.Fatalf("accept: %+v, %v", r, err)
	}
	if n.Plan().Hash() != s.Plan || n.RulesStatus().Paths[0] != next {
		t.Errorf("after accepting: %+v", n.RulesStatus())
	}
	ingest(t, n, logons("a", 2))
	settle(t, n)
	a, b := len(findings(t, n, ruleID("first"))), len(findings(t, n, ruleID("second")))
	if a != 0 || b != 2 {
		t.Errorf("%d findings of the old rule and %d of the changed one, want 0 and 2", a, b)
	}
	if s, err := n.ShadowStatus(t.Context()); err != nil || s.State != node.ShadowNone {
		t.Errorf("after accepting: %+v, %v", s, err)
	}
	// The folder remembers what was accepted.
	reload(t, n, node.Order{}, node.ReloadUnchanged)
}

func TestShadowDiscard(t *testing.T) {
	n, _, next := shadowCase(t)
	if err := n.DiscardShadow(t.Context(), "tester"); !errors.Is(err, node.ErrNoShadow) {
		t.Errorf("discard without one: %v", err)
	}
	if _, err := n.AcceptShadow(t.Context(), node.Order{}); !errors.Is(err, node.ErrNoShadow) {
		t.Errorf("accept without one: %v", err)
	}
	before := n.Plan().Hash()
	for range 2 { // the second takes the place of the first
		err := n.StartShadow(t.Context(), node.ShadowOrder{Paths: []string{next}, Live: true})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := n.DiscardShadow(t.Context(), "tester"); err != nil {
		t.Fatal(err)
	}
	s, err := n.ShadowStatus(t.Context())
	if err != nil || s.State != node.ShadowNone || n.Plan().Hash() != before {
		t.Errorf("after discarding: %+v, %v", s, err)
	}
}

// TestShadowIsStale: what was compared with is no longer there.
func TestShadowIsStale(t *testing.T) {
	n, current, next := shadowCase(t)
	err := n.StartShadow(t.Context(), node.ShadowOrder{Paths: []string{next}, Live: true})
	if err != nil {
		t.Fatal(err)
	}
	put(t, current, "fourth", 1)
	reload(t, n, node.Order{}, node.ReloadSwitched)
	shadowed(t, n, func(s *node.ShadowStatus) bool { return s.State == node.ShadowStale })
	if _, err := n.AcceptShadow(t.Context(), node.Order{}); !errors.Is(err, node.ErrShadowStale) {
		t.Errorf("accept: %v", err)
	}
}

// TestShadowShowsWhatWouldBeLost: accepting a set that lost rules to an error
// takes an explicit word.
func TestShadowShowsWhatWouldBeLost(t *testing.T) {
	n, _, next := shadowCase(t)
	write(t, filepath.Join(next, "second.yml"), "title: second\nid: "+ruleID("second")+"\n")
	if err := n.StartShadow(t.Context(), node.ShadowOrder{Paths: []string{next}}); err != nil {
		t.Fatal(err)
	}
	s := shadowed(t, n, func(s *node.ShadowStatus) bool { return s.State == node.ShadowDone })
	if len(s.Lost) != 1 || s.Lost[0].UID != ruleID("second") ||
		len(s.Rejected) != 1 || s.Rejected[0].Line == 0 {
		t.Errorf("lost %+v, rejected %+v", s.Lost, s.Rejected)
	}
	r, err := n.AcceptShadow(t.Context(), node.Order{})
	if err != nil || r.Result != node.ReloadRefused {
		t.Fatalf("accept: %+v, %v", r, err)
	}
	r, err = n.AcceptShadow(t.Context(), node.Order{Force: true})
	if err != nil || r.Result != node.ReloadSwitched {
		t.Fatalf("accept by force: %+v, %v", r, err)
	}
}

// TestShadowReadsOnlyItsFolders: a caller names paths of the server.
func TestShadowReadsOnlyItsFolders(t *testing.T) {
	n, current, next := shadowCase(t)
	outside := t.TempDir()
	put(t, outside, "other", 1)
	if err := os.Symlink(outside, filepath.Join(next, "link")); err != nil {
		t.Fatal(err)
	}
	sub := filepath.Join(current, "sub")
	mkdir(t, sub)
	for path, want := range map[string]error{
		current: nil, next: nil, sub: nil, filepath.Join(current, "first.yml"): nil,
		outside: node.ErrShadowPath, filepath.Join(next, "link"): node.ErrShadowPath,
		filepath.Join(current, ".."): node.ErrShadowPath, "/": node.ErrShadowPath,
		current + "x": os.ErrNotExist, "": node.ErrShadowPath,
	} {
		err := n.StartShadow(t.Context(), node.ShadowOrder{Paths: []string{path}})
		if !errors.Is(err, want) {
			t.Errorf("shadow of %s: %v, want %v", path, err, want)
		}
		if errors.Is(want, node.ErrShadowPath) && strings.Contains(err.Error(), "other") {
			t.Errorf("the refusal tells what lies there: %v", err)
		}
	}
}
