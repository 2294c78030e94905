package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
)

const (
	// maxAhead is how much later than its arrival an event may say it was.
	maxAhead = 5 * time.Minute
	// maxBack is how much earlier than the entry before it one may arrive:
	// clocks are corrected by seconds all the time.
	maxBack = time.Minute
)

// clocks compares the times in a store. Arrival is sealed with each entry, in
// the order of arrival: who shifts a clock leaves one of two traces.
type clocks struct {
	last  time.Time
	entry uint64
	ahead map[string]*ahead // by source
}

// ahead is a source whose events say they come from the future.
type ahead struct {
	first  event.ID
	events int64
	most   time.Duration
}

// maxAheadSources bounds what the report of a broken source costs.
const maxAheadSources = 100

// arrived notes entries that arrived before the one before them.
func (c *clocks) arrived(v *verifier, e *event.Entry) {
	if back := c.last.Sub(e.Received); !c.last.IsZero() && back > maxBack && e.Seq > c.entry &&
		len(v.out.Notices) < maxFailures {
		v.out.Notices = append(v.out.Notices, Failure{
			"clock", fmt.Sprintf("entry %d", e.Seq),
			fmt.Sprintf("arrived %s before entry %d by the clock here: it was set back, or was ahead",
				back.Round(time.Second), c.entry),
		})
	}
	c.last, c.entry = e.Received, e.Seq
}

// event notes events that say they are later than their arrival.
func (c *clocks) event(ev *event.Event) {
	by := ev.Time.Sub(ev.Received)
	if by <= maxAhead {
		return
	}
	a := c.ahead[ev.Source]
	if a == nil {
		if len(c.ahead) >= maxAheadSources {
			return
		}
		if c.ahead == nil {
			c.ahead = map[string]*ahead{}
		}
		a = &ahead{first: ev.ID}
		c.ahead[ev.Source] = a
	}
	a.events++
	a.most = max(a.most, by)
}

// skewed reports the sources that are ahead.
func (v *verifier) skewed(context.Context) error {
	var names []string
	for name := range v.clocks.ahead {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		a := v.clocks.ahead[name]
		v.out.Notices = append(v.out.Notices, Failure{
			"clock", "record " + a.first.String(),
			fmt.Sprintf("is the first of %d events of %s that say they are later than their arrival, by up to %s",
				a.events, name, a.most.Round(time.Second)),
		})
	}
	return nil
}
