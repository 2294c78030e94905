package pipeline

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/state"
)

const (
	// tick is how often the committer looks after what waits: it bounds how
	// long findings stay in memory.
	tick = 250 * time.Millisecond
	// hotBatch is how many events become searchable at once while many arrive:
	// one flush of the hot table costs much more than one row in it.
	hotBatch = 5000
	// sealBytes bounds the original bytes that wait for a seal.
	sealBytes = 128 << 20
	// maxUnapplied bounds the entries whose findings wait for one transaction.
	maxUnapplied = 64
)

// committer gives finished jobs to the consumers, in order. It belongs to one
// goroutine.
type committer struct {
	p        *Pipeline
	ledger   uint64 // next entry the ledger lacks
	lake     uint64 // last entry the lake has, committed or pending
	state    uint64 // last entry the state has, applied or in change
	change   state.Change
	waiting  int // entries in change
	sources  map[sourceKey]*state.Freshness
	hot      []event.Event // committed, but not searchable yet
	last     uint64        // last entry committed
	oldest   time.Time     // when the oldest unsealed event was committed
	day      time.Time     // of arrival, of the last entry that the lake got
	orders   []order
	unpurged bool

	detect     *detect.Detector   // of the last entry
	correlator *detect.Correlator // nil where nothing is judged
}

type sourceKey struct{ name, host string }

func newCommitter(ctx context.Context, p *Pipeline) (*committer, error) {
	through, err := p.cfg.State.Through(ctx)
	if err != nil {
		return nil, err
	}
	c := &committer{
		p: p, ledger: p.cfg.Ledger.Next(), lake: p.cfg.Lake.Watermark(), state: through,
		sources: make(map[sourceKey]*state.Freshness), unpurged: true,
	}
	return c, c.restore(ctx)
}

// start is the first entry that some consumer lacks.
func (c *committer) start() uint64 { return min(c.ledger, c.lake+1, c.state+1) }

func (c *committer) run(ctx context.Context, ordered <-chan *job) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case j, ok := <-ordered:
			if !ok {
				return ctx.Err()
			}
			select {
			case <-j.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := c.commit(ctx, j); err != nil {
				return err
			}
		case <-ticker.C:
			if err := c.tick(ctx); err != nil {
				return err
			}
		case o := <-c.p.orders:
			c.orders = append(c.orders, o)
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := c.serve(ctx); err != nil {
			return err
		}
	}
}

// commit hands one entry to every consumer that lacks it.
func (c *committer) commit(ctx context.Context, j *job) error {
	seq := j.entry.Seq
	if j.err != nil {
		return fmt.Errorf("process entry %d: %w", seq, j.err)
	}
	if seq >= c.ledger {
		if err := c.p.cfg.Ledger.Append(ctx, j.manifest); err != nil {
			return fmt.Errorf("append entry %d to ledger: %w", seq, err)
		}
		c.ledger = seq + 1
	}
	if seq > c.state {
		if err := c.correlate(ctx, j); err != nil {
			return fmt.Errorf("correlate entry %d: %w", seq, err)
		}
		c.note(j)
		c.state = seq
	}
	if seq > c.lake {
		if err := c.store(ctx, j); err != nil {
			return err
		}
		c.lake = seq
	}
	c.last = seq
	c.p.events.Add(int64(len(j.events)))
	c.p.arrived.Store(j.entry.Received.UnixNano())
	if c.waiting >= maxUnapplied {
		if err := c.apply(ctx); err != nil {
			return err
		}
	}
	if c.p.cfg.Hot == nil || len(c.hot) >= hotBatch {
		return c.show(ctx)
	}
	return nil
}

// show makes everything committed searchable.
func (c *committer) show(ctx context.Context) error {
	if len(c.hot) > 0 {
		if err := c.p.cfg.Hot.Hot(ctx, c.hot); err != nil {
			return fmt.Errorf("make entries through %d searchable: %w", c.last, err)
		}
		clear(c.hot) // their memory goes with the entries
		c.hot = c.hot[:0]
	}
	c.p.through.Store(max(c.p.through.Load(), c.last))
	return nil
}

func (c *committer) store(ctx context.Context, j *job) error {
	// A file holds one day's arrivals: its originals are under that day's key.
	if day := j.entry.Received.UTC().Truncate(24 * time.Hour); !day.Equal(c.day) {
		if c.p.cfg.Lake.Pending() > 0 {
			if err := c.seal(ctx); err != nil {
				return err
			}
		}
		c.day = day
	}
	if err := c.p.cfg.Lake.Append(ctx, j.entry, j.events); err != nil {
		return fmt.Errorf("append entry %d to lake: %w", j.entry.Seq, err)
	}
	if c.p.cfg.Edges != nil {
		c.p.cfg.Edges.Append(j.entry.Seq, j.events)
	}
	if c.oldest.IsZero() {
		c.oldest = time.Now()
	}
	if c.p.cfg.Hot != nil {
		c.hot = append(c.hot, j.events...)
	}
	if c.p.cfg.Lake.Pending() >= c.p.cfg.SealCount || c.p.cfg.Lake.PendingBytes() >= sealBytes {
		return c.seal(ctx)
	}
	return nil
}

// note collects what the state gets to know of an entry.
func (c *committer) note(j *job) {
	if c.change.Batches == nil {
		c.change.Batches = make(map[event.BatchID]uint64)
	}
	c.change.Through = j.entry.Seq
	c.change.Batches[j.entry.Batch] = j.entry.Seq
	c.change.Findings = append(c.change.Findings, j.verdict.Findings...)
	c.change.Overlays = append(c.change.Overlays, overlaysOf(j.entry)...)
	for i := range j.events {
		c.noteEvent(j, i)
	}
	c.waiting++
}

func (c *committer) noteEvent(j *job, i int) {
	ev := &j.events[i]
	name := sourceName(ev)
	key := sourceKey{name, ev.Attrs.Get(event.AttrHost)}
	f := c.sources[key]
	if f == nil {
		f = &state.Freshness{Name: name, Host: key.host, First: ev.Time, Last: ev.Time}
		c.sources[key] = f
	}
	f.Events++
	if ev.Time.Before(f.First) {
		f.First = ev.Time
	}
	if ev.Time.After(f.Last) {
		f.Last = ev.Time
	}
	f.Received = ev.Received
	if ev.Problem == "" {
		return
	}
	f.Dead++
	c.p.dead.Add(1)
	c.change.Dead = append(c.change.Dead, state.DeadLetter{
		Event: ev.ID, Source: ev.Source, Position: j.entry.Records[ev.ID.Leaf].Position, Reason: ev.Problem,
	})
}

// OwnPrefix begins the source of every entry that Evident writes itself; what
// others send never has it. OwnSource is that of its records of what people did.
const (
	OwnPrefix = "evident:"
	OwnSource = OwnPrefix + "audit"
)

// sourceName names a log source the way an analyst does: "windows/sysmon",
// "zeek/dns"; by format where no mapping knows it.
func sourceName(ev *event.Event) string {
	switch {
	case strings.HasPrefix(ev.Source, OwnPrefix):
		return "evident/audit" // receipts, reviews and the like are no log that somebody sends
	case ev.Product == "evident":
		return "foreign/evident" // somebody else's record that claims to be ours
	case ev.Product == "":
		return "unmapped/" + string(ev.Format)
	case ev.Service != "":
		return ev.Product + "/" + ev.Service
	case ev.Category != "":
		return ev.Product + "/" + ev.Category
	}
	return ev.Product
}

func (c *committer) apply(ctx context.Context) error {
	if c.waiting == 0 {
		return nil
	}
	for _, f := range c.sources {
		c.change.Sources = append(c.change.Sources, *f)
	}
	if c.correlator != nil {
		c.change.Windows = c.correlator.Changes()
		stats := c.correlator.Stats()
		c.p.windows.Store(&stats)
	}
	if err := c.p.cfg.State.Apply(ctx, c.change); err != nil {
		return err
	}
	c.change, c.waiting = state.Change{}, 0
	clear(c.sources)
	return nil
}

// seal writes the state first: the lake's watermark says that an entry needs
// no second look.
func (c *committer) seal(ctx context.Context) error {
	if err := c.apply(ctx); err != nil {
		return err
	}
	if err := c.p.cfg.Lake.Seal(ctx); err != nil {
		return fmt.Errorf("seal lake: %w", err)
	}
	if c.p.cfg.Edges != nil {
		c.p.cfg.Edges.Sealed()
	}
	clear(c.hot) // the lake has them now
	c.hot = c.hot[:0]
	if err := c.show(ctx); err != nil {
		return err
	}
	c.oldest = time.Time{}
	c.unpurged = true
	if c.p.cfg.Hot == nil {
		return nil
	}
	if err := c.p.cfg.Hot.Sealed(ctx, c.p.cfg.Lake.Watermark()); err != nil {
		return fmt.Errorf("drop sealed events from hot table: %w", err)
	}
	return nil
}

func (c *committer) tick(ctx context.Context) error {
	if err := c.apply(ctx); err != nil {
		return err
	}
	if err := c.show(ctx); err != nil {
		return err
	}
	if !c.oldest.IsZero() && time.Since(c.oldest) > c.p.cfg.SealAfter {
		if err := c.seal(ctx); err != nil {
			return err
		}
	}
	return c.purge(ctx)
}

// purge lets the journal forget what lake and ledger both have for good.
func (c *committer) purge(ctx context.Context) error {
	watermark, sealed := c.p.cfg.Lake.Watermark(), c.p.cfg.Ledger.Sealed()
	through := min(watermark, sealed)
	if !c.unpurged || through == 0 {
		return nil
	}
	if err := c.p.cfg.Journal.Purge(ctx, through); err != nil {
		return fmt.Errorf("purge journal: %w", err)
	}
	c.unpurged = through < watermark
	return nil
}

// serve answers the orders whose entries are all committed.
func (c *committer) serve(ctx context.Context) error {
	rest := c.orders[:0]
	for _, o := range c.orders {
		if c.last < o.through && c.p.through.Load() < o.through {
			rest = append(rest, o)
			continue
		}
		err := c.seal(ctx)
		if err == nil {
			err = c.purge(ctx)
		}
		o.done <- err
		if err != nil {
			return err
		}
	}
	c.orders = rest
	return nil
}
