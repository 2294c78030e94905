package lint

import (
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

var logsourceChecks = []Check{
	{
		"logsource-missing", Error,
		"A rule or filter says which log it is for.",
		"add logsource with product, category or service",
	},
	{
		"logsource-not-map", Error,
		"The log source is a map of product, category and service.",
		"write these keys below it",
	},
	{
		"logsource-empty", Error,
		"None of product, category and service is there: nobody knows which log is meant.",
		"add at least one",
	},
	{
		"logsource-key-unknown", Warning,
		"A log source has product, category, service and definition; others are ignored.",
		"correct the key or drop it",
	},
	{
		"logsource-value-invalid", Error,
		"Product, category and service are single words.",
		"write one word",
	},
	{
		"logsource-not-lower-case", Warning,
		"Log sources are lower case; tools that compare byte by byte miss this one.",
		"write it in lower case",
	},
	{
		"logsource-unknown", Warning,
		"The mapping does not know this log source: the rule runs on every event, which is " +
			"slow and may match the wrong ones.",
		"correct the log source, or add it to mappings/sigma-logsources.yaml",
	},
	{
		"logsource-inconsistent", Warning,
		"The category is known, but for other products: no event is of both.",
		"correct product or category",
	},
	{
		"logsource-event-id", Hint,
		"A category of Windows already says which event is meant; an EventID besides ties " +
			"the rule to one collector.",
		"drop the EventID",
	},
}

// logsource looks at the log source of a rule or filter.
func (d *document) logsource() {
	n := d.Get("logsource")
	if d.kind == kindCorrelation || d.kind == kindNone && n == nil {
		return
	}
	if n == nil {
		d.add("logsource-missing", d.first(), "no logsource")
		return
	}
	if n.Kind != yamltree.Map {
		d.add("logsource-not-map", n.Line, "logsource is not a map")
		return
	}
	parts := []string{"product", "category", "service"}
	filled := 0
	for _, e := range n.Entries {
		switch {
		case contains(parts, e.Key):
			if d.logsourceValue(e) {
				filled++
			}
		case e.Key != "definition":
			d.addHint("logsource-key-unknown", e.Line, didYouMean(e.Key, parts),
				"unknown key %q", clip(e.Key))
		}
	}
	d.source = sigma.Logsource{
		Product: n.Word("product"), Category: n.Word("category"), Service: n.Word("service"),
	}
	if filled == 0 {
		d.add("logsource-empty", n.Line, "no product, category or service")
		return
	}
	d.mapped(n)
}

// logsourceValue looks at one part and reports whether it says anything.
func (d *document) logsourceValue(e yamltree.Entry) bool {
	if e.Val.Kind == yamltree.Null || e.Val.Scalar() && strings.TrimSpace(e.Val.Text) == "" {
		return false
	}
	if !e.Val.Scalar() || strings.ContainsAny(strings.TrimSpace(e.Val.Text), " \t\n*") {
		d.add("logsource-value-invalid", e.Line, "%s is not a single word", e.Key)
		return true
	}
	if strings.ToLower(e.Val.Text) != e.Val.Text {
		d.add("logsource-not-lower-case", e.Line, "%s %q has capitals", e.Key, clip(e.Val.Text))
	}
	return true
}

// mapped holds the log source against the mapping. A rule is routed when each
// of its parts is known and they do not contradict each other.
func (d *document) mapped(n *yamltree.Node) {
	if d.linter.sources == nil {
		return
	}
	known := d.linter.known()
	for _, part := range []struct {
		key, word string
		list      []string
	}{
		{"product", d.source.Product, known.products},
		{"category", d.source.Category, known.categories},
		{"service", d.source.Service, known.services},
	} {
		if part.word != "" && !contains(part.list, part.word) {
			d.addHint("logsource-unknown", n.Get(part.key).Line, didYouMean(part.word, part.list),
				"%s %q is not in the mapping", part.key, clip(part.word))
			return
		}
	}
	owners := known.owners[d.source.Category]
	if d.source.Product != "" && len(owners) > 0 && !contains(owners, d.source.Product) {
		d.add("logsource-inconsistent", n.Line, "category %q is one of %s, not of %s",
			d.source.Category, strings.Join(owners, ", "), clip(d.source.Product))
	}
}

// vocabulary is what the mapping knows.
type vocabulary struct {
	products, categories, services []string
	owners                         map[string][]string // products by category; none: of any
}

// known returns the vocabulary of the mapping.
func (l *Linter) known() *vocabulary {
	if l.words != nil {
		return l.words
	}
	v := &vocabulary{owners: map[string][]string{}}
	anyones := map[string]bool{}
	for _, s := range l.sources.Sources() {
		v.products = appendNew(v.products, s.Product)
		v.categories = appendNew(v.categories, s.Category)
		v.services = appendNew(v.services, s.Service)
		if s.Product == "" {
			anyones[s.Category] = true
		}
		v.owners[s.Category] = appendNew(v.owners[s.Category], s.Product)
	}
	for category := range anyones {
		delete(v.owners, category)
	}
	delete(v.owners, "")
	l.words = v
	return v
}

func appendNew(list []string, s string) []string {
	if s == "" || contains(list, s) {
		return list
	}
	return append(list, s)
}
