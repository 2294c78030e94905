package node

import (
	"context"
	"errors"
	"time"
)

// WatchRules looks at the rule files until ctx ends and reloads them when they
// have changed and then stayed as they are for one interval, so that a set that
// is being copied is not read half. A set that is refused is not tried again
// until its files change.
func (n *Node) WatchRules(ctx context.Context, caller string, interval time.Duration) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var w watcher
	for {
		select {
		case <-ticker.C:
			w.look(ctx, n, caller)
		case <-ctx.Done():
			return nil
		}
	}
}

// watcher remembers what it saw of the rule files.
type watcher struct {
	seen    fingerprint // at the last look, where it differs from the set in use
	refused fingerprint // tried, and not to be tried again
}

func (w *watcher) look(ctx context.Context, n *Node, caller string) {
	book := n.book.Load()
	if book.plan == nil || len(book.paths) == 0 {
		return
	}
	now := fingerprintOf(book.paths)
	switch now {
	case book.files:
		if w.refused != "" {
			n.cfg.Log.Info("the rule files are again as the rules that judge")
			n.lastReload.Store(nil)
		}
		w.seen, w.refused = "", ""
		return
	case w.refused:
		return
	case w.seen:
	default:
		w.seen = now
		return
	}
	r, err := n.ReloadRules(ctx, Order{Caller: caller})
	switch {
	case errors.Is(err, ErrReloading) || ctx.Err() != nil:
	case err != nil:
		n.cfg.Log.Error("the rules could not be reloaded", "error", err)
		w.refused = now
	case r.Result == ReloadRefused:
		w.refused = now
	}
}
