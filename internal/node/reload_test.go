package node_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/state"
)

// put writes a rule for the event number into the folder, under a name and an
// identifier made of the name.
func put(t *testing.T, dir, name string, code int) (uid string) {
	t.Helper()
	uid = ruleID(name)
	text := fmt.Sprintf("title: %s\nid: %s\nlogsource: {product: windows}\n"+
		"detection: {s: {EventID: %d}, condition: s}\nlevel: high\n", name, uid, code)
	write(t, filepath.Join(dir, name+".yml"), text)
	return uid
}

// ruleID is a UUID that stands for a short name.
func ruleID(name string) string {
	return fmt.Sprintf("00000000-0000-4000-8000-%012x", []byte((name + "      ")[:6]))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// reload reloads and wants the result.
func reload(t *testing.T, n *node.Node, o node.Order, want string) *node.Reload {
	t.Helper()
	o.Caller = "tester"
	r, err := n.ReloadRules(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Result != want {
		t.Fatalf("reload is %s (%s), want %s", r.Result, r.Reason, want)
	}
	return r
}

// findings returns all findings of the rule, decoded.
func findings(t *testing.T, n *node.Node, rule string) []detect.Finding {
	t.Helper()
	kept, _, err := n.State().Findings(t.Context(), state.Filter{Rule: rule})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]detect.Finding, len(kept))
	for i := range kept {
		if err := json.Unmarshal(kept[i].Body, &out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func settle(t *testing.T, n *node.Node) {
	t.Helper()
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestReloadTakesEffectAtAnEntry(t *testing.T) {
	rules := t.TempDir()
	first := put(t, rules, "first", 4624)
	n := open(t, node.Config{Dir: t.TempDir(), Rules: []string{rules}})
	reload(t, n, node.Order{}, node.ReloadUnchanged)
	ingest(t, n, logons("a", 3))
	settle(t, n)

	second := put(t, rules, "second", 4624)
	remove(t, filepath.Join(rules, "first.yml"))
	r := reload(t, n, node.Order{}, node.ReloadSwitched)
	if r.Diff.AddedCount != 1 || r.Diff.RemovedCount != 1 || r.Diff.ChangedCount != 0 ||
		r.Diff.Added[0].UID != second || r.Diff.Removed[0].UID != first {
		t.Errorf("diff is %+v", r.Diff)
	}
	if r.OldPlan == r.NewPlan || n.Plan().Hash() != r.NewPlan {
		t.Errorf("plan %s after a switch from %s to %s", n.Plan().Hash(), r.OldPlan, r.NewPlan)
	}
	ingest(t, n, logons("b", 5))
	settle(t, n)
	if a, b := len(findings(t, n, first)), len(findings(t, n, second)); a != 3 || b != 5 {
		t.Errorf("%d findings of the old rule and %d of the new one, want 3 and 5", a, b)
	}
	for _, f := range findings(t, n, second) {
		if f.Evident.PlanSHA256 != r.NewPlan {
			t.Errorf("finding %s says plan %s, want %s", f.Info.UID, f.Evident.PlanSHA256, r.NewPlan)
		}
	}
	if s := n.RulesStatus(); s.From != r.From || s.LastReload.Result != node.ReloadSwitched {
		t.Errorf("status %+v after %+v", s, r)
	}
}

// TestReloadIsRecorded wants an audit record with both plans.
func TestReloadIsRecorded(t *testing.T) {
	rules := t.TempDir()
	put(t, rules, "first", 4624)
	n := open(t, node.Config{Dir: t.TempDir(), Rules: []string{rules}})
	put(t, rules, "second", 4625)
	r := reload(t, n, node.Order{}, node.ReloadSwitched)
	act := lastAct(t, n)
	if act.Operation != "reload-rules" || act.Caller != "tester" ||
		!strings.Contains(act.Detail, r.OldPlan) || !strings.Contains(act.Detail, r.NewPlan) {
		t.Errorf("the switch is recorded as %+v", act)
	}
	write(t, filepath.Join(rules, "second.yml"), "title: broken\n")
	reload(t, n, node.Order{}, node.ReloadRefused)
	act = lastAct(t, n)
	if act.Operation != "refuse-rules" || !strings.Contains(act.Detail, "second.yml") {
		t.Errorf("the refusal is recorded as %+v", act)
	}
}

type auditAct struct{ Operation, Caller, Detail string }

// lastAct reads the newest journal entry as an audit record.
func lastAct(t *testing.T, n *node.Node) auditAct {
	t.Helper()
	o, err := n.Overall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, err := n.Entry(t.Context(), o.Journal.Last)
	if err != nil {
		t.Fatal(err)
	}
	var out auditAct
	if err := json.Unmarshal(e.Records[0].Raw, &out); err != nil {
		t.Fatalf("entry %d is no audit record: %v", o.Journal.Last, err)
	}
	return out
}

// TestBrokenRulesLeaveTheOldSet breaks a set in every way and wants that the
// old rules judge on and that the status says what is wrong.
func TestBrokenRulesLeaveTheOldSet(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string)
		says   string
	}{
		"no yaml": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "first.yml"), "\x00\x01: [")
		}, "first.yml"},
		"no detection": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "first.yml"), "title: first\nid: "+ruleID("first")+"\n")
		}, "first.yml"},
		"moved and broken": {func(t *testing.T, dir string) {
			remove(t, filepath.Join(dir, "first.yml"))
			write(t, filepath.Join(dir, "other.yml"), "title: first\nid: "+ruleID("first")+"\n")
		}, "other.yml"},
		"half a file": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "first.yml"), "title: first\ndetection: {s: {EventID: 4624}, condi")
		}, "first.yml"},
		"folder gone":    {remove, "no such file"},
		"folder emptied": {func(t *testing.T, dir string) { remove(t, dir); mkdir(t, dir) }, "mounted"},
	} {
		t.Run(name, func(t *testing.T) {
			rules := filepath.Join(t.TempDir(), "rules")
			mkdir(t, rules)
			uid := put(t, rules, "first", 4624)
			n := open(t, node.Config{Dir: t.TempDir(), Rules: []string{rules}})
			before := n.Plan().Hash()
			c.damage(t, rules)
			r := reload(t, n, node.Order{}, node.ReloadRefused)
			if !strings.Contains(r.Reason, c.says) {
				t.Errorf("refused because %q, want %q in it", r.Reason, c.says)
			}
			if s := n.RulesStatus(); s.Plan != before || s.LastReload == nil || s.LastReload.Reason == "" {
				t.Errorf("status after the refusal: %+v", s)
			}
			ingest(t, n, logons("a", 2))
			settle(t, n)
			if got := len(findings(t, n, uid)); got != 2 {
				t.Errorf("%d findings of the old rule, want 2", got)
			}
		})
	}
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestReloadTakesWhatIsNoLoss wants a switch where a rule is taken out, where a
// file that never worked changes, and where the caller insists.
func TestReloadTakesWhatIsNoLoss(t *testing.T) {
	rules := t.TempDir()
	put(t, rules, "first", 4624)
	put(t, rules, "second", 4625)
	bad := filepath.Join(rules, "bad.yml")
	write(t, bad, "title: never worked\n")
	n := open(t, node.Config{Dir: t.TempDir(), Rules: []string{rules}})

	write(t, bad, "title: still does not\nid: 1\n")
	reload(t, n, node.Order{}, node.ReloadUnchanged)
	if got := n.RejectedRules(); len(got) != 1 || got[0].Title != "still does not" {
		t.Errorf("rejected: %+v", got)
	}
	remove(t, filepath.Join(rules, "second.yml"))
	reload(t, n, node.Order{}, node.ReloadSwitched)
	write(t, filepath.Join(rules, "first.yml"), "title: first\n")
	reload(t, n, node.Order{}, node.ReloadRefused)
	r := reload(t, n, node.Order{Force: true}, node.ReloadSwitched)
	if r.Diff.RemovedCount != 1 {
		t.Errorf("diff of the forced switch: %+v", r.Diff)
	}
}

// TestReloadUnderLoad appends entries from several senders while the rules
// change ten times, to one of two sets that find the same records by rules of
// different names. Every record has to be found by exactly one of them, and by
// the same one as its whole entry; every finding has to name the plan that has
// its rule.
func TestReloadUnderLoad(t *testing.T) {
	rules := t.TempDir()
	names := []string{"even", "odd"}
	put(t, rules, names[0], 4624)
	n := open(t, node.Config{Dir: t.TempDir(), Rules: []string{rules}})
	plans := map[string]string{ruleID(names[0]): n.Plan().Hash()} // by rule

	const senders, batches, records = 3, 40, 7
	var sending sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for b := range batches {
				ingest(t, n, logons(fmt.Sprintf("s%d-%d", s, b), records))
			}
		})
	}
	var entries []uint64
	for i := 1; i <= 10; i++ {
		now, was := names[i%2], names[(i+1)%2]
		put(t, rules, now, 4624)
		remove(t, filepath.Join(rules, was+".yml"))
		r := reload(t, n, node.Order{}, node.ReloadSwitched)
		plans[ruleID(now)] = r.NewPlan
		entries = append(entries, r.From)
	}
	sending.Wait()
	settle(t, n)

	byEvent := make(map[string]string)
	byEntry := make(map[uint64]map[string]bool)
	for uid, plan := range plans {
		for _, f := range findings(t, n, uid) {
			if f.Evident.PlanSHA256 != plan {
				t.Errorf("finding %s of rule %s names plan %s", f.Info.UID, uid, f.Evident.PlanSHA256)
			}
			event := f.Evidences[0].Data.EventUID
			if other, twice := byEvent[event]; twice {
				t.Errorf("event %s is found by %s and %s", event, other, uid)
			}
			byEvent[event] = uid
			var entry uint64
			var leaf int
			if _, err := fmt.Sscanf(event, "%d-%d", &entry, &leaf); err != nil {
				t.Fatal(err)
			}
			if byEntry[entry] == nil {
				byEntry[entry] = make(map[string]bool)
			}
			byEntry[entry][uid] = true
		}
	}
	if want := senders * batches * records; len(byEvent) != want {
		t.Errorf("%d of %d records are found", len(byEvent), want)
	}
	for entry, by := range byEntry {
		if len(by) != 1 {
			t.Errorf("entry %d is judged by %v", entry, by)
		}
		want := 0
		for _, from := range entries {
			if entry >= from {
				want++
			}
		}
		if uid := ruleID(names[want%2]); !by[uid] {
			t.Errorf("entry %d is judged by %v, want %s after %d switches", entry, by, uid, want)
		}
	}
}

// TestWatchReloads changes files under a watching node.
func TestWatchReloads(t *testing.T) {
	rules := t.TempDir()
	put(t, rules, "first", 4624)
	n := open(t, node.Config{Dir: t.TempDir(), Rules: []string{rules}})
	go n.WatchRules(t.Context(), "watcher", 5*time.Millisecond)
	start := n.Plan().Hash()

	put(t, rules, "second", 4625)
	await(t, "a switch", func() bool { return n.Plan().Hash() != start })
	switched := n.Plan().Hash()
	write(t, filepath.Join(rules, "second.yml"), "nothing: here\n")
	await(t, "a refusal", func() bool {
		r := n.RulesStatus().LastReload
		return r != nil && r.Result == node.ReloadRefused && strings.Contains(r.Reason, "second.yml")
	})
	put(t, rules, "second", 4625)
	await(t, "the rules to be as before", func() bool {
		s := n.RulesStatus()
		return s.Plan == switched && (s.LastReload == nil || s.LastReload.Result == node.ReloadUnchanged)
	})
	put(t, rules, "third", 4634)
	await(t, "a second switch", func() bool { return n.Plan().Hash() != switched })
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 3000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited for %s in vain", what)
}

// TestNoRulesNoReload: a node that judges nothing says so.
func TestNoRulesNoReload(t *testing.T) {
	for name, cfg := range map[string]node.Config{
		"no detection": {NoDetect: true}, "frozen": {Frozen: true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Dir = t.TempDir()
			n := open(t, cfg)
			if _, err := n.ReloadRules(t.Context(), node.Order{}); err != node.ErrNoRules {
				t.Errorf("reload: %v", err)
			}
			if err := n.StartShadow(t.Context(), node.ShadowOrder{}); err != node.ErrNoRules {
				t.Errorf("shadow: %v", err)
			}
		})
	}
}

// TestReloadKeepsWindows changes other rules while a correlation has half of
// what it counts: no event of its window is lost.
func TestReloadKeepsWindows(t *testing.T) {
	rules := t.TempDir()
	base := put(t, rules, "first", 4624)
	many := ruleID("many")
	write(t, filepath.Join(rules, "many.yml"), "title: many\nid: "+many+"\nlevel: high\n"+
		"correlation:\n  type: event_count\n  rules: ["+base+"]\n  group-by: [Hostname]\n"+
		"  timespan: 1h\n  condition: {gte: 5}\n")
	n := open(t, node.Config{Dir: t.TempDir(), Rules: []string{rules}})
	ingest(t, n, logons("host", 3))
	for i := range 3 {
		put(t, rules, fmt.Sprintf("more%d", i), 4700+i)
		reload(t, n, node.Order{}, node.ReloadSwitched)
	}
	settle(t, n)
	if got := len(findings(t, n, many)); got != 0 {
		t.Fatalf("%d findings of the correlation after 3 of 5 events", got)
	}
	more := bytes.ReplaceAll(logons("host", 2), []byte(`"RecordNumber":`), []byte(`"Again":1,"RecordNumber":`))
	ingest(t, n, more)
	settle(t, n)
	got := findings(t, n, many)
	if len(got) != 1 || got[0].Evident.PlanSHA256 != n.Plan().Hash() {
		t.Fatalf("%d findings of the correlation, want 1 by plan %s: %+v", len(got), n.Plan().Hash(), got)
	}
}
