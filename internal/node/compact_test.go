package node_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/proof"
)

// TestKeepCompact lets records arrive while files are merged in the background,
// as serve does: there are few files in the end, all records are there, and a
// proof made before verifies.
func TestKeepCompact(t *testing.T) {
	n := open(t, node.Config{Dir: t.TempDir(), Rules: []string{ownRules(t)}})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- n.KeepCompact(ctx, 5*time.Millisecond) }()
	const batches, each = 35, 4
	var first proof.RecordProof
	for i := range batches {
		ingest(t, n, logons(fmt.Sprint("ws-", i), each))
		if err := n.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			var err error
			if first, err = n.Prove(t.Context(), event.ID{Entry: 1, Leaf: 2}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for len(n.Lake().Files()) > batches/16+batches%16 {
		select {
		case <-n.Stopped():
			t.Fatal(n.Err())
		case <-t.Context().Done():
			t.Fatal("nothing is merged")
		case <-time.After(5 * time.Millisecond):
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	_, record, err := n.Event(t.Context(), event.ID{Entry: 1, Leaf: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Verify(record.Raw, n.Verifier()); err != nil {
		t.Errorf("after compaction: %v", err)
	}
	if found(t, n) != batches*each {
		t.Errorf("%d findings, want %d", found(t, n), batches*each)
	}
	if _, err := n.CompactAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	v, err := n.Verify(t.Context(), nil)
	if err != nil || !v.OK || v.Events != batches*each {
		t.Errorf("%+v: %v", v, err)
	}
}
