package sigma

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"
)

// MatchNaive returns the rules that hold for the event, in rule order, by
// evaluating each rule as the specification reads: no index, nothing kept, no
// code shared with a Matcher beyond the parsed rules and log source mapping. It
// is the oracle that a Plan is tested against, and thousands of times slower.
// What the parser makes of a rule is tested against another reading of the
// document, in the tests.
func (s *RuleSet) MatchNaive(ev *event.Event, ls *Logsources) []*Rule {
	var out []*Rule
	n := newNaive(ev, ls)
	for _, r := range s.Rules {
		if n.enter(r) && n.eval(r.detection) {
			out = append(out, r)
		}
	}
	return out
}

// naive evaluates rules on one event. The maps hold what was looked up once.
type naive struct {
	ev     *event.Event
	ls     *Logsources
	rename map[string][]string // of the current rule's log source
	source string

	entered map[Logsource]entered
	spelled map[string][]string // native names by log source and field
	read    map[string][]string // texts by the same
	runes   map[string][]rune   // characters of texts
}

// entered says whether the event is of a log source, and its field names.
type entered struct {
	fits   bool
	rename map[string][]string
}

func newNaive(ev *event.Event, ls *Logsources) naive {
	return naive{
		ev: ev, ls: ls, entered: map[Logsource]entered{}, spelled: map[string][]string{},
		read: map[string][]string{}, runes: map[string][]rune{},
	}
}

// enter reports whether the event is of the rule's log source and takes that
// source's field names. A rule whose log source is unknown takes every event.
func (n *naive) enter(r *Rule) bool {
	in, known := n.entered[r.Logsource]
	if !known {
		in.rename = map[string][]string{}
		in.fits = n.join(n.sources(r.Logsource), in.rename)
		n.entered[r.Logsource] = in
	}
	n.source, n.rename = r.Logsource.String(), in.rename
	return in.fits
}

// join reports whether the event is of all the sources and collects the names
// that fields have in it.
func (n *naive) join(sources []*mappedSource, rename map[string][]string) bool {
	for _, src := range sources {
		b := n.firstFit(src.branches)
		if b == nil {
			return false
		}
		for field, names := range b.rename {
			rename[field] = append(rename[field], names...)
		}
	}
	return true
}

// sources returns the mapped log sources that a rule's stands for: the one that
// is the same, else all that ask for no more than it does, if together they ask
// for every part.
func (n *naive) sources(of Logsource) []*mappedSource {
	if n.ls == nil {
		return nil
	}
	var within []*mappedSource
	var together Logsource
	for i := range n.ls.sources {
		s := &n.ls.sources[i]
		if s.Logsource == of {
			return []*mappedSource{s}
		}
		if (s.Product == "" || s.Product == of.Product) && (s.Service == "" || s.Service == of.Service) &&
			(s.Category == "" || s.Category == of.Category) {
			within = append(within, s)
			together.Product = max(together.Product, s.Product)
			together.Category = max(together.Category, s.Category)
			together.Service = max(together.Service, s.Service)
		}
	}
	if together != of {
		return nil
	}
	return within
}

// firstFit returns the first kind of event that the event is, nil for none.
func (n *naive) firstFit(branches []branch) *branch {
	for i := range branches {
		fits := true
		for _, c := range branches[i].when {
			fits = fits && n.fits(c)
		}
		if fits {
			return &branches[i]
		}
	}
	return nil
}

// fits reports whether the event's field has one of the clause's values.
func (n *naive) fits(c clause) bool {
	var texts []string
	switch c.field {
	case ownProduct:
		texts = []string{n.ev.Product}
	case ownCategory:
		texts = []string{n.ev.Category}
	case ownService:
		texts = []string{n.ev.Service}
	default:
		v := n.find(n.names(c.field, nil))
		if v != nil && c.present {
			return true
		}
		texts = naiveTexts(v, 0)
	}
	for _, text := range texts {
		for _, want := range c.values {
			if naiveEqual(strings.Trim(text, " \t\r\n"), want) {
				return true
			}
		}
	}
	return false
}

// names returns what a rule's field may be called in events, in order: renamed
// for the log source, as written, under other names, and each with a prefix.
func (n *naive) names(field string, rename map[string][]string) []string {
	out := append(slices.Clone(rename[field]), field)
	if n.ls == nil {
		return out
	}
	for _, name := range slices.Clone(out) {
		out = append(out, n.ls.aliases[name]...)
	}
	for _, name := range slices.Clone(out) {
		for _, prefix := range n.ls.prefixes {
			out = append(out, prefix+name)
		}
	}
	return out
}

// find returns the event's value under the first of the names that it has, nil
// for none. Spaces in the event's names do not count, but an exact name goes
// first.
func (n *naive) find(names []string) *event.Value {
	for _, name := range names {
		var spaced *event.Value
		for i := range n.ev.Native {
			f := &n.ev.Native[i]
			if f.Name == name {
				return &f.Value
			}
			if spaced == nil && strings.ReplaceAll(f.Name, " ", "") == name {
				spaced = &f.Value
			}
		}
		if spaced != nil {
			return spaced
		}
	}
	return nil
}

// field returns the value of a rule's field in the event, nil for none.
func (n *naive) field(name string) *event.Value {
	key := n.source + "\x00" + name
	names, known := n.spelled[key]
	if !known {
		names = n.names(name, n.rename)
		n.spelled[key] = names
	}
	return n.find(names)
}

// texts returns the texts of a rule's field, those of all fields for keywords.
func (n *naive) texts(field string) []string {
	key := n.source + "\x00" + field
	if texts, known := n.read[key]; known {
		return texts
	}
	var texts []string
	if field == "" {
		for i := range n.ev.Native {
			texts = append(texts, naiveTexts(&n.ev.Native[i].Value, 0)...)
		}
	} else {
		texts = naiveTexts(n.field(field), 0)
	}
	n.read[key] = texts
	return texts
}

// naiveTexts returns the texts of a value: none of null, all of a list.
func naiveTexts(v *event.Value, depth int) []string {
	switch {
	case v == nil || v.Kind == event.Null || depth > maxListDepth:
		return nil
	case v.Kind != event.List:
		return []string{v.Text}
	}
	var out []string
	for i := range v.Items {
		out = append(out, naiveTexts(&v.Items[i], depth+1)...)
	}
	return out
}

// naiveNull reports whether a value is missing, null or a list with a null.
func naiveNull(v *event.Value, depth int) bool {
	switch {
	case v == nil || v.Kind == event.Null:
		return depth <= maxListDepth
	case v.Kind != event.List:
		return false
	}
	for i := range v.Items {
		if naiveNull(&v.Items[i], depth+1) {
			return true
		}
	}
	return false
}

// eval evaluates an expression: all of and, one of or, not.
func (n *naive) eval(e *expr) bool {
	switch e.kind {
	case exprAnd:
		for _, k := range e.kids {
			if !n.eval(k) {
				return false
			}
		}
		return true
	case exprOr:
		for _, k := range e.kids {
			if n.eval(k) {
				return true
			}
		}
		return false
	case exprNot:
		return !n.eval(e.kids[0])
	}
	return n.test(e.pred)
}

// test evaluates one predicate: presence, or any text of the field.
func (n *naive) test(p *predicate) bool {
	switch p.kind {
	case predNull:
		return naiveNull(n.field(p.field), 0)
	case predExists:
		return n.field(p.field) != nil
	case predField:
		return n.testReference(p)
	}
	for _, text := range n.texts(p.field) {
		if n.holds(p, text) {
			return true
		}
	}
	return false
}

// testReference compares each text of the field with each of the other field.
func (n *naive) testReference(p *predicate) bool {
	for _, text := range n.texts(p.field) {
		for _, other := range n.texts(p.other) {
			if naiveRelated(p, text, other) {
				return true
			}
		}
	}
	return false
}
