package sigma

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/evident-sec/evident/event"

	"github.com/evident-sec/evident/internal/textmatch"
)

// MatchNaive returns the rules that hold for the event, in rule order, by
// evaluating each rule as the specification reads: no index, no cache, no code
// shared with a Matcher beyond the parsed rule and the log source mapping. It
// is the oracle that a Plan is tested against, and thousands of times slower.
func (s *RuleSet) MatchNaive(ev *event.Event, ls *Logsources) []*Rule {
	var out []*Rule
	route := ls.route(ev)
	n := naive{ev: ev, ls: ls, spelled: map[fieldOf][]string{}}
	for _, r := range s.Rules {
		if n.enter(r, route) && n.eval(r.detection) {
			out = append(out, r)
		}
	}
	return out
}

// naive evaluates one rule on one event.
type naive struct {
	ev      *event.Event
	ls      *Logsources
	source  string // of the current rule
	rename  map[string][]string
	spelled map[fieldOf][]string // native names
}

// enter reports whether the event is of the rule's log source and takes that
// source's field names.
func (n *naive) enter(r *Rule, route []byte) bool {
	sources := n.ls.of(r.Logsource)
	n.source, n.rename = fmt.Sprint(sources), map[string][]string{}
	for _, src := range sources {
		if route[src] == noBranch {
			return false
		}
		for field, names := range n.ls.sources[src].branches[route[src]].rename {
			n.rename[field] = append(n.rename[field], names...)
		}
	}
	return true
}

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

// values returns the texts a predicate looks at.
func (n *naive) values(field string) (texts []string, present, null bool) {
	if field == "" {
		for _, f := range n.ev.Native {
			texts = flatten(texts, f.Value)
		}
		return texts, true, false
	}
	key := fieldOf{n.source, field}
	names, ok := n.spelled[key]
	if !ok {
		names = n.ls.names(field, n.rename)
		n.spelled[key] = names
	}
	v, ok := lookup(n.ev.Native, names)
	return flatten(nil, v), ok, !ok || isNull(v)
}

func (n *naive) test(p *predicate) bool {
	texts, present, null := n.values(p.field)
	switch p.kind {
	case predNull:
		return null
	case predExists:
		return present
	case predField:
		others, _, _ := n.values(p.other)
		for _, t := range texts {
			for _, o := range others {
				if naiveRelation(p, t, o) {
					return true
				}
			}
		}
		return false
	}
	for _, t := range texts {
		if naiveText(p, t) {
			return true
		}
	}
	return false
}

// naiveText tests one text.
func naiveText(p *predicate, text string) bool {
	switch p.kind {
	case predString:
		return naiveGlob(p.pat, []rune(text), p.cased)
	case predRegex:
		return p.re.MatchString(text)
	case predCIDR:
		return inPrefix(p.prefix, text)
	case predNumber:
		v, ok := parseNumber(text)
		return ok && p.op.holds(v, p.operand)
	case predTime:
		v, ok := datePart(p.part, text)
		return ok && p.op.holds(v, p.operand)
	}
	return false
}

// naiveRelation tests a text against that of the referenced field.
func naiveRelation(p *predicate, text, other string) bool {
	if !p.cased {
		text, other = textmatch.Fold(text), textmatch.Fold(other)
	}
	switch p.relation {
	case relStarts:
		return strings.HasPrefix(text, other)
	case relEnds:
		return strings.HasSuffix(text, other)
	case relContains:
		return strings.Contains(text, other)
	}
	return text == other
}

// naiveGlob matches by the table of which pattern prefixes match which text
// prefixes.
func naiveGlob(p pattern, text []rune, cased bool) bool {
	reach := make([]bool, len(text)+1)
	reach[0] = true
	for _, t := range p {
		if !slices.Contains(reach, true) {
			return false
		}
		if t.kind == tokenText {
			for _, r := range t.text {
				if !slices.Contains(reach, true) {
					return false
				}
				reach = naiveStep(reach, text, func(c rune) bool { return sameRune(r, c, cased) })
			}
			continue
		}
		if t.kind == tokenStar {
			for i := 1; i < len(reach); i++ {
				reach[i] = reach[i] || reach[i-1]
			}
			continue
		}
		reach = naiveStep(reach, text, func(c rune) bool {
			return t.kind == tokenOne || strings.ContainsRune(dashes, c)
		})
	}
	return reach[len(text)]
}

// naiveStep moves every reached position over one character that fits.
func naiveStep(reach []bool, text []rune, fits func(rune) bool) []bool {
	next := make([]bool, len(reach))
	for i, c := range text {
		if reach[i] {
			next[i+1] = fits(c)
		}
	}
	return next
}

// sameRune compares two characters, under simple case folding unless cased.
func sameRune(a, b rune, cased bool) bool {
	if a == b || cased {
		return a == b
	}
	for f := unicode.SimpleFold(a); f != a; f = unicode.SimpleFold(f) {
		if f == b {
			return true
		}
	}
	return false
}
