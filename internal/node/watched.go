package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/state"
)

// verifySettle is how long after the start KeepVerified lets receivers and caches
// come first, at most.
const verifySettle = 10 * time.Minute

// KeepVerified verifies the whole store whenever the last verification is older
// than every, until ctx ends. Status shows what it found; failures are logged.
func (n *Node) KeepVerified(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(min(every, time.Minute))
	defer ticker.Stop()
	began := time.Now()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		if time.Since(began) < min(every, verifySettle) {
			continue
		}
		if err := n.verifyIfOlder(ctx, every); err != nil && ctx.Err() == nil {
			n.cfg.Log.Warn("the store could not be verified", "error", err)
		}
	}
}

func (n *Node) verifyIfOlder(ctx context.Context, every time.Duration) error {
	last, _, err := n.state.LastVerification(ctx)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return fmt.Errorf("read the last verification: %w", err)
	}
	if time.Since(last) < every {
		return nil
	}
	result, err := n.Verify(ctx, nil)
	if err != nil {
		return err
	}
	for i, f := range result.Failures {
		if i == 10 {
			n.cfg.Log.Error("more is not as it was sealed; see evident verify", "failures", len(result.Failures))
			break
		}
		n.cfg.Log.Error("not as it was sealed", "class", f.Class, "where", f.Where, "detail", f.Detail)
	}
	return nil
}

// edges compares the stored causal edges with what the columns give.
func (v *verifier) edges(ctx context.Context) error {
	return v.n.edges.VerifyAll(ctx, func(err error) {
		where := "stored edges"
		if damage, ok := errors.AsType[*lake.DamageError](err); ok {
			where = damage.Path
		}
		v.fail("edges", where, "%v; they are derived anew when they are needed", err)
	})
}
