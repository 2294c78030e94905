package normalize

import (
	"errors"
	"strings"

	"github.com/evident-sec/evident/event"
)

// expression yields one text from an event's fields, "" where it has none.
// Written as "Field | transform | transform", "= literal" or a template
// "~ text {Field | transform} text".
type expression struct {
	field string
	id    int32 // number of field
	lists listMode
	steps []transform
	parts []templatePart // of a template
	fixed string         // of a literal
}

// listMode says how a list becomes one text.
type listMode uint8

const (
	listJoin  listMode = iota // joined with commas
	listFirst                 // its first member
	listLast                  // its last member
)

// templatePart is literal text, then an expression (nil at the end).
type templatePart struct {
	text string
	expr *expression
}

func (c *compiler) expression(text string) (*expression, error) {
	if literal, ok := strings.CutPrefix(text, "= "); ok {
		return &expression{fixed: literal}, nil
	}
	if template, ok := strings.CutPrefix(text, "~ "); ok {
		return c.template(template)
	}
	parts := strings.Split(text, " | ")
	e := &expression{field: strings.TrimSpace(parts[0])}
	if e.field == "" {
		return nil, errors.New("expression names no field")
	}
	for _, p := range parts[1:] {
		switch p = strings.TrimSpace(p); p {
		case "first":
			e.lists = listFirst
		case "last":
			e.lists = listLast
		default:
			t, err := c.newTransform(p)
			if err != nil {
				return nil, err
			}
			e.steps = append(e.steps, t)
		}
	}
	return e, nil
}

func (c *compiler) template(text string) (*expression, error) {
	e := &expression{}
	for {
		head, rest, ok := strings.Cut(text, "{")
		if !ok {
			e.parts = append(e.parts, templatePart{text: head})
			return e, nil
		}
		inner, tail, ok := strings.Cut(rest, "}")
		if !ok {
			return nil, errors.New("template has an open brace")
		}
		expr, err := c.expression(inner)
		if err != nil {
			return nil, err
		}
		e.parts = append(e.parts, templatePart{head, expr})
		text = tail
	}
}

// eval returns the text for the event, "" where it is absent.
func (e *expression) eval(r *run) string {
	switch {
	case e.field == "" && e.parts == nil:
		return e.fixed
	case e.field == "":
		return e.evalTemplate(r)
	}
	v := r.get(e.id)
	if v == nil {
		return ""
	}
	text := r.flat(v, e.lists)
	if absent(text) {
		return ""
	}
	for _, step := range e.steps {
		if text = step(r, text); text == "" {
			return ""
		}
	}
	if absent(text) {
		return ""
	}
	return text
}

// absent reports whether a source's text stands for "no value".
func absent(s string) bool {
	return s == "" || s == "-" || len(s) < 8 && (strings.TrimSpace(s) == "" || s == "(null)")
}

// evalTemplate fills the template; it is absent where any part is.
func (e *expression) evalTemplate(r *run) string {
	out := ""
	for _, p := range e.parts {
		text := ""
		if p.expr != nil {
			if text = p.expr.eval(r); text == "" {
				return ""
			}
		}
		out = r.concat(r.concat(out, p.text), text)
	}
	return out
}

// concat returns a + b.
func (r *run) concat(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return r.mem.join(a, "", b)
}

// flat returns the value as one text.
func (r *run) flat(v *event.Value, mode listMode) string {
	if v.Kind != event.List {
		return v.Text
	}
	switch {
	case len(v.Items) == 0:
		return ""
	case len(v.Items) == 1 || mode == listFirst:
		return v.Items[0].Text
	case mode == listLast:
		return v.Items[len(v.Items)-1].Text
	}
	var b strings.Builder
	for i, item := range v.Items {
		if b.Len() > maxAttrBytes {
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(item.Text)
	}
	return b.String()
}
