package correlate

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/evident-sec/evident/event"
)

// Engine holds the windows of a Plan. It belongs to one goroutine; it spreads
// the work of a call over Config.Workers itself.
type Engine struct {
	plan   *Plan
	cfg    Config
	parts  [][]*part // by spec
	inputs [][]input // by spec, of the batch at hand
	keyer  keyer
	worth  int      // how many events are worth a second goroutine
	stats  Stats    // of what is counted before the parts
	erased []string // keys of correlations whose windows are no more
}

// input is one event for one correlation.
type input struct {
	place  int32 // of the event in the batch
	alert  bool
	use    *use
	time   int64
	seen   int64
	id, by event.ID
	values [][]string
}

// New returns an Engine without any event.
func New(p *Plan, cfg Config) *Engine {
	e := &Engine{plan: p, cfg: cfg.withDefaults(), worth: 256, inputs: make([][]input, len(p.specs))}
	for _, s := range p.specs {
		var parts []*part
		for range numParts {
			parts = append(parts, newPart(s, &e.cfg))
		}
		e.parts = append(e.parts, parts)
	}
	return e
}

// placed is an alert with the place of the event on whose arrival it fired.
type placed struct {
	place int32
	alert Alert
}

// Observe takes in hits in journal order, whole events only, and returns the
// alerts in the order of the events that they fired at; those of one event in
// the order of the correlations, those that are referred to first.
func (e *Engine) Observe(hits []Hit) []Alert {
	e.deal(hits)
	var fired []placed
	for from := 0; from < len(e.plan.specs); {
		to := from + 1
		for to < len(e.plan.specs) && e.plan.specs[to].level == e.plan.specs[from].level {
			to++
		}
		e.spread(from, to)
		e.run(from, to)
		for i := from; i < to; i++ {
			fired = e.collect(i, fired)
		}
		from = to
	}
	slices.SortStableFunc(fired, func(a, b placed) int { return int(a.place) - int(b.place) })
	var out []Alert
	for i := range fired {
		out = append(out, fired[i].alert)
	}
	return out
}

// deal gives every hit to the correlations that refer to its rule.
func (e *Engine) deal(hits []Hit) {
	place := int32(0)
	for i := range hits {
		h := &hits[i]
		if i > 0 && h.ID != hits[i-1].ID {
			place++
		}
		src := e.plan.rules[h.Rule]
		if src == nil {
			continue
		}
		in := input{place: place, time: h.Time.UnixNano(), id: h.ID, by: h.ID, values: h.Values}
		if !h.Received.IsZero() {
			in.seen = h.Received.UnixNano()
		}
		for j := range src.users {
			in.use = &src.users[j]
			e.inputs[in.use.spec.at] = append(e.inputs[in.use.spec.at], in)
		}
	}
}

// spread gives the inputs of correlations to the parts their groups are in.
func (e *Engine) spread(from, to int) {
	for i := from; i < to; i++ {
		list := e.inputs[i]
		if e.plan.specs[i].level > 0 { // alerts came behind all hits
			slices.SortStableFunc(list, func(a, b input) int { return int(a.place) - int(b.place) })
		}
		order := int32(0)
		for j := range list {
			order = e.place(i, &list[j], order)
		}
	}
}

// place gives an input to the parts of its groups: several where a group-by
// field has several values.
func (e *Engine) place(spec int, in *input, order int32) int32 {
	fields := in.use.group
	n := members(in.values, fields)
	switch {
	case n == 0:
		e.stats.NoGroup++
	case n > maxMembers:
		e.stats.Truncated++
		n = maxMembers
	}
	for c := range n {
		k := e.keyer.of(len(fields), func(i int) string { return member(in.values, fields, c, i) })
		p := e.parts[spec][k.part()]
		p.work = append(p.work, item{in, k, int32(c), order})
		order++
	}
	return order
}

// run lets the parts of the correlations work, side by side where there is
// enough to do.
func (e *Engine) run(from, to int) {
	var busy []*part
	events := 0
	for _, parts := range e.parts[from:to] {
		for _, p := range parts {
			clear(p.alerts)
			p.alerts = p.alerts[:0]
			if len(p.work) > 0 {
				busy = append(busy, p)
				events += len(p.work)
			}
		}
	}
	workers := min(e.cfg.Workers, len(busy), events/e.worth)
	if workers < 2 {
		for _, p := range busy {
			p.run()
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(busy); i = next.Add(1) - 1 {
				busy[i].run()
			}
		})
	}
	wg.Wait()
}

// collect merges the alerts of a correlation's parts and hands them to those
// that refer to it.
func (e *Engine) collect(spec int, fired []placed) []placed {
	s := e.plan.specs[spec]
	var alerts []*firedItem
	for _, p := range e.parts[spec] {
		for i := range p.alerts {
			alerts = append(alerts, &p.alerts[i])
		}
	}
	slices.SortFunc(alerts, func(a, b *firedItem) int { return int(a.order) - int(b.order) })
	for _, f := range alerts {
		fired = append(fired, placed{f.in.place, f.alert})
		if len(s.out.users) == 0 {
			continue
		}
		in := input{
			place: f.in.place, alert: true, time: f.alert.To.UnixNano(), seen: f.in.seen,
			id: f.alert.ID, by: f.alert.By, values: s.carry(f),
		}
		for j := range s.out.users {
			in.use = &s.out.users[j]
			e.inputs[in.use.spec.at] = append(e.inputs[in.use.spec.at], in)
		}
	}
	clear(e.inputs[spec])
	e.inputs[spec] = e.inputs[spec][:0]
	return fired
}

// carry returns the fields of an alert as an event.
func (s *spec) carry(f *firedItem) [][]string {
	out := make([][]string, len(s.carried))
	for i, from := range s.carried {
		if from.group >= 0 {
			fields := f.in.use.group
			out[i] = []string{member(f.in.values, fields, int(f.combo), from.group)}
		} else {
			out[i] = f.in.values[from.via[f.in.use.ref]]
		}
	}
	return out
}
