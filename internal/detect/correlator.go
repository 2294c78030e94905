package detect

import (
	"fmt"
	"iter"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/sigma"
	"github.com/evident-sec/evident/sigma/correlate"
)

// Correlator turns the verdicts on entries, in journal order, into the findings
// of correlations. It belongs to one goroutine.
type Correlator struct {
	d      *Detector
	engine *correlate.Engine
	places places
}

// Correlator returns a Correlator without any event, for entries that are kept
// elsewhere: its findings name events by their identifiers.
func (d *Detector) Correlator() (*Correlator, error) {
	if d.err != nil {
		return nil, d.err
	}
	return &Correlator{d: d, engine: correlate.New(d.correlations, correlate.Config{})}, nil
}

// Unreachable names the correlations that can never fire, because they ask for
// more events in one window than a Correlator keeps.
func (d *Detector) Unreachable() []*sigma.Correlation {
	if d.err != nil {
		return nil
	}
	return d.correlations.Unreachable(correlate.Config{})
}

// Session returns a Correlator for entries that are read and not kept, such as
// files that are scanned: its findings say in which file and record each event
// stood. How long the reading takes does not matter.
func (d *Detector) Session() (*Correlator, error) {
	c, err := d.Correlator()
	if err != nil {
		return nil, err
	}
	c.places.all = map[uint64]place{}
	return c, nil
}

// Add takes in the verdict on the next entry, of all of its events, and returns
// what it completes.
func (c *Correlator) Add(v *Verdict) ([]state.Finding, error) {
	if len(v.hits) == 0 {
		return nil, nil
	}
	c.places.note(v.seen)
	if c.places.all != nil {
		for i := range v.hits { // the time of reading says nothing
			v.hits[i].Received = time.Time{}
		}
	}
	var out []state.Finding
	for _, a := range c.engine.Observe(v.hits) {
		if a.Correlation.Silent {
			continue
		}
		row, err := c.finding(&a).row(a.By)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// Stats says what is held, and what was late or had no room.
func (c *Correlator) Stats() correlate.Stats { return c.engine.Stats() }

// Changes returns what the state has to write so that Restore finds the windows
// as they are now.
func (c *Correlator) Changes() []state.WindowRow {
	var out []state.WindowRow
	for _, r := range c.engine.Changes() {
		out = append(out, state.WindowRow(r))
	}
	return out
}

// Restore takes in the stored windows, before the first Add. It returns those
// of correlations that the plan does not have; Erase removes them.
func (c *Correlator) Restore(rows iter.Seq2[state.WindowRow, error]) (unknown []string, err error) {
	unknown, err = c.engine.Restore(func(yield func(correlate.Row, error) bool) {
		for r, err := range rows {
			if !yield(correlate.Row(r), err) {
				return
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("restore windows: %w", err)
	}
	return unknown, nil
}

// Erase makes the next Changes remove the windows of these correlations.
func (c *Correlator) Erase(keys []string) { c.engine.Erase(keys) }

// Swap returns the Correlator of another plan with the windows of all
// correlations that mean what they meant; c must not be used any more. The
// windows of the others are dropped and their correlations named.
func (c *Correlator) Swap(d *Detector) (next *Correlator, dropped []string, err error) {
	next, err = d.Correlator()
	if err != nil {
		return nil, nil, err
	}
	next.places = c.places
	return next, next.engine.Adopt(c.engine), nil
}

// places remember where records stood: of the entry at hand, and of all where
// that is asked for.
type places struct {
	now map[event.ID]witness
	all map[uint64]place // by entry
	odd map[event.ID]int64
}

// place is an entry's source, and what its records' positions are ahead of
// their leaves.
type place struct {
	source string
	ahead  int64
}

func (p *places) note(seen []witness) {
	p.now = make(map[event.ID]witness, len(seen))
	for _, w := range seen {
		p.now[w.id] = w
		if p.all == nil {
			continue
		}
		ahead := w.position - int64(w.id.Leaf)
		first, known := p.all[w.id.Entry]
		if !known {
			p.all[w.id.Entry] = place{w.source, ahead}
		} else if first.ahead != ahead {
			if p.odd == nil {
				p.odd = map[event.ID]int64{}
			}
			p.odd[w.id] = w.position
		}
	}
}

// of returns where a record stood; "" and 0 where that is not known.
func (p *places) of(id event.ID) (source string, position int64) {
	if w, ok := p.now[id]; ok {
		return w.source, w.position
	}
	in, ok := p.all[id.Entry]
	if !ok {
		return "", 0
	}
	if position, ok := p.odd[id]; ok {
		return in.source, position
	}
	return in.source, in.ahead + int64(id.Leaf)
}
