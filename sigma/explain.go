package sigma

import (
	"slices"
	"unicode/utf8"

	"github.com/evident-sec/evident/event"
)

// Bounds on what an explanation repeats of a rule and an event.
const (
	maxWanted    = 20   // values of a rule in one test
	maxHad       = 10   // values of an event in one test
	maxShown     = 200  // bytes of one value
	maxToldSteps = 2000 // steps of one explanation
	maxKindsTold = 12   // kinds of events of one log source
)

// Explanation says why a rule holds for an event or does not, condition by
// condition. Values of rule and event are cut to a length that a person reads;
// they are as hostile as the event they come from.
type Explanation struct {
	UID     string        `json:"uid"` // of the rule
	Title   string        `json:"title"`
	File    string        `json:"file"`
	Line    int           `json:"line"`
	Match   bool          `json:"match"`
	Summary string        `json:"summary"` // one sentence: what decided
	Source  SourceVerdict `json:"logsource"`
	// Condition is evaluated even where the log source does not fit.
	Condition *Step `json:"condition"`
	Cut       bool  `json:"cut,omitempty"` // there are more steps than are shown
}

// SourceVerdict says whether the event is of the rule's log source.
type SourceVerdict struct {
	Logsource string `json:"logsource"` // as the rule says it
	Routed    bool   `json:"routed"`    // false: the mapping does not know it, every event fits
	Fits      bool   `json:"fits"`
	// Parts are the log sources of the mapping that the rule's is made of; the
	// event must fit each.
	Parts []SourcePart `json:"parts,omitempty"`
}

// SourcePart is one log source of the mapping: it fits when a kind does.
type SourcePart struct {
	Logsource string       `json:"logsource"`
	Fits      bool         `json:"fits"`
	Kinds     []SourceKind `json:"kinds"`
}

// SourceKind is a kind of event that a log source means: all clauses hold.
type SourceKind struct {
	Fits    bool           `json:"fits"`
	Clauses []SourceClause `json:"clauses"`
}

// SourceClause asks a field of the event for one of some values; * is any.
// $product, $category and $service are the log source that the event was
// decoded as.
type SourceClause struct {
	Field  string   `json:"field"`
	Wanted []string `json:"wanted"`
	Had    []string `json:"had"`
	Holds  bool     `json:"holds"`
}

// Step is a node of a rule's condition.
type Step struct {
	Kind  StepKind `json:"kind"`
	Name  string   `json:"name,omitempty"` // of a search identifier
	Line  int      `json:"line,omitempty"` // of it in the rule file
	Holds bool     `json:"holds"`
	Again bool     `json:"again,omitempty"` // told in full further up
	Test  *Test    `json:"test,omitempty"`  // of StepTest
	Steps []*Step  `json:"steps,omitempty"`
}

// StepKind says how a step follows from those below it.
type StepKind string

// The kinds of steps.
const (
	StepAll  StepKind = "all"  // every step below holds
	StepAny  StepKind = "any"  // one of them holds
	StepNot  StepKind = "not"  // the one below does not hold
	StepTest StepKind = "test" // a field is looked at
)

// Test is what a rule asks of one field, and what the event had there.
type Test struct {
	Field  string   `json:"field"`  // as the rule calls it; "" is every value of the event
	Op     string   `json:"op"`     // e.g. "is", "contains", "ends with"
	All    bool     `json:"all"`    // every wanted value must hold, not one
	Wanted []string `json:"wanted"` // the rule's values
	Holds  []string `json:"holds"`  // those of Wanted that hold
	More   int      `json:"more"`   // wanted values left out

	Native string     `json:"native,omitempty"` // as the event calls it
	State  FieldState `json:"state"`
	Had    []string   `json:"had"` // the event's values, cut
}

// FieldState tells the three kinds of nothing from a value.
type FieldState string

// The states of a field.
const (
	FieldMissing FieldState = "missing"
	FieldNull    FieldState = "null"
	FieldEmpty   FieldState = "empty"
	FieldValue   FieldState = "value"
)

// Explain says why the rule holds for the event or not. It evaluates the rule
// as it was read, without the plan's indexes; its verdict is that of Match.
func (p *Plan) Explain(r *Rule, ev *event.Event) *Explanation {
	x := &explainer{
		naive: newNaive(ev, p.ls),
		truth: map[*expr]bool{}, told: map[*expr]bool{}, texts: map[textKey][][]byte{},
	}
	route := p.ls.route(ev)
	out := &Explanation{UID: r.ID, Title: r.Title, File: r.File, Line: r.Line}
	out.Source = x.source(r, route)
	x.enter(r)
	out.Condition = x.step(r.detection)
	out.Cut = x.steps > maxToldSteps
	out.Match = out.Source.Fits && out.Condition.Holds
	out.Summary = summary(out)
	return out
}

// explainer evaluates one rule on one event.
type explainer struct {
	naive
	truth map[*expr]bool
	told  map[*expr]bool
	texts map[textKey][][]byte
	steps int
}

// textKey is a field whose texts are compared with or without regard to case.
type textKey struct {
	field string
	cased bool
}

// source says how the event was routed.
func (x *explainer) source(r *Rule, route []byte) SourceVerdict {
	sources := x.ls.of(r.Logsource)
	out := SourceVerdict{Logsource: r.Logsource.String(), Routed: sources != nil, Fits: true}
	for _, s := range sources {
		m := &x.ls.sources[s]
		part := SourcePart{Logsource: m.Logsource.String(), Fits: route[s] != noBranch}
		for i := range m.branches[:min(len(m.branches), maxKindsTold)] {
			part.Kinds = append(part.Kinds, x.kind(&m.branches[i]))
		}
		out.Fits = out.Fits && part.Fits
		out.Parts = append(out.Parts, part)
	}
	return out
}

func (x *explainer) kind(b *branch) SourceKind {
	out := SourceKind{Fits: x.ls.fits(x.ev, b)}
	for i := range b.when {
		c := &b.when[i]
		clause := SourceClause{
			Field: c.field, Wanted: cut(c.values, maxWanted), Holds: x.ls.holds(x.ev, c),
		}
		switch c.field {
		case ownProduct:
			clause.Had = given(x.ev.Product)
		case ownCategory:
			clause.Had = given(x.ev.Category)
		case ownService:
			clause.Had = given(x.ev.Service)
		default:
			v, _ := lookup(x.ev.Native, x.ls.names(c.field, nil))
			clause.Had = cut(flatten(nil, v), maxHad)
		}
		out.Clauses = append(out.Clauses, clause)
	}
	return out
}

// given is a text as a list, empty for none.
func given(text string) []string {
	if text == "" {
		return []string{}
	}
	return []string{clipText(text)}
}

// cut keeps the first texts of a list, each cut to a readable length.
func cut(list []string, most int) []string {
	out := make([]string, 0, min(len(list), most))
	for _, s := range list[:min(len(list), most)] {
		out = append(out, clipText(s))
	}
	return out
}

// clipText cuts a text between characters.
func clipText(s string) string {
	if len(s) <= maxShown {
		return s
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// holds evaluates an expression once.
func (x *explainer) holds(e *expr) bool {
	if v, ok := x.truth[e]; ok {
		return v
	}
	v := false
	switch e.kind {
	case exprAnd:
		v = !slices.ContainsFunc(e.kids, func(k *expr) bool { return !x.holds(k) })
	case exprOr:
		v = slices.ContainsFunc(e.kids, x.holds)
	case exprNot:
		v = !x.holds(e.kids[0])
	default:
		v = x.leaf(e.pred)
	}
	x.truth[e] = v
	return v
}

// leaf tests one predicate. Texts are compared by the folded pattern, since a
// text may be large; all else is the oracle's.
func (x *explainer) leaf(p *predicate) bool {
	if p.kind != predString {
		return x.test(p)
	}
	key := textKey{p.field, p.cased}
	texts, ok := x.texts[key]
	if !ok {
		for _, t := range x.naive.texts(p.field) {
			texts = append(texts, compared(t, p.cased))
		}
		x.texts[key] = texts
	}
	return slices.ContainsFunc(texts, p.folded.match)
}
