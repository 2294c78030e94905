package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKeepVerified: nobody asks, and the status says all the same that a file was
// changed.
func TestKeepVerified(t *testing.T) {
	n := openForWatch(t)
	stop := make(chan error, 1)
	go func() { stop <- n.KeepVerified(t.Context(), 50*time.Millisecond) }()
	good := waitVerified(t, n, time.Time{})
	if !good.OK {
		t.Fatalf("an untouched store is %+v", good)
	}
	files, err := filepath.Glob(filepath.Join(n.lakeDir(), "data", "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no lake files: %v %v", files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(f, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for last := good; ; last = waitVerified(t, n, last.Time) {
		if !last.OK && last.Failures > 0 {
			break
		}
	}
	all, err := n.Overall(t.Context())
	if err != nil || all.Ledger.State != "failed" {
		t.Errorf("status says %q, %v", all.Ledger.State, err)
	}
}

// waitVerified returns the first verification after one.
func waitVerified(t *testing.T, n *Node, after time.Time) *LastVerify {
	t.Helper()
	for range 600 {
		all, err := n.Overall(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if v := all.Ledger.LastVerify; v != nil && v.Time.After(after) {
			return v
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("nothing was verified in 30 seconds")
	return nil
}

func openForWatch(t *testing.T) *Node {
	t.Helper()
	n, err := Open(t.Context(), Config{Dir: t.TempDir(), Command: "test", NoSearch: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	text := strings.Repeat(`{"Channel":"Security","EventID":4624,"Hostname":"ws-1"}`+"\n", 200)
	if _, err := n.IngestStream(t.Context(), "test", strings.NewReader(text), IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n
}
