package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

// Edit says how a Transform changes one detection item. The zero Edit changes
// nothing.
type Edit struct {
	Drop bool // the item goes, and what is left empty by that

	// Rename returns the new names of a field, nil for the old one. Of several
	// names one must have the item's values; for null and negated values, all.
	// Fields that values refer to are renamed too, to one name.
	Rename func(field string) []string

	// Map returns what stands in a value's place, nil for the value itself;
	// several are alternatives. Only text and null can be put in.
	Map func(v Value) ([]Value, error)

	// Expand returns the values of a placeholder.
	Expand func(name string) ([]string, bool)

	Tag string // kept with an item that changes, see Item.Tagged
}

// Items returns the detection items of the rule and of the filters added to
// it. What a condition names twice is there once.
func (r *Rule) Items() []Item {
	var out []Item
	w := rewriter{done: map[*expr]*expr{}, edit: func(i Item) (Edit, error) {
		out = append(out, i)
		return Edit{}, nil
	}}
	for _, e := range r.parts() {
		w.expr(*e) //nolint:errcheck // no edit, no error
	}
	return out
}

// parts returns where the expressions of the rule and its filters are kept.
func (r *Rule) parts() []**expr {
	out := []**expr{&r.detection}
	for i := range r.filters {
		if r.filters[i].expr != nil {
			out = append(out, &r.filters[i].expr)
		}
	}
	return out
}

// Edit changes the detection items of the rule as edit says for each. It fails
// where an edit does, and where nothing of the detection would be left.
func (r *Rule) Edit(edit func(Item) (Edit, error)) error {
	w := rewriter{edit: edit, done: map[*expr]*expr{}}
	for i, e := range r.parts() {
		x, err := w.expr(*e)
		if err != nil {
			return err
		}
		if x == nil && i == 0 {
			return errors.New("nothing is left of the detection")
		}
		r.changed = r.changed || x != *e
		*e = x
	}
	return nil
}

// NoteRename tells the rule that its fields have other names now, so that a
// correlation finds them. Edit changes the detection.
func (r *Rule) NoteRename(rename func(field string) []string) {
	r.renames = append(r.renames, rename)
}

// renamed returns the names of a field after all transforms.
func (r *Rule) renamed(field string) []string {
	out := []string{field}
	for _, rename := range r.renames {
		var next []string
		for _, f := range out {
			if to := rename(f); len(to) > 0 {
				next = append(next, to...)
			} else {
				next = append(next, f)
			}
		}
		out = next
	}
	return out
}

// SetLogsource changes the log source.
func (r *Rule) SetLogsource(l Logsource) {
	r.Logsource, r.changed = l, true
}

// Require adds a search identifier that must hold, or must not, besides the
// detection. Label names it in explanations.
func (r *Rule) Require(label string, search *yamltree.Node, negated bool) error {
	p := ruleParser{loader: &Loader{}}
	x, err := p.selection(search)
	if err != nil {
		return fmt.Errorf("add condition: %w", err)
	}
	x.label, x.line = label, search.Line
	if negated {
		x = not(x)
	}
	r.detection, r.changed = all([]*expr{r.detection, x}), true
	return nil
}

// rewriter copies an expression where an edit changes it.
type rewriter struct {
	edit func(Item) (Edit, error)
	done map[*expr]*expr
}

// expr returns the edited expression, the same where nothing changes, nil
// where nothing is left.
func (w *rewriter) expr(e *expr) (*expr, error) {
	if out, ok := w.done[e]; ok {
		return out, nil
	}
	out, err := e, error(nil)
	switch {
	case e.item != nil:
		out, err = w.item(e)
	case len(e.kids) > 0:
		out, err = w.kids(e)
	}
	if err != nil {
		return nil, err
	}
	w.done[e] = out
	return out, nil
}

func (w *rewriter) kids(e *expr) (*expr, error) {
	var kids []*expr
	changed := false
	for _, k := range e.kids {
		x, err := w.expr(k)
		if err != nil {
			return nil, err
		}
		changed = changed || x != k
		if x != nil {
			kids = append(kids, x)
		}
	}
	switch {
	case !changed:
		return e, nil
	case len(kids) == 0:
		return nil, nil
	}
	out := *e
	out.kids = kids
	return &out, nil
}

// item applies the edit to one detection item.
func (w *rewriter) item(e *expr) (*expr, error) {
	ed, err := w.edit(Item{Field: e.item.field, Line: e.item.line, e: e})
	if err != nil {
		return nil, withLine(err, e.item.line)
	}
	if ed.Drop {
		return nil, nil
	}
	x := e
	if ed.Map != nil || ed.Expand != nil {
		if x, err = ed.values(x, hasReference(x)); err != nil {
			return nil, withLine(err, e.item.line)
		}
	}
	mark := *e.item
	if ed.Tag != "" {
		mark.tags = append(slices.Clip(mark.tags), ed.Tag)
	}
	if ed.Rename != nil && e.item.field != "" {
		if x, err = ed.fields(x, mark); err != nil {
			return nil, withLine(err, e.item.line)
		}
	}
	if x == e {
		return e, nil
	}
	if x.item == nil && !holdsItems(x) {
		x.item = &mark
	}
	x.label, x.line = e.label, e.line
	return x, nil
}

// holdsItems reports whether the expression's children are items of their own.
func holdsItems(x *expr) bool { return len(x.kids) > 0 && x.kids[0].item != nil }

func hasReference(e *expr) bool {
	if e.pred != nil {
		return e.pred.kind == predField
	}
	return slices.ContainsFunc(e.kids, hasReference)
}

// values applies Map and Expand to the tests of an item.
func (ed *Edit) values(e *expr, reference bool) (*expr, error) {
	if e.pred != nil {
		if reference && e.pred.kind == predNull {
			return e, nil
		}
		return ed.value(e)
	}
	out, changed := *e, false
	out.kids = nil
	for _, k := range e.kids {
		x, err := ed.values(k, reference)
		if err != nil {
			return nil, err
		}
		changed = changed || x != k
		out.kids = append(out.kids, x)
	}
	switch {
	case !changed:
		return e, nil
	case e.kind == exprNot && e.kids[0].pred != nil && e.kids[0].pred.kind == predExists:
		return out.kids[0], nil // the "not" was that of "exists: false"
	}
	out.item = nil
	return &out, nil
}

// value applies Map and Expand to one test.
func (ed *Edit) value(e *expr) (*expr, error) {
	p := e.pred
	if p.kind == predUnresolved && ed.Expand != nil {
		if l := p.late.with(ed.Expand); l != p.late {
			return l.expr()
		}
	}
	if ed.Map == nil {
		return e, nil
	}
	spelled := []Value{p.value()}
	if p.kind == predString {
		if list, ok := spellDashes(p.written(), maxDashExpansion); ok {
			spelled = spelled[:0]
			for _, pat := range list {
				spelled = append(spelled, Value{TextValue, pat.notation()})
			}
		}
	}
	var kids []*expr
	changed := false
	for _, v := range spelled {
		to, err := ed.Map(v)
		if err != nil {
			return nil, err
		}
		changed = changed || to != nil
		if to == nil {
			to = []Value{v}
		}
		for _, t := range to {
			if t.Kind == NullValue && p.field == "" {
				return nil, errors.New("a keyword cannot be null")
			}
			kids = append(kids, &expr{pred: p.replaced(t)})
		}
	}
	if !changed {
		return e, nil
	}
	return anyOf(kids), nil
}

// replaced returns the test for another value.
func (p *predicate) replaced(v Value) *predicate {
	switch {
	case v == p.value():
		return p
	case v.Kind == NullValue:
		return &predicate{field: p.field, kind: predNull}
	}
	return stringPredicate(p.field, parsePattern(textmatch.ValidText(v.Text)), p.cased)
}

// fields applies Rename to an item. For several names the item stands once for
// each.
func (ed *Edit) fields(e *expr, mark item) (*expr, error) {
	names := ed.Rename(mark.field)
	mapped := len(names) > 0
	if !mapped {
		names = []string{mark.field}
	}
	var kids []*expr
	for _, name := range names {
		x, err := ed.field(e, mark.field, name)
		if err != nil {
			return nil, err
		}
		kids = append(kids, x)
	}
	if len(kids) == 1 && kids[0] == e && !mapped {
		return e, nil
	}
	for i := range kids {
		m := mark
		m.field = names[i]
		k := *kids[i]
		k.item, k.label = &m, ""
		kids[i] = &k
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	if negative(e) {
		return &expr{kind: exprAnd, kids: kids}, nil
	}
	return &expr{kind: exprOr, kids: kids}, nil
}

// negative reports whether the item asks for absence: of one of several names
// some field is always missing.
func negative(e *expr) bool {
	switch {
	case e.kind == exprNot:
		return true
	case e.pred != nil:
		return e.pred.kind == predNull
	}
	return slices.ContainsFunc(e.kids, negative)
}

// field returns a copy of the item with its field renamed, and the fields that
// its values refer to.
func (ed *Edit) field(e *expr, from, to string) (*expr, error) {
	if e.pred == nil {
		out, changed := *e, false
		out.kids = nil
		for _, k := range e.kids {
			x, err := ed.field(k, from, to)
			if err != nil {
				return nil, err
			}
			changed = changed || x != k
			out.kids = append(out.kids, x)
		}
		if !changed {
			return e, nil
		}
		return &out, nil
	}
	p := *e.pred
	if p.field == from {
		p.field = to
	} else if names := ed.Rename(p.field); len(names) > 0 {
		p.field = names[0] // the null test of a field that is referred to
	}
	if p.kind == predField {
		names := ed.Rename(p.other)
		if len(names) > 1 {
			return nil, fmt.Errorf("field %q, which a value refers to, cannot have %d names (%s)",
				clip(p.other, 60), len(names), clip(strings.Join(names, ", "), 100))
		}
		if len(names) == 1 {
			p.other = names[0]
		}
	}
	if p.late != nil {
		l := *p.late
		l.field, p.late = p.field, &l
	}
	if p.field == e.pred.field && p.other == e.pred.other {
		return e, nil
	}
	return &expr{kind: e.kind, pred: &p, item: e.item}, nil
}
