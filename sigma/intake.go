package sigma

import (
	"maps"
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"
)

// Intake counts the events that reach each log source of a mapping, so that
// rules can be found that no event ever reaches. It is not safe for concurrent
// use; Merge joins those of several goroutines.
type Intake struct {
	ls     *Logsources
	fields []string // native fields that clauses ask for
	seen   map[string]*routed
	key    []byte
}

// routed is a kind of event by the log sources it is of.
type routed struct {
	route  []byte
	events int64
}

// maxKinds bounds the kinds of events that an Intake tells apart; kinds beyond
// it are routed one by one.
const maxKinds = 10_000

// Intake returns an empty count over the mapping.
func (l *Logsources) Intake() *Intake {
	fields := map[string]bool{}
	for i := range l.sources {
		for _, b := range l.sources[i].branches {
			for _, c := range b.when {
				if !strings.HasPrefix(c.field, "$") {
					fields[c.field] = true
				}
			}
		}
	}
	return &Intake{ls: l, fields: slices.Sorted(maps.Keys(fields)), seen: map[string]*routed{}}
}

// Add counts an event.
func (in *Intake) Add(ev *event.Event) {
	in.key = append(in.key[:0], ev.Product...)
	in.key = append(append(append(append(in.key, 0), ev.Category...), 0), ev.Service...)
	for _, f := range in.fields {
		v, ok := lookup(ev.Native, in.ls.names(f, nil))
		in.key = append(in.key, 0)
		if ok {
			in.key = append(in.key, byte(v.Kind)+1)
		}
		for _, text := range flatten(nil, v) {
			in.key = append(append(in.key, 1), text...)
		}
	}
	r := in.seen[string(in.key)]
	if r == nil {
		r = &routed{route: in.ls.route(ev)}
		if len(in.seen) >= maxKinds {
			in.key = append(in.key[:0], r.route...) // the same verdict, told apart less
			if old := in.seen[string(in.key)]; old != nil {
				r = old
			}
		}
		in.seen[string(in.key)] = r
	}
	r.events++
}

// Merge adds the counts of another Intake over the same mapping.
func (in *Intake) Merge(other *Intake) {
	for key, r := range other.seen {
		if own := in.seen[key]; own != nil {
			own.events += r.events
			continue
		}
		in.seen[key] = &routed{r.route, r.events}
	}
}

// Events returns how many events a rule of the log source was evaluated on;
// routed is false where the mapping does not know the log source, so that its
// rules run on every event.
func (in *Intake) Events(ls Logsource) (events int64, routed bool) {
	sources := in.ls.of(ls)
	for _, r := range in.seen {
		if !slices.ContainsFunc(sources, func(s int) bool { return r.route[s] == noBranch }) {
			events += r.events
		}
	}
	return events, sources != nil
}

// Kinds says in words which events the mapping means by a log source, e.g.
// `Channel Security, EventID 4688`, one text a kind; none where it does not
// know the log source.
func (l *Logsources) Kinds(ls Logsource) []string {
	var out []string
	for _, s := range l.of(ls) {
		for _, b := range l.sources[s].branches {
			var parts []string
			for _, c := range b.when {
				parts = append(parts, strings.TrimPrefix(c.field, "$")+" "+strings.Join(c.values, "|"))
			}
			out = append(out, strings.Join(parts, ", "))
		}
	}
	return out
}
