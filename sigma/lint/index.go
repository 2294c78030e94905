package lint

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"
)

var indexChecks = []Check{
	{
		"id-duplicate", Error,
		"Two documents have the same id: their findings cannot be told apart.",
		"give one a new id",
	},
	{
		"name-duplicate", Warning,
		"Two documents have the same name: references by name are ambiguous.",
		"rename one",
	},
	{
		"title-duplicate", Info,
		"Two rules have the same title: people cannot tell their findings apart.",
		"say in the titles how they differ",
	},
	{"detection-duplicate", Info, "Two rules of the same log source detect the same.", "drop one"},
	{
		"reference-unknown", Warning,
		"The correlation refers to a rule that is not in these files; the loader rejects it " +
			"if it is nowhere.",
		"correct the id or name, or add the rule",
	},
	{
		"filter-rule-unknown", Warning,
		"The filter refers to a rule that is not in these files: it changes nothing.",
		"correct the id or name, or add the rule",
	},
	{"reference-cycle", Error, "Correlations refer to each other in a circle.", "break the circle"},
	{
		"correlation-of-deprecated", Warning,
		"The correlation refers to a rule that is deprecated or unsupported.",
		"refer to the rule that replaces it",
	},
}

// place is where a document stands.
type place struct {
	file, uid string
	line      int
}

// pointer is a reference of one document to another.
type pointer struct {
	from place
	name string // of the document that refers, for circles
	to   string
	line int
	kind kind
}

// index remembers of all documents what others may refer to or clash with.
type index struct {
	ids, names, titles, bodies seenBy
	retired                    map[string]string // status by id and name
	pointers                   []pointer
	issues                     []Issue
}

// seenBy maps an identity to the first document that has it.
type seenBy map[string]place

// claim returns the earlier owner of the key, or makes at the owner.
func (s *seenBy) claim(key string, at place) (place, bool) {
	if key == "" {
		return place{}, false
	}
	if *s == nil {
		*s = seenBy{}
	}
	if first, taken := (*s)[key]; taken {
		return first, true
	}
	(*s)[key] = at
	return place{}, false
}

// remember takes note of a document, and of clashes with earlier ones.
func (x *index) remember(d *document) {
	at := place{d.file, d.uid, d.first()}
	id, name := d.Word("id"), d.Str("name")
	clash := func(check string, taken bool, first place, what string) {
		if taken {
			r := report{file: at.file, uid: at.uid}
			r.add(check, at.line, "%s is that of %s:%d", what, first.file, first.line)
			x.issues = append(x.issues, r.issues...)
		}
	}
	first, taken := x.ids.claim(id, at)
	clash("id-duplicate", taken, first, "id "+clip(id))
	first, taken = x.names.claim(name, at)
	clash("name-duplicate", taken, first, fmt.Sprintf("name %q", clip(name)))
	if d.kind == kindRule {
		first, taken = x.titles.claim(strings.ToLower(d.Str("title")), at)
		clash("title-duplicate", taken, first, fmt.Sprintf("title %q", clip(d.Str("title"))))
		sum := sha256.Sum256([]byte(d.source.String() + digest(d.Get("detection"))))
		first, taken = x.bodies.claim(string(sum[:]), at)
		clash("detection-duplicate", taken, first, "detection")
	}
	if s := d.Word("status"); s == "deprecated" || s == "unsupported" {
		if x.retired == nil {
			x.retired = map[string]string{}
		}
		for _, key := range []string{id, name} {
			if key != "" {
				x.retired[key] = s
			}
		}
	}
	x.point(d, at, id, name)
}

// point remembers what the document refers to.
func (x *index) point(d *document, at place, id, name string) {
	if d.kind != kindCorrelation && d.kind != kindFilter {
		return
	}
	own := id
	if own == "" {
		own = name
	}
	for _, r := range scalarsOf(d.Get(kindNames[d.kind]).Get("rules")) {
		if d.kind == kindFilter && strings.EqualFold(r.Text, "any") {
			continue
		}
		x.pointers = append(x.pointers, pointer{at, own, r.Text, r.Line, d.kind})
	}
}

// find returns the document that a reference means.
func (x *index) find(ref string) (place, bool) {
	if at, ok := x.ids[strings.ToLower(ref)]; ok {
		return at, true
	}
	at, ok := x.names[ref]
	return at, ok
}

// check reports what only shows when all files are known.
func (x *index) check(r *report) {
	r.issues = append(r.issues, x.issues...)
	for _, p := range x.pointers {
		r.file, r.uid = p.from.file, p.from.uid
		_, known := x.find(p.to)
		switch status := cmp.Or(x.retired[strings.ToLower(p.to)], x.retired[p.to]); {
		case !known && p.kind == kindCorrelation:
			r.add("reference-unknown", p.line, "no rule %q", clip(p.to))
		case !known:
			r.add("filter-rule-unknown", p.line, "no rule %q", clip(p.to))
		case status != "" && p.kind == kindCorrelation:
			r.add("correlation-of-deprecated", p.line, "rule %q is %s", clip(p.to), status)
		}
	}
	x.circles(r)
}

// circles reports correlations that reach themselves.
func (x *index) circles(r *report) {
	next := map[place][]pointer{}
	for _, p := range x.pointers {
		if p.kind == kindCorrelation {
			next[p.from] = append(next[p.from], p)
		}
	}
	const white, grey, black = 0, 1, 2
	colour := map[place]int{}
	var visit func(at place, depth int)
	visit = func(at place, depth int) {
		colour[at] = grey
		for _, p := range next[at] {
			to, ok := x.find(p.to)
			switch {
			case !ok || depth > maxConditionDepth:
			case colour[to] == grey && to != at:
				r.file, r.uid = p.from.file, p.from.uid
				r.add("reference-cycle", p.line, "%q refers back to this correlation", clip(p.to))
			case colour[to] == white:
				visit(to, depth+1)
			}
		}
		colour[at] = black
	}
	for _, p := range x.pointers {
		if p.kind == kindCorrelation && colour[p.from] == white {
			visit(p.from, 0)
		}
	}
}
