package lint

import (
	"regexp"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/yamltree"
)

var originChecks = []Check{
	{
		"date-missing", Info,
		"The date says how old the knowledge in the rule is.",
		"add date: YYYY-MM-DD",
	},
	{
		"date-invalid", Error,
		"Dates are ISO 8601, YYYY-MM-DD, and days that exist.",
		"write YYYY-MM-DD",
	},
	{
		"date-with-slashes", Info,
		"YYYY/MM/DD was the form before version 2 of the specification.",
		"write YYYY-MM-DD",
	},
	{
		"modified-before-date", Warning,
		"A rule cannot change before it was written.",
		"correct date or modified",
	},
	{
		"references-missing", Hint,
		"A reference lets others check what the rule is built on.",
		"link a report, a page or a test",
	},
	{
		"reference-duplicate", Warning,
		"The schema wants each reference once.",
		"drop the second one",
	},
	{
		"reference-not-url", Hint,
		"Tools turn references into links.",
		"write a URL, or move the text to the description",
	},
	{
		"related-invalid", Error,
		"A related rule is a map of id and type.",
		"write - id: … and type: …",
	},
	{"related-incomplete", Error, "A related rule needs id and type.", "add what is missing"},
	{"related-id-not-uuid", Warning, "The schema wants a UUID.", "use the id of the other rule"},
	{
		"related-type-invalid", Error,
		"The schema has five types.",
		"use derived, obsolete, merged, renamed or similar",
	},
	{
		"related-to-itself", Warning,
		"A rule says nothing about itself by relating to itself.",
		"name the other rule",
	},
	{"related-duplicate", Warning, "The same relation stands twice.", "drop the second one"},
	{
		"deprecated-without-related", Info,
		"Who uses a deprecated rule needs to know what replaces it.",
		"add related with the new rule",
	},
}

var relatedTypes = []string{"derived", "obsolete", "merged", "renamed", "similar"}

var slashDate = regexp.MustCompile(`^[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}$`)

// origin looks at dates, references and related rules.
func (d *document) origin() {
	if d.Str("date") == "" && d.kind != kindFilter {
		d.add("date-missing", d.first(), "no date")
	}
	written := d.date("date")
	changed := d.date("modified")
	if !written.IsZero() && !changed.IsZero() && changed.Before(written) {
		d.add("modified-before-date", d.Get("modified").Line, "modified %s is before date %s",
			changed.Format(time.DateOnly), written.Format(time.DateOnly))
	}
	d.references()
	d.related()
}

// date returns the day under key, zero where there is none.
func (d *document) date(key string) time.Time {
	text := d.Str(key)
	if text == "" {
		return time.Time{}
	}
	line := d.Get(key).Line
	if slashDate.MatchString(text) {
		d.add("date-with-slashes", line, "%s %s has slashes", key, text)
		t, err := time.Parse("2006/1/2", text)
		if err != nil {
			d.add("date-invalid", line, "%s %q is no day", key, text)
		}
		return t
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		d.add("date-invalid", line, "%s %q is not YYYY-MM-DD", key, clip(text))
	}
	return t
}

func (d *document) references() {
	list := scalarsOf(d.Get("references"))
	if len(list) == 0 && d.kind == kindRule {
		d.add("references-missing", d.first(), "no references")
	}
	seen := map[string]bool{}
	for _, n := range list {
		text := strings.TrimSpace(n.Text)
		if seen[text] {
			d.add("reference-duplicate", n.Line, "reference %q stands twice", clip(text))
		}
		seen[text] = true
		if !strings.Contains(text, "://") {
			d.add("reference-not-url", n.Line, "reference %q is no URL", clip(text))
		}
	}
}

func (d *document) related() {
	n := d.Get("related")
	if n == nil {
		if d.Word("status") == "deprecated" {
			d.add("deprecated-without-related", d.Get("status").Line, "deprecated, but nothing is related")
		}
		return
	}
	if n.Kind != yamltree.List {
		d.add("related-invalid", n.Line, "related is not a list")
		return
	}
	seen := map[string]bool{}
	for _, item := range n.Items {
		if item.Kind != yamltree.Map {
			d.add("related-invalid", item.Line, "a related rule is not a map")
			continue
		}
		d.relation(item)
		key := item.Word("id") + " " + item.Word("type")
		if seen[key] && key != " " {
			d.add("related-duplicate", item.Line, "%s stands twice", clip(key))
		}
		seen[key] = true
	}
}

// relation looks at one related rule.
func (d *document) relation(item *yamltree.Node) {
	id, typ := item.Str("id"), item.Str("type")
	if id == "" || typ == "" {
		d.add("related-incomplete", item.Line, "a related rule has no id or no type")
	}
	if id != "" && !uuidForm.MatchString(id) {
		d.add("related-id-not-uuid", item.Get("id").Line, "related id %q is not a UUID", clip(id))
	}
	if typ != "" && !contains(relatedTypes, typ) {
		d.addHint("related-type-invalid", item.Get("type").Line, didYouMean(typ, relatedTypes),
			"unknown relation %q", clip(typ))
	}
	if id != "" && strings.EqualFold(id, d.Str("id")) {
		d.add("related-to-itself", item.Line, "related to its own id")
	}
}

// scalarsOf returns the scalars of a list, or the single one; null is none.
func scalarsOf(n *yamltree.Node) []*yamltree.Node {
	switch {
	case n == nil || n.Kind == yamltree.Null:
		return nil
	case n.Scalar():
		return []*yamltree.Node{n}
	}
	var out []*yamltree.Node
	for _, item := range n.Items {
		if item.Scalar() && item.Kind != yamltree.Null {
			out = append(out, item)
		}
	}
	return out
}
