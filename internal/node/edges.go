package node

import (
	"context"
	"time"

	"github.com/evident-sec/evident/internal/edgelake"
)

// openEdges opens the causal edges that are stored in the lake.
func (n *Node) openEdges(ctx context.Context) (err error) {
	n.edges, err = edgelake.Open(ctx, edgelake.Config{
		Table: n.lake, Memory: n.cfg.EdgeMemory, Log: n.cfg.Log,
	})
	if err != nil {
		return err
	}
	n.onClose(n.edges.Close)
	return nil
}

// Edges are the causal edges that are stored in the lake.
func (n *Node) Edges() *edgelake.Store { return n.edges }

// KeepEdges stores the edges of files that have none and keeps the newest in
// memory, looking every interval, until ctx ends.
func (n *Node) KeepEdges(ctx context.Context, every time.Duration) error {
	n.edges.Run(ctx, every)
	return nil
}
