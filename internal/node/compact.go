package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/ledger"
)

// keepReplaced is how long a replaced file stays for whoever reads it.
const keepReplaced = 10 * time.Minute

// Compact merges the lake's small files, see lake.Table.Compact. Before an
// entry is copied it is compared with what the ledger sealed: compaction never
// makes an altered record look untouched.
func (n *Node) Compact(ctx context.Context, o lake.CompactOptions) (lake.Compaction, error) {
	o.Check = func(e *event.Entry) error { return n.asSealed(ctx, e) }
	return n.lake.Compact(ctx, o)
}

// LakeStatus measures the lake.
func (n *Node) LakeStatus(ctx context.Context) (lake.Status, error) { return n.lake.Status(ctx) }

// KeepCompact compacts what has come, every interval, and wipes what was
// replaced a while ago, until ctx ends.
func (n *Node) KeepCompact(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	said := map[string]bool{}
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		done, err := n.Compact(ctx, lake.CompactOptions{})
		if err == nil {
			err = n.lake.Dispose(ctx, keepReplaced)
		}
		// Searching and receiving go on with small files.
		for _, err := range append(done.Left, err) {
			if err == nil || ctx.Err() != nil || said[err.Error()] {
				continue
			}
			said[err.Error()] = true
			n.cfg.Log.Warn("lake files stay as they are", "error", err)
		}
	}
}

// asSealed compares an entry with its manifest.
func (n *Node) asSealed(ctx context.Context, e *event.Entry) error {
	sealed, err := n.ledger.Manifest(ctx, e.Seq)
	if err != nil {
		return fmt.Errorf("look up manifest: %w", err)
	}
	got := ledger.ManifestOf(e)
	if erasedIn(e) {
		got.Bytes = sealed.Bytes // of records that are gone
	}
	if got != sealed {
		return errors.New("entry is not as it was sealed")
	}
	return nil
}

// erasedIn reports whether any record of the entry was destroyed.
func erasedIn(e *event.Entry) bool {
	for i := range e.Records {
		if e.Records[i].Erased != nil {
			return true
		}
	}
	return false
}

// CompactAll merges all neighbours that fit and wipes what they replaced: for a
// folder that nobody else reads.
func (n *Node) CompactAll(ctx context.Context) (lake.Compaction, error) {
	done, err := n.Compact(ctx, lake.CompactOptions{All: true})
	if err != nil {
		return done, err
	}
	return done, errors.Join(n.lake.Dispose(ctx, 0), n.edges.Follow(ctx, nil))
}
