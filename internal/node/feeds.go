package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evident-sec/evident/internal/attack"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/mappings"
	"github.com/evident-sec/evident/sigma"
)

// An answer about what arrives is good for a minute, or for longer where finding
// it out took long: at most a thirtieth of the time goes into it.
const (
	feedsAge   = time.Minute
	feedsShare = 30
)

// Feeds says which of the log sources that rules need arrive. It is read-only.
type Feeds struct {
	kinds []fedKind
	at    time.Time
	took  time.Duration
}

func (f *Feeds) fresh() bool {
	return f != nil && len(f.kinds) > 0 && time.Since(f.at) < max(feedsAge, feedsShare*f.took)
}

// fedKind is a kind of events and where one of them belongs.
type fedKind struct {
	kind   search.Kind
	intake *sigma.Intake
}

// Of returns whether events of the log source arrive, and how many did.
func (f *Feeds) Of(ls sigma.Logsource) (attack.Feed, int64) {
	if f == nil || len(f.kinds) == 0 {
		return attack.FeedUnknown, 0
	}
	var events int64
	for _, k := range f.kinds {
		n, routed := k.intake.Events(ls)
		if !routed {
			return attack.FeedEverywhere, 0
		}
		if n > 0 {
			events += k.kind.Events
		}
	}
	if events == 0 {
		return attack.FeedMissing, 0
	}
	return attack.FeedReceived, events
}

// feeds keeps the last answer, and the example of every kind once it was read.
type feeds struct {
	last atomic.Pointer[Feeds]
	mu   sync.Mutex                    // held while it is found out
	seen map[search.Kind]*sigma.Intake // by kind without its figures
}

// Feeds tells what arrives, as it was a minute ago at most, or what is known
// while somebody else finds it out. It looks at one event of each
// kind that there is: events of one channel, number, class and activity are
// taken to be of the same log sources. A node without search knows nothing.
func (n *Node) Feeds(ctx context.Context) (*Feeds, error) {
	if n.search == nil || n.mapped == nil {
		return nil, nil
	}
	if last := n.feeds.last.Load(); last.fresh() || !n.feeds.mu.TryLock() {
		return last, nil
	}
	defer n.feeds.mu.Unlock()
	began := time.Now()
	kinds, err := n.search.Kinds(ctx)
	if err != nil {
		return nil, err
	}
	out := &Feeds{}
	seen := make(map[search.Kind]*sigma.Intake, len(kinds))
	for _, k := range kinds {
		key := k
		key.Events, key.Example = 0, search.Kind{}.Example
		in := n.feeds.seen[key]
		if in == nil {
			if in, err = n.intakeOf(ctx, k); err != nil {
				return nil, err
			}
		}
		seen[key] = in
		out.kinds = append(out.kinds, fedKind{k, in})
	}
	out.at, out.took = time.Now(), time.Since(began)
	n.feeds.last.Store(out)
	n.feeds.seen = seen
	return out, nil
}

// intakeOf counts the example of a kind. One that is gone belongs nowhere.
func (n *Node) intakeOf(ctx context.Context, k search.Kind) (*sigma.Intake, error) {
	in := n.mapped.Intake()
	ev, _, err := n.Event(ctx, k.Example)
	switch {
	case errors.Is(err, ErrNoEvent):
		return in, nil
	case err != nil:
		return nil, fmt.Errorf("read example of %s %s: %w", k.Log, k.Code, err)
	}
	in.Add(ev)
	return in, nil
}

// KeepFeeds keeps the answer fresh until ctx ends, so that nobody waits for it.
func (n *Node) KeepFeeds(ctx context.Context) error {
	ticker := time.NewTicker(feedsAge + time.Second)
	defer ticker.Stop()
	for {
		if _, err := n.Feeds(ctx); err != nil && ctx.Err() == nil {
			n.cfg.Log.Warn("what arrives is not known", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Logsources reads the mapping from Sigma's log sources to events.
func Logsources() (*sigma.Logsources, error) {
	data, err := mappings.FS.ReadFile("sigma-logsources.yaml")
	if err != nil {
		return nil, fmt.Errorf("read log sources: %w", err)
	}
	sources, err := sigma.ParseLogsources(data)
	if err != nil {
		return nil, fmt.Errorf("read log sources: %w", err)
	}
	return sources, nil
}
