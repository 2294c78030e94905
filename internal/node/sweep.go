package node

import (
	"context"
	"fmt"

	"github.com/evident-sec/evident/internal/retro"
)

// Sweep is Past for rules: it visits, in order, the entries with records that
// rules of cfg.Plan may hold for, and says which records; nil for all. Those
// that it passes over are seen all the same. Lake, Normalizer and Seen of cfg
// are set here; total is the events of the files that the span touches.
func (n *Node) Sweep(ctx context.Context, act Act, cfg retro.Config, visit retro.Visit,
	seen func(events, total int64),
) error {
	_, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return fmt.Errorf("read journal bounds: %w", err)
	}
	if err := n.Record(ctx, act); err != nil {
		return err
	}
	defer n.lake.Pin()()
	snapshot, err := n.lake.Snapshot(ctx, cfg.From, cfg.To)
	if err != nil {
		return err
	}
	cfg.Lake, cfg.Normalizer = n.lake, n.norm
	cfg.Seen = func(events int64) { seen(events, snapshot.Events) }
	if err := retro.New(cfg).Each(ctx, snapshot.Files, visit); err != nil {
		return err
	}
	for seq := snapshot.Through + 1; seq <= last; seq++ {
		e, err := n.Entry(ctx, seq)
		if err != nil {
			return err
		}
		if err := visit(e, nil); err != nil {
			return err
		}
	}
	return nil
}
