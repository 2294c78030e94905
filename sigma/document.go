package sigma

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

// fill copies the words that all kinds of documents have, so that a rejection
// can name the document.
func (m *Meta) fill(doc *yamltree.Node) {
	m.ID, m.Name, m.Title = doc.Str("id"), doc.Str("name"), doc.Str("title")
	m.Description, m.Author = doc.Str("description"), doc.Str("author")
	m.Level, m.Status = strings.ToLower(doc.Str("level")), strings.ToLower(doc.Str("status"))
	m.Date, m.Modified = doc.Str("date"), doc.Str("modified")
	m.Tags, m.References = doc.Strs("tags"), doc.Strs("references")
	m.FalsePositives = doc.Strs("falsepositives")
	if own := doc.Str("license"); own != "" {
		m.License = own
	}
}

// document reads one YAML document into the part that its file gives.
func (l *Loader) document(out *part, m *Meta, doc *yamltree.Node) error {
	if doc.Kind != yamltree.Map {
		return yamltree.Errorf(doc.Line, "document is not a map")
	}
	m.fill(doc)
	read, err := kindOf(doc)
	if err != nil {
		return err
	}
	if m.Title == "" {
		return yamltree.Errorf(firstLine(doc), "rule has no title")
	}
	if err := checkLevel(m, doc); err != nil {
		return err
	}
	if l.Refuse != nil {
		if err := l.Refuse(doc, m); err != nil {
			return err
		}
	}
	return read(l, out, *m, doc)
}

// reader reads a document of one kind.
type reader func(l *Loader, out *part, m Meta, doc *yamltree.Node) error

// kindOf tells the kinds of documents by the section that only they have.
func kindOf(doc *yamltree.Node) (reader, error) {
	sections := []struct {
		key  string
		read reader
	}{
		{"detection", (*Loader).rule},
		{"correlation", (*Loader).correlation},
		{"filter", (*Loader).filter},
	}
	var found reader
	first := ""
	for _, s := range sections {
		n := doc.Get(s.key)
		if n == nil {
			continue
		}
		if found != nil {
			return nil, yamltree.Errorf(n.Line, "document has a %s and a %s; write two documents",
				first, s.key)
		}
		found, first = s.read, s.key
	}
	if found == nil {
		return nil, yamltree.Errorf(firstLine(doc),
			"rule has no detection%s", meant(doc, "detection", "correlation", "filter"))
	}
	return found, nil
}

// meant returns "; did you mean …" when a key of the map is almost one of the
// names.
func meant(doc *yamltree.Node, names ...string) string {
	for _, e := range doc.Entries {
		if near := textmatch.Nearest(strings.ToLower(e.Key), names); near != "" {
			return "; did you mean " + near + " instead of " + clip(e.Key, 40) + "?"
		}
	}
	return ""
}

// suggest returns "; did you mean x?" for the name nearest to word, or "".
func suggest(word string, names []string) string {
	if near := textmatch.Nearest(word, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// checkKeys refuses keys that a section does not have.
func checkKeys(n *yamltree.Node, section string, known ...string) error {
	for _, e := range n.Entries {
		if !slices.Contains(known, e.Key) {
			return yamltree.Errorf(e.Line, "%s has no key %q%s", section, clip(e.Key, 40),
				suggest(e.Key, known))
		}
	}
	return nil
}

// rule reads a detection rule. A legacy aggregation makes it two documents.
func (l *Loader) rule(out *part, m Meta, doc *yamltree.Node) error {
	r := &Rule{Meta: m}
	var err error
	if r.Logsource, err = logsourceOf(doc, "rule"); err != nil {
		return err
	}
	p := ruleParser{loader: l, spent: &out.spent}
	if r.detection, err = p.detection(doc.Get("detection")); err != nil {
		return err
	}
	r.Warnings, r.changed = p.warnings, p.expands
	if p.legacy != nil {
		c, err := p.legacy.migrate(r)
		if err != nil {
			return err
		}
		out.correlations = append(out.correlations, c)
	}
	out.rules = append(out.rules, r)
	return nil
}

// logsourceOf reads the log source of a rule or filter.
func logsourceOf(doc *yamltree.Node, what string) (Logsource, error) {
	ls := doc.Get("logsource")
	if ls != nil && ls.Kind != yamltree.Map {
		return Logsource{}, yamltree.Errorf(ls.Line,
			"logsource is not a map of product, category, service")
	}
	if ls == nil {
		return Logsource{}, yamltree.Errorf(firstLine(doc), "%s has no logsource%s", what,
			meant(doc, "logsource"))
	}
	return Logsource{
		Product: ls.Word("product"), Category: ls.Word("category"), Service: ls.Word("service"),
	}, nil
}

// levels and statuses are the values the specification allows.
var (
	levels   = []string{"informational", "low", "medium", "high", "critical"}
	statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}
)

func checkLevel(m *Meta, doc *yamltree.Node) error {
	for _, c := range []struct {
		key, value string
		allowed    []string
	}{{"level", m.Level, levels}, {"status", m.Status, statuses}} {
		if c.value != "" && !slices.Contains(c.allowed, c.value) {
			return yamltree.Errorf(doc.Get(c.key).At(), "%s %q is not one of %s", c.key,
				clip(c.value, 40), strings.Join(c.allowed, ", "))
		}
	}
	return nil
}
