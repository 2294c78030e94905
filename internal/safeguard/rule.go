package safeguard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Violation is one place of a rule or query that concerns a protected
// attribute.
type Violation struct {
	Line      int    // from 1; 0 for a query
	Place     string // what kind of place: field, value of …, title, …
	Text      string // as written there, shortened
	Attribute string // what is protected, e.g. "religion or belief"
	Term      string // the entry of the table that fits, as written there
}

// Advice is what an author can do about a refusal.
const Advice = "rules judge what a system did, not who a person is, what they believe or " +
	"whom they turn to: match on the technical act, or drop this part"

// String says what was found where.
func (v Violation) String() string {
	return fmt.Sprintf("%s %q concerns %s (term %q)", v.Place, v.Text, v.Attribute, v.Term)
}

// maxViolations bounds what is reported of one document.
const maxViolations = 20

// Check refuses a rule that matches on or names a protected attribute or a
// proxy for one: the error names the first place, its line and what to do. The
// document may be a detection rule, a correlation rule or a filter.
func Check(doc *yamltree.Node) error {
	found := Rule(doc)
	if len(found) == 0 {
		return nil
	}
	more := ""
	if n := len(found) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return yamltree.Errorf(found[0].Line, "refused: %s%s; %s", found[0], more, Advice)
}

// Rule returns the places of a Sigma document that concern a protected
// attribute, in order of line, at most 20.
func Rule(doc *yamltree.Node) []Violation {
	t, err := standard()
	if err != nil { // the table is part of the program: its tests fail first
		return []Violation{{Line: 1, Place: "table of terms", Text: err.Error()}}
	}
	w := walker{table: t}
	w.context(doc)
	for _, e := range doc.Entries {
		w.top(e)
	}
	slices.SortStableFunc(w.found, func(a, b Violation) int { return a.Line - b.Line })
	return w.found
}

// walker goes through one document.
type walker struct {
	*table
	web, personnel bool // what the log source says
	found          []Violation
}

// context reads what kind of log the rule is about.
func (w *walker) context(doc *yamltree.Node) {
	source := doc.Get("logsource")
	if source == nil {
		return
	}
	for _, e := range source.Entries {
		if e.Key == "definition" || !e.Val.Scalar() {
			continue
		}
		for _, r := range w.read(e.Val.Text) {
			w.web = w.web || r.has("web")
			w.personnel = w.personnel || r.has("personnel")
		}
	}
}

// note records a violation.
func (w *walker) note(line int, place, text string, h *hit) {
	if h == nil || len(w.found) >= maxViolations {
		return
	}
	v := Violation{Line: line, Place: place, Text: shorten(text), Attribute: h.about, Term: h.text}
	if !slices.Contains(w.found, v) {
		w.found = append(w.found, v)
	}
}

// noteValue records a violation in a value of the field, "" for a keyword.
func (w *walker) noteValue(line int, field, text string, h *hit) {
	place := "keyword"
	if h != nil && field != "" {
		place = "value of " + shorten(field)
	}
	w.note(line, place, text, h)
}

// shorten cuts a text for a message, at a rune.
func shorten(text string) string {
	const most = 80
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// top looks at one key of the document. Authors, references and dates say
// where a rule comes from, not what it looks at.
func (w *walker) top(e yamltree.Entry) {
	switch e.Key {
	case "id", "author", "date", "modified", "references", "license", "related", "status", "level":
	case "title", "description", "falsepositives", "scope":
		w.prose(e.Key, e.Val)
	case "name":
		w.names(e.Key, e.Val)
	case "tags":
		w.tags(e.Val)
	case "fields":
		w.names("field", e.Val)
	case "logsource":
		w.logsource(e.Val)
	case "detection":
		w.detection(e.Val)
	case "filter":
		w.detection(e.Val)
	case "correlation":
		w.correlation(e.Val)
	default:
		w.note(e.Line, "key", e.Key, w.name(e.Key, w.personnel))
		w.prose(e.Key, e.Val)
	}
}

// prose looks at every text below n.
func (w *walker) prose(place string, n *yamltree.Node) {
	for _, s := range scalars(n) {
		w.note(s.Line, place, s.Text, w.table.prose(s.Text))
	}
}

// names looks at every text below n as a name.
func (w *walker) names(place string, n *yamltree.Node) {
	for _, s := range scalars(n) {
		w.note(s.Line, place, s.Text, w.name(s.Text, w.personnel))
	}
}

// tags looks at tags but for those of attack catalogues, whose words are not
// the author's.
func (w *walker) tags(n *yamltree.Node) {
	for _, s := range scalars(n) {
		namespace, _, _ := strings.Cut(strings.ToLower(s.Text), ".")
		if !slices.Contains([]string{"attack", "car", "cve", "d3fend"}, namespace) {
			w.note(s.Line, "tag", s.Text, w.name(s.Text, w.personnel))
		}
	}
}

func (w *walker) logsource(n *yamltree.Node) {
	for _, e := range n.Entries {
		if e.Key == "definition" {
			w.prose("log source definition", e.Val)
			continue
		}
		w.names("log source", e.Val)
	}
}

// detection looks at the selections of a rule or filter.
func (w *walker) detection(n *yamltree.Node) {
	for _, e := range n.Entries {
		switch e.Key {
		case "rules", "timeframe":
		case "condition":
			w.conditions(e.Val)
		default:
			w.note(e.Line, "selection", e.Key, w.name(e.Key, w.personnel))
			w.selection(e.Val)
		}
	}
	if n.Scalar() {
		w.values("", nil, n)
	}
}

// conditions looks at the words of conditions: selections, and fields of
// legacy aggregations.
func (w *walker) conditions(n *yamltree.Node) {
	for _, s := range scalars(n) {
		for word := range strings.FieldsFuncSeq(s.Text, func(r rune) bool {
			return strings.ContainsRune(" ()|,*", r)
		}) {
			w.note(s.Line, "condition", word, w.name(word, w.personnel))
		}
	}
}

// selection looks at fields with their values, and at keywords.
func (w *walker) selection(n *yamltree.Node) {
	switch n.Kind {
	case yamltree.Map:
		for _, e := range n.Entries {
			parts := strings.Split(e.Key, "|")
			w.note(e.Line, "field", parts[0], w.name(parts[0], w.personnel))
			w.values(parts[0], parts[1:], e.Val)
		}
	case yamltree.List:
		for _, item := range n.Items {
			w.selection(item)
		}
	default:
		w.values("", nil, n)
	}
}

// values looks at the values of one field.
func (w *walker) values(field string, modifiers []string, n *yamltree.Node) {
	holds := w.contents(field, w.web, w.personnel)
	var texts []string
	for _, s := range scalars(n) {
		text := s.Text
		switch {
		case slices.Contains(modifiers, "re"):
			text = plainRegex(text)
		case slices.Contains(modifiers, "fieldref"):
			w.note(s.Line, "field", text, w.name(text, w.personnel))
			continue
		case slices.Contains(modifiers, "expand"):
			w.noteValue(s.Line, field, text, w.name(text, w.personnel))
		}
		texts = append(texts, text)
		w.noteValue(s.Line, field, s.Text, w.value(text, holds))
	}
	w.noteNames(n.Line, field, texts, holds)
}

// noteNames records a list of names that guesses where people come from.
func (w *walker) noteNames(line int, field string, values []string, what holds) {
	if what.user && w.tellingNames(values) {
		w.noteValue(line, field, strings.Join(values, ", "), &hit{term: &term{
			about: "national origin", text: "telling_names",
		}})
	}
}

// correlation looks at the names in a correlation; its rules are judged by
// themselves.
func (w *walker) correlation(n *yamltree.Node) {
	for _, e := range n.Entries {
		switch e.Key {
		case "group-by":
			w.names("group-by", e.Val)
		case "rules":
			w.names("rule name", e.Val)
		case "condition":
			w.names("field", e.Val)
		case "aliases":
			for _, alias := range e.Val.Entries {
				w.note(alias.Line, "alias", alias.Key, w.name(alias.Key, w.personnel))
				w.names("field", alias.Val)
			}
		}
	}
}

// scalars returns the texts below n, which has a bounded depth.
func scalars(n *yamltree.Node) []*yamltree.Node {
	if n == nil {
		return nil
	}
	if n.Scalar() {
		return []*yamltree.Node{n}
	}
	var out []*yamltree.Node
	for _, item := range n.Items {
		out = append(out, scalars(item)...)
	}
	for _, e := range n.Entries {
		out = append(out, scalars(e.Val)...)
	}
	return out
}
