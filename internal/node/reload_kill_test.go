package node_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/rules"
	"github.com/evident-sec/evident/sigma"
)

// victim is set in the environment of a process that the kill test starts.
const victim = "EVIDENT_RELOAD_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		if err := beVictim(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// killNames are the two rules that take turns in the victim's rule file.
var killNames = [2]string{"even", "odd"}

func killRule(i int) string {
	return fmt.Sprintf("title: %s\nid: %s\nlogsource: {product: windows}\n"+
		"detection: {s: {EventID: 4624}, condition: s}\nlevel: high\n",
		killNames[i], ruleID(killNames[i]))
}

// replaceRule puts the rule in the place of the other in one step.
func replaceRule(dir string, i int) error {
	next := filepath.Join(dir, "rule.new")
	if err := os.WriteFile(next, []byte(killRule(i)), 0o600); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(dir, "rule.yml"))
}

// beVictim receives records and changes the rules until it is killed. It prints
// each batch once it is acknowledged.
func beVictim(dir string) error {
	ctx := context.Background()
	folder := filepath.Join(dir, "rules")
	n, err := node.Open(ctx, node.Config{
		Dir: filepath.Join(dir, "data"), Command: "victim", Rules: []string{folder}, NoSearch: true,
	})
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() {
		for b := 0; ; b++ {
			mark := fmt.Sprintf("p%d-%d", os.Getpid(), b)
			in := bytes.NewReader(logons(mark, 3))
			_, err := n.IngestStream(ctx, "test", in, node.IngestOptions{})
			if err != nil {
				failed <- err
				return
			}
			fmt.Println(mark)
		}
	}()
	go func() {
		for i := 0; ; i++ {
			err := replaceRule(folder, i%2)
			if err == nil {
				_, err = n.ReloadRules(ctx, node.Order{Caller: "victim"})
			}
			if err != nil {
				failed <- err
				return
			}
		}
	}()
	return <-failed
}

// TestKillDuringReload kills a process that receives records and changes its
// rules all the time, at random moments, again and again in one folder. Every
// acknowledged record has to be found by exactly one of the two sets, and every
// finding has to name the plan of the set that has its rule.
func TestKillDuringReload(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds; left out by -short")
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	folder := filepath.Join(dir, "rules")
	mkdir(t, folder)
	if err := replaceRule(folder, 0); err != nil {
		t.Fatal(err)
	}
	acked := make(map[string]bool)
	for range 8 {
		for _, mark := range runVictim(t, dir, 300+random.IntN(900)) {
			acked[mark] = true
		}
	}
	n := open(t, node.Config{Dir: filepath.Join(dir, "data")})
	settle(t, n)
	byHost := make(map[string]int)
	for i, name := range killNames {
		plan := planWith(t, killRule(i))
		for _, f := range findings(t, n, ruleID(name)) {
			if f.Evident.PlanSHA256 != plan {
				t.Errorf("finding %s of rule %s names plan %s, want %s",
					f.Info.UID, name, f.Evident.PlanSHA256, plan)
			}
			byHost[f.Device.Hostname]++
		}
	}
	for mark := range acked {
		if byHost[mark] != 3 {
			t.Errorf("batch %s has %d findings, want 3", mark, byHost[mark])
		}
	}
	for mark, n := range byHost { // a batch may be journaled and not yet acknowledged
		if n != 3 {
			t.Errorf("batch %s has %d findings, want 3", mark, n)
		}
	}
	if len(acked) == 0 {
		t.Error("no batch was acknowledged: the test shows nothing")
	}
	t.Logf("%d batches acknowledged", len(acked))
}

// runVictim kills a victim after some milliseconds from its first
// acknowledgement and returns what it acknowledged.
func runVictim(t *testing.T, dir string, ms int) (acked []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if len(acked) == 0 {
			time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { cmd.Process.Kill() })
		}
		acked = append(acked, lines.Text())
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait() // it was killed
	if stderr.Len() > 0 {
		t.Fatalf("victim: %s", stderr.String())
	}
	return acked
}

// planWith is the hash of the plan of the starter pack and one more rule file.
func planWith(t *testing.T, rule string) string {
	t.Helper()
	set, err := sigma.LoadFS(rules.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var l sigma.Loader
	more := l.Parse("rule.yml", []byte(rule))
	set.Rules = append(set.Rules, more.Rules...)
	plan, err := node.CompilePlan(set)
	if err != nil {
		t.Fatal(err)
	}
	return plan.Hash()
}
