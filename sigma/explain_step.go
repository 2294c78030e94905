package sigma

import (
	"fmt"
	"slices"

	"github.com/evident-sec/evident/internal/textmatch"
)

// compared is a text as a pattern sees it.
func compared(text string, cased bool) []byte {
	if cased {
		return []byte(textmatch.ValidText(text))
	}
	return textmatch.AppendFold(nil, text)
}

// step tells an expression. What a condition names twice is told once.
func (x *explainer) step(e *expr) *Step {
	x.steps++
	out := &Step{Name: e.label, Line: e.line, Holds: x.holds(e)}
	tests := sameTests(e)
	switch {
	case tests != nil:
		out.Kind = StepTest
	case e.kind == exprAnd:
		out.Kind = StepAll
	case e.kind == exprOr:
		out.Kind = StepAny
	default:
		out.Kind = StepNot
	}
	if x.told[e] || x.steps > maxToldSteps {
		out.Again = true
		return out
	}
	x.told[e] = true
	if tests != nil {
		out.Test = x.ask(e, tests)
		return out
	}
	for _, k := range e.kids {
		out.Steps = append(out.Steps, x.step(k))
	}
	return out
}

// sameTests returns the predicates of an expression that asks one field one
// question, possibly about several values; nil for all others.
func sameTests(e *expr) []*expr {
	switch e.kind {
	case exprPred:
		return []*expr{e}
	case exprNot:
		return nil
	}
	if len(e.kids) == 0 {
		return nil
	}
	for _, k := range e.kids {
		if k.kind != exprPred || k.label != "" || !sameQuestion(k.pred, e.kids[0].pred) {
			return nil
		}
	}
	return e.kids
}

func sameQuestion(a, b *predicate) bool {
	return a.field == b.field && a.kind == b.kind && op(a, shapeNone) == op(b, shapeNone)
}

// ask tells what is asked of a field and what the event has there.
func (x *explainer) ask(e *expr, tests []*expr) *Test {
	first := tests[0].pred
	t := &Test{Field: first.field, All: e.kind == exprAnd && len(tests) > 1, Holds: []string{}}
	shape := commonShape(tests)
	t.Op = op(first, shape)
	for i, k := range tests {
		holds := x.holds(k)
		// What holds is told even where it stands far back in a long list.
		if i >= maxWanted && (!holds || len(t.Holds) > 0) {
			t.More++
			continue
		}
		text := clipText(wanted(k.pred, shape))
		t.Wanted = append(t.Wanted, text)
		if holds {
			t.Holds = append(t.Holds, text)
		}
	}
	x.found(t)
	return t
}

// found fills in what the event has under the field's names.
func (x *explainer) found(t *Test) {
	texts, v := x.naive.texts(t.Field), x.field(t.Field)
	present, null := v != nil || t.Field == "", naiveNull(v, 0)
	t.Had = cut(texts, maxHad)
	switch {
	case !present:
		t.State = FieldMissing
	case len(texts) == 0 && null:
		t.State = FieldNull
	case len(texts) == 0 || len(texts) == 1 && texts[0] == "":
		t.State = FieldEmpty
	default:
		t.State = FieldValue
	}
	if t.Field == "" {
		t.Had = []string{} // every value of the event
		return
	}
	for _, name := range x.names(t.Field, x.rename) {
		if at := placeOf(x.ev.Native, name); at >= 0 {
			t.Native = clipText(x.ev.Native[at].Name)
			return
		}
	}
}

// commonShape is where the texts of all tests stand, shapeNone where they
// differ or have wildcards within.
func commonShape(tests []*expr) shape {
	common := shapeNone
	for i, k := range tests {
		s := shapeNone
		if k.pred.kind == predString {
			s, _ = simpleShape(undashed(k.pred.pat))
		}
		if i > 0 && s != common {
			return shapeNone
		}
		common = s
	}
	return common
}

// ops are the words for where a text stands.
var ops = map[shape]string{
	shapeEqual: "is", shapePrefix: "starts with", shapeSuffix: "ends with",
	shapeAnywhere: "contains", shapeNone: "matches",
}

var (
	relationOps = map[relation]string{
		relEqual: "is the value of", relStarts: "starts with the value of",
		relEnds: "ends with the value of", relContains: "contains the value of",
	}
	numberOps = map[compareOp]string{
		opEq: "=", opLt: "<", opLte: "<=", opGt: ">", opGte: ">=",
	}
	partNames = map[timePart]string{
		partMinute: "minute", partHour: "hour", partDay: "day", partWeek: "week",
		partMonth: "month", partYear: "year",
	}
)

// undashed writes a class of dashes as the hyphen that the rule has.
func undashed(p pattern) pattern {
	out := make(pattern, 0, len(p))
	for _, t := range p {
		if t.kind == tokenDash {
			t = token{tokenText, "-"}
		}
		out = out.append(t)
	}
	return out
}

// op is the question in words.
func op(p *predicate, s shape) string {
	cased := ""
	if p.cased {
		cased = ", in this case,"
	}
	switch p.kind {
	case predString:
		if slices.ContainsFunc(p.pat, func(t token) bool { return t.kind == tokenDash }) {
			cased += ", with any dash,"
		}
		return ops[s] + cased
	case predNull:
		return "is missing or null"
	case predExists:
		return "exists"
	case predRegex:
		return "matches the expression"
	case predCIDR:
		return "is an address in"
	case predNumber:
		return numberOps[p.op]
	case predTime:
		return partNames[p.part] + " " + numberOps[p.op]
	}
	return relationOps[p.relation] + cased
}

// wanted is the rule's value.
func wanted(p *predicate, s shape) string {
	switch p.kind {
	case predString:
		if s == shapeNone {
			return undashed(p.pat).String()
		}
		_, text := simpleShape(undashed(p.pat))
		return text
	case predRegex:
		return p.re.String()
	case predCIDR:
		return p.prefix.String()
	case predNumber, predTime:
		return p.operand.text
	case predField:
		return p.other
	}
	return ""
}

// String says the test in words, e.g. `Image ends with \cmd.exe`.
func (t *Test) String() string {
	field := t.Field
	if field == "" {
		field = "a value"
	}
	return fmt.Sprintf("%s %s%s", field, t.Op, t.Values())
}

// Values lists the wanted values, with a space before; "" for none.
func (t *Test) Values() string {
	total := len(t.Wanted) + t.More
	if total == 0 || t.Wanted[0] == "" && total == 1 && t.Op != ops[shapeEqual] {
		return ""
	}
	if total == 1 {
		return " " + quote(t.Wanted[0])
	}
	word := " one of "
	if t.All {
		word = " all of "
	}
	const most = 4
	list := ""
	for i, w := range t.Wanted[:min(len(t.Wanted), most)] {
		if i > 0 {
			list += ", "
		}
		list += quote(w)
	}
	if total > most {
		list += fmt.Sprintf(" and %d more", total-most)
	}
	return word + list
}

// quote sets a text in quotation marks without escapes: the surface that shows
// it escapes what its medium cannot carry.
func quote(s string) string { return `"` + s + `"` }
