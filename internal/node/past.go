package node

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/evident-sec/evident/event"
)

// Past yields every entry that has arrived, in order, for an act of reading,
// which is recorded first. Between from and to (zero: no limit) it leaves out
// sealed files that hold no event of that time; entries around it may come.
// The number is how many events the sealed files hold, to tell progress by.
func (n *Node) Past(ctx context.Context, act Act, from, to time.Time,
) (entries iter.Seq2[*event.Entry, error], events int64, err error) {
	_, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("read journal bounds: %w", err)
	}
	if err := n.Record(ctx, act); err != nil {
		return nil, 0, err
	}
	snapshot, err := n.lake.Snapshot(ctx, from, to)
	if err != nil {
		return nil, 0, err
	}
	return func(yield func(*event.Entry, error) bool) {
		defer n.lake.Pin()()
		for _, file := range snapshot.Files {
			for e, err := range n.lake.Entries(ctx, file) {
				if err != nil {
					err = fmt.Errorf("read sealed entries: %w", err)
				}
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
		for seq := snapshot.Through + 1; seq <= last; seq++ {
			e, err := n.Entry(ctx, seq)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}, snapshot.Events, nil
}

// RulesOfLast returns the rule paths of the last ingest or serve, besides the
// starter pack.
func (n *Node) RulesOfLast() ([]string, error) { return n.remembered() }
