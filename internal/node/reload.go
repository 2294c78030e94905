package node

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"
)

// What a reload came to.
const (
	ReloadSwitched  = "switched"  // the new set judges
	ReloadUnchanged = "unchanged" // the files say what they said
	ReloadRefused   = "refused"   // the old set judges on
)

// Reload is the outcome of reading the rules anew.
type Reload struct {
	Time    time.Time  `json:"time"`
	By      string     `json:"by"`     // pseudonym or system account
	Result  string     `json:"result"` // switched, unchanged or refused
	OldPlan string     `json:"old_plan_sha256"`
	NewPlan string     `json:"new_plan_sha256"` // "" where it could not be made
	From    uint64     `json:"from_entry"`      // first journal entry that the new plan judges
	Reason  string     `json:"reason"`          // of a refusal
	Lost    []LostRule `json:"lost"`            // of a refusal
	Diff    RuleDiff   `json:"diff"`
	TookMS  int64      `json:"took_ms"`
}

// ErrReloading says that the rules are being read already.
var ErrReloading = errors.New("the rules are being read already")

// Order says who wants a change of the rules and how much they insist.
type Order struct {
	Caller string
	Force  bool // switch although rules of the current set would be lost
}

// ReloadRules reads the rules anew and, where they can be used, lets the
// pipeline judge by them from a journal entry on. A set that cannot be read, or
// that would lose rules to an error, is refused: the old one judges on. The
// error says that the question could not be answered at all.
func (n *Node) ReloadRules(ctx context.Context, o Order) (*Reload, error) {
	if err := n.beginReload(); err != nil {
		return nil, err
	}
	defer n.reloading.Unlock()
	began := time.Now()
	old := n.book.Load()
	out := &Reload{
		Time: began.UTC(), By: o.Caller, OldPlan: old.planHash(), Lost: []LostRule{},
		Diff: diffRules(old.set, old.set),
	}
	now, err := readBook(old.paths)
	if err != nil {
		out.Result, out.Reason = ReloadRefused, err.Error()
	} else {
		err = n.change(ctx, now, o, out)
	}
	out.TookMS = time.Since(began).Milliseconds()
	if err != nil && out.Result != ReloadRefused {
		return nil, err
	}
	return out, n.noteReload(ctx, out)
}

func (n *Node) beginReload() error {
	if n.book.Load().plan == nil || n.pipe == nil {
		return ErrNoRules
	}
	if !n.reloading.TryLock() {
		return ErrReloading
	}
	return nil
}

// change decides what becomes of a set that was read, and switches to it.
func (n *Node) change(ctx context.Context, now *rulebook, o Order, out *Reload) error {
	old := n.book.Load()
	out.NewPlan, out.Diff = now.planHash(), diffRules(old.set, now.set)
	if lost := lostRules(old, now); len(lost) > 0 && !o.Force {
		out.Result, out.Lost = ReloadRefused, lost[:min(len(lost), maxChanges)]
		out.Reason = fmt.Sprintf("errors would lose rules of the current set (%d), first %s:%d: %s",
			len(lost), lost[0].File, lost[0].Line, lost[0].Reason)
		return nil
	}
	if out.NewPlan == out.OldPlan {
		// The verdicts are the same; what could not be loaded may not be.
		same := *old
		set := *old.set
		set.Rejected = now.set.Rejected
		same.files, same.paths, same.set = now.files, now.paths, &set
		n.book.Store(&same)
		out.Result, out.From = ReloadUnchanged, old.from
		return nil
	}
	return n.switchTo(ctx, now, out)
}

// switchTo records the switch, then makes it: from an entry boundary on, the
// pipeline judges by the new plan.
func (n *Node) switchTo(ctx context.Context, now *rulebook, out *Reload) error {
	err := n.Record(ctx, Act{
		Operation: "reload-rules", Caller: out.By,
		Detail: fmt.Sprintf("plan %s replaced by %s: %s", out.OldPlan, out.NewPlan, out.Diff),
	})
	if err != nil {
		return err
	}
	// A kill between the two leaves a folder that opens with the rules that the
	// record names.
	if !slices.Equal(now.paths, n.book.Load().paths) {
		if err := n.remember(now.paths); err != nil {
			return err
		}
	}
	from, err := n.pipe.Swap(ctx, now.detect)
	if err != nil {
		return fmt.Errorf("switch to plan %s: %w", out.NewPlan, err)
	}
	now.from = from
	n.book.Store(now)
	out.Result, out.From = ReloadSwitched, from
	return nil
}

// noteReload keeps the outcome for the status and says it in the log. A refusal
// is recorded like a switch.
func (n *Node) noteReload(ctx context.Context, r *Reload) error {
	n.lastReload.Store(r)
	switch r.Result {
	case ReloadRefused:
		n.cfg.Log.Warn("the rules changed and cannot be used; the old ones judge on",
			"reason", r.Reason, "lost", len(r.Lost), "plan", r.OldPlan)
		return n.Record(ctx, Act{
			Operation: "refuse-rules", Caller: r.By,
			Detail: fmt.Sprintf("plan %s stays: %s", r.OldPlan, r.Reason),
		})
	case ReloadUnchanged:
		n.cfg.Log.Info("the rules were read again and are the same", "plan", r.OldPlan)
	case ReloadSwitched:
		debug.FreeOSMemory() // the old plan goes back to the system
		n.cfg.Log.Info("new rules judge", "from_entry", r.From, "plan", r.NewPlan,
			"change", r.Diff.String(), "took_ms", r.TookMS)
	}
	return nil
}

// RulesStatus is where the rules stand.
type RulesStatus struct {
	Plan         string    `json:"plan_sha256"` // "" where nothing is judged
	Loaded       time.Time `json:"loaded"`
	From         uint64    `json:"from_entry"` // first entry it judges, 0 for all since the start
	Paths        []string  `json:"paths"`      // besides the starter pack
	Rules        int       `json:"rules"`
	Correlations int       `json:"correlations"`
	Filters      int       `json:"filters"`
	Rejected     int       `json:"rejected"`
	Unrouted     int       `json:"unrouted"` // run on every event: the mapping lacks their log source
	LastReload   *Reload   `json:"last_reload"`
}

// RulesStatus says which rules judge and what became of the last reload.
func (n *Node) RulesStatus() RulesStatus {
	b := n.book.Load()
	out := RulesStatus{
		Plan: b.planHash(), Loaded: b.loaded, From: b.from, Paths: append([]string{}, b.paths...),
		Rules: len(b.set.Rules), Correlations: len(b.set.Correlations),
		Filters: len(b.set.Filters), Rejected: len(b.set.Rejected), LastReload: n.lastReload.Load(),
	}
	for _, r := range b.set.Rules {
		if !r.Routed {
			out.Unrouted++
		}
	}
	return out
}
