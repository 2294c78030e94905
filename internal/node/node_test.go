package node_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/state"
)

const ownRule = "7f1b6c4e-52a8-4f0e-9d1c-0c6f3a1e9bfe"

// ownRules writes a folder with one rule of the test's own, for logons.
func ownRules(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text := "title: Own\nid: " + ownRule + "\nlogsource: {product: windows}\n" +
		"detection: {s: {EventID: 4624}, condition: s}\nlevel: low\n"
	if err := os.WriteFile(filepath.Join(dir, "own.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// logons are n records that the test's rule finds.
func logons(mark string, n int) []byte {
	var out bytes.Buffer
	for i := range n {
		fmt.Fprintf(&out, `{"Channel":"Security","EventID":4624,"Hostname":"%s","RecordNumber":%d}`+"\n", mark, i+1)
	}
	return out.Bytes()
}

func open(t *testing.T, cfg node.Config) *node.Node {
	t.Helper()
	cfg.Command, cfg.NoSearch = "test", true
	n, err := node.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func shut(t *testing.T, n *node.Node) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

func ingest(t *testing.T, n *node.Node, text []byte) (records, already int64) {
	t.Helper()
	r, err := n.IngestStream(t.Context(), "test", bytes.NewReader(text), node.IngestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Records, r.Already
}

// found counts what the test's own rule found.
func found(t *testing.T, n *node.Node) int {
	t.Helper()
	_, total, err := n.State().Findings(t.Context(), state.Filter{Rule: ownRule})
	if err != nil {
		t.Fatal(err)
	}
	return total
}

func loaded(t *testing.T, n *node.Node) int {
	t.Helper()
	o, err := n.Overall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o.Rules.Loaded
}

// TestRemembersRules leaves acknowledged records unjudged, as a kill does: the
// next command that opens the folder judges them by the rules of the ingest.
func TestRemembersRules(t *testing.T) {
	dir, rules := t.TempDir(), ownRules(t)
	n := open(t, node.Config{Dir: dir, Rules: []string{rules}})
	withOwn := loaded(t, n)
	ingest(t, n, logons("first", 3))
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := found(t, n); got != 3 {
		t.Errorf("%d found at the ingest, want 3", got)
	}
	shut(t, n)

	n = open(t, node.Config{Dir: dir, Frozen: true})
	if records, _ := ingest(t, n, logons("second", 4)); records != 4 {
		t.Fatalf("%d records appended, want 4", records)
	}
	if got := found(t, n); got != 3 || n.Status().Through != 0 {
		t.Errorf("a frozen node found %d and is at entry %d, want 3 as before", got, n.Status().Through)
	}
	shut(t, n)

	n = open(t, node.Config{Dir: dir, Reader: true})
	if got := loaded(t, n); got != withOwn {
		t.Errorf("%d rules with records waiting, want %d", got, withOwn)
	}
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, already := ingest(t, n, logons("second", 4)); already != 4 {
		t.Errorf("%d of the waiting records were known, want 4", already)
	}
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := found(t, n); got != 7 {
		t.Errorf("%d found after catching up, want 7", got)
	}
	shut(t, n)

	n = open(t, node.Config{Dir: dir, Reader: true})
	if got := loaded(t, n); got >= withOwn {
		t.Errorf("%d rules loaded for a question with nothing waiting, want fewer than %d", got, withOwn)
	}
}

// TestRulesGone says what to do when the remembered rules are not there any
// more, and takes new ones.
func TestRulesGone(t *testing.T) {
	dir, rules := t.TempDir(), ownRules(t)
	shut(t, open(t, node.Config{Dir: dir, Rules: []string{rules}}))
	if err := os.RemoveAll(rules); err != nil {
		t.Fatal(err)
	}
	_, err := node.Open(t.Context(), node.Config{Dir: dir, NoSearch: true})
	if err == nil || !strings.Contains(err.Error(), "--rules") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("open without the rules: %v", err)
	}
	shut(t, open(t, node.Config{Dir: dir, Reader: true})) // nothing waits: not needed
	shut(t, open(t, node.Config{Dir: dir, Rules: []string{ownRules(t)}}))
	shut(t, open(t, node.Config{Dir: dir}))
}

// TestOpenFails wants an error, and the folder free again, from every store
// that cannot be opened.
func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	n := open(t, node.Config{Dir: dir})
	var inUse *node.InUseError
	if _, err := node.Open(t.Context(), node.Config{Dir: dir}); !errors.As(err, &inUse) ||
		inUse.PID != os.Getpid() || inUse.Command != "test" {
		t.Errorf("second open: %v", err)
	}
	shut(t, n)
	for _, path := range []string{"state.db", "lake/catalog.db", "ledger/log/checkpoint", "settings.json"} {
		path = filepath.Join(dir, filepath.FromSlash(path))
		before, _ := os.ReadFile(path) // settings.json is not there
		if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 5000), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			n, err := node.Open(t.Context(), node.Config{Dir: dir, NoSearch: true})
			if err == nil || errors.As(err, &inUse) || n != nil {
				t.Errorf("open with a broken %s: %v, %v", path, n, err)
			}
		}
		if before == nil {
			err := os.Remove(path)
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, open(t, node.Config{Dir: dir}))
}

// TestStateLost deletes the state, which holds nothing but conclusions: it is
// derived again from the lake.
func TestStateLost(t *testing.T) {
	dir := t.TempDir()
	n := open(t, node.Config{Dir: dir, Rules: []string{ownRules(t)}})
	ingest(t, n, logons("first", 3))
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	shut(t, n)
	if err := os.Remove(filepath.Join(dir, "state.db")); err != nil {
		t.Fatal(err)
	}
	n = open(t, node.Config{Dir: dir})
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, already := ingest(t, n, logons("first", 3)); already != 3 {
		t.Errorf("%d records are known, want 3", already)
	}
	ingest(t, n, logons("second", 4))
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := found(t, n); got != 7 {
		t.Errorf("%d found, want 7: the old ones are derived again", got)
	}
	v, err := n.Verify(t.Context(), nil)
	if err != nil || !v.OK || v.Events != 7 {
		t.Errorf("verify: %+v, %v", v, err)
	}
}
