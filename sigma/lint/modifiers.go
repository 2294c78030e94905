package lint

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

var modifierChecks = []Check{
	{
		"modifier-unknown", Error,
		"The modifier is not in the specification.",
		"correct the modifier",
	},
	{"modifier-case", Warning, "Modifiers are lower case.", "write the modifier in lower case"},
	{"modifier-duplicate", Error, "The modifier stands twice.", "drop the second one"},
	{
		"modifier-conflict", Error,
		"These modifiers contradict each other or cannot be combined.",
		"keep one of them",
	},
	{
		"modifier-order", Error,
		"The modifier has no meaning at this place of the chain.",
		"move it to where the message says",
	},
	{"all-single-value", Warning, "all joins several values by \"and\"; there is one.", "drop all"},
	{
		"all-exact-values", Warning,
		"A field cannot equal several values at once, unless it is a list.",
		"add contains, or drop all",
	},
	{"exists-not-boolean", Error, "exists asks for true or false.", "write true or false"},
	{
		"number-expected", Error,
		"lt, lte, gt, gte and time parts compare numbers.",
		"write a number",
	},
	{
		"time-part-range", Warning,
		"No date has this minute, hour, day, week or month.",
		"correct the number",
	},
	{"cidr-invalid", Error, "cidr wants address/bits.", "write e.g. 10.0.0.0/8"},
	{
		"cidr-host-bits", Warning,
		"The address has bits beyond the network: tools differ in what they make of it.",
		"write the network's own address",
	},
	{
		"cidr-single-address", Hint,
		"A network of one address is that address.",
		"compare the address without cidr",
	},
	{
		"cidr-everything", Warning,
		"The network holds every address.",
		"ask whether the field exists instead",
	},
	{"base64-wildcard", Error, "A wildcard cannot be encoded.", "escape it, or drop it"},
	{
		"base64offset-without-contains", Warning,
		"base64offset finds text within a longer one; without contains it must be all of it.",
		"add contains",
	},
	{
		"base64-without-contains", Hint,
		"Without contains the encoded value must be the whole field.",
		"add contains, if that is not meant",
	},
	{
		"wide-without-base64", Warning,
		"UTF-16 bytes are no text: fields hold them in base64 at best.",
		"add base64offset and contains",
	},
	{
		"utf16-with-base64offset", Info,
		"utf16 adds a byte order mark, which stands at the beginning of a text only.",
		"use wide for text within a text",
	},
	{
		"windash-without-dash", Warning,
		"windash varies a dash or slash before a word; the value has none.",
		"drop windash",
	},
	{
		"expand-without-placeholder", Warning,
		"expand replaces %name%; the value has none.",
		"drop expand",
	},
	{
		"placeholder-without-expand", Hint,
		"%name% is plain text without the modifier expand.",
		"add expand, if a placeholder is meant",
	},
	{"fieldref-invalid", Error, "fieldref wants the name of a field.", "write a field name"},
	{"fieldref-to-itself", Warning, "A field always equals itself.", "name the other field"},
	{"cased-without-letters", Hint, "The value has no letters: case cannot matter.", "drop cased"},
	{
		"field-with-spaces", Hint,
		"Spaces in field names are taken out before the field is looked up.",
		"write the name without spaces",
	},
	{
		"field-case-varies", Warning,
		"The field stands in two spellings, but names are exact: one of them finds nothing.",
		"use one spelling",
	},
	{
		"field-name-empty", Error,
		"A modifier needs a field name, or all alone for keywords.",
		"add the field name",
	},
}

var modifierNames = []string{
	"all", "base64", "base64offset", "cased", "cidr", "contains", "day", "endswith", "exists",
	"expand", "fieldref", "gt", "gte", "hour", "i", "lt", "lte", "m", "minute", "month", "neq", "re",
	"s", "startswith", "utf16", "utf16be", "utf16le", "week", "wide", "windash", "year",
}

var (
	placing   = []string{"contains", "startswith", "endswith"}
	numeric   = []string{"lt", "lte", "gt", "gte"}
	timeParts = []string{"minute", "hour", "day", "week", "month", "year"}
	utf16     = []string{"wide", "utf16", "utf16le", "utf16be"}
	base64    = []string{"base64", "base64offset"}
)

// family groups modifiers that exclude others in the same way.
func family(modifier string) string {
	for name, list := range map[string][]string{
		"place": placing, "number": numeric, "time": timeParts, "utf16": utf16, "base64": base64,
		"regex": {"re", "i", "m", "s"}, "any": {"all", "neq"},
	} {
		if contains(list, modifier) {
			return name
		}
	}
	return modifier
}

// companions are the families that go with one that decides what a value is.
var companions = map[string][]string{
	"exists":   {},
	"cidr":     {"any"},
	"regex":    {"regex", "place", "any"},
	"fieldref": {"place", "any", "cased"},
	"number":   {"time", "any"},
	"time":     {"number", "any"},
}

// exclude reports whether two different modifiers cannot be in one chain.
func exclude(a, b string) bool {
	fa, fb := family(a), family(b)
	if fa == fb {
		return contains([]string{"place", "number", "time", "utf16", "base64"}, fa)
	}
	for _, pair := range [][2]string{{fa, fb}, {fb, fa}} {
		if with, decides := companions[pair[0]]; decides && !contains(with, pair[1]) {
			return true
		}
	}
	return false
}

// chain is the modifiers of one detection item, in order.
type chain []string

func (c chain) has(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(c, n) })
}

// item looks at one field with its modifiers and values.
func (d *document) item(e yamltree.Entry) {
	parts := strings.Split(e.Key, "|")
	field, mods := parts[0], chain(parts[1:])
	if strings.ContainsAny(field, " \t") {
		d.add("field-with-spaces", e.Line, "field %q has spaces", clip(field))
	}
	if field == "" && !slices.Equal(mods, chain{"all"}) && len(mods) > 0 {
		d.add("field-name-empty", e.Line, "%q has no field name", clip(e.Key))
	}
	if field == "EventID" && d.source.Product == "windows" && d.source.Category != "" {
		d.add("logsource-event-id", e.Line, "EventID besides category %q", clip(d.source.Category))
	}
	if !d.chain(e.Line, mods) {
		return
	}
	values := []*yamltree.Node{e.Val}
	if e.Val.Kind == yamltree.List {
		values = e.Val.Items
	}
	if mods.has("all") {
		d.allOf(e.Line, field, mods, len(values))
	}
	d.values(field, mods, e, values)
	for _, v := range values {
		if v.Scalar() && v.Kind != yamltree.Null {
			d.modified(field, mods, v)
		}
	}
}

// chain looks at the modifiers. It reports whether they are all known.
func (d *document) chain(line int, c chain) bool {
	known := true
	for i, m := range c {
		switch {
		case contains(modifierNames, m):
			if contains(c[:i], m) {
				d.add("modifier-duplicate", line, "modifier %q stands twice", m)
			}
		case contains(modifierNames, strings.ToLower(m)):
			d.add("modifier-case", line, "modifier %q has capitals", m)
			known = false
		default:
			d.addHint("modifier-unknown", line, didYouMean(m, modifierNames), "unknown modifier %q", clip(m))
			known = false
		}
	}
	d.conflicts(line, c)
	for i, m := range c {
		switch {
		case i > 0 && contains([]string{"re", "cidr", "exists"}, m):
			d.add("modifier-order", line, "%s must come first", m)
		case contains([]string{"i", "m", "s"}, m) && !c[:i].has("re"):
			d.add("modifier-order", line, "%s only follows re", m)
		case c[:i].has(placing...) && (contains(base64, m) || contains(utf16, m)):
			d.add("modifier-order", line, "%s must come before contains, startswith and endswith", m)
		case c[:i].has(base64...) && (contains(utf16, m) || m == "windash" || m == "expand"):
			d.add("modifier-order", line, "%s must come before base64", m)
		}
	}
	return known
}

// conflicts reports the first two modifiers that exclude each other.
func (d *document) conflicts(line int, c chain) {
	for i, b := range c {
		for _, a := range c[:i] {
			if a != b && exclude(a, b) {
				d.add("modifier-conflict", line, "%s and %s exclude each other", a, b)
				return
			}
		}
	}
}

// allOf looks at the modifier all.
func (d *document) allOf(line int, field string, c chain, values int) {
	switch {
	case values == 1:
		d.add("all-single-value", line, "all on a single value")
	case field != "" && !c.has("contains", "startswith", "endswith", "re", "fieldref", "neq"):
		d.add("all-exact-values", line, "all on values that are compared as a whole")
	}
}

// modified looks at one value in the light of its modifiers.
func (d *document) modified(field string, c chain, v *yamltree.Node) {
	switch {
	case c.has("exists"):
		if v.Kind != yamltree.Bool {
			d.add("exists-not-boolean", v.Line, "exists: %q", clip(v.Text))
		}
	case c.has("cidr"):
		d.cidr(v)
	case c.has("fieldref"):
		d.fieldref(field, v)
	case c.has(numeric...) || c.has(timeParts...):
		d.number(c, v)
	case c.has("re"):
		d.regex(c, v)
	default:
		d.encoded(c, v)
		d.text(field, c, v)
	}
}

func (d *document) cidr(v *yamltree.Node) {
	p, err := netip.ParsePrefix(strings.TrimSpace(v.Text))
	switch {
	case err != nil:
		d.add("cidr-invalid", v.Line, "%q is no network", clip(v.Text))
	case p.Masked() != p:
		d.addHint("cidr-host-bits", v.Line, "write "+p.Masked().String(),
			"%s has bits beyond the network", p)
	case p.Bits() == 0:
		d.add("cidr-everything", v.Line, "%s holds every address", p)
	case p.IsSingleIP():
		d.add("cidr-single-address", v.Line, "%s is one address", p)
	}
}

func (d *document) fieldref(field string, v *yamltree.Node) {
	switch name := strings.ReplaceAll(v.Text, " ", ""); {
	case name == "" || v.Kind != yamltree.String:
		d.add("fieldref-invalid", v.Line, "%q is no field name", clip(v.Text))
	case name == strings.ReplaceAll(field, " ", ""):
		d.add("fieldref-to-itself", v.Line, "%q is compared with itself", clip(field))
	}
}

// ranges are the smallest and largest numbers of the time parts.
var ranges = map[string][2]float64{
	"minute": {0, 59}, "hour": {0, 23}, "day": {1, 31}, "week": {1, 53}, "month": {1, 12},
}

func (d *document) number(c chain, v *yamltree.Node) {
	x, err := strconv.ParseFloat(v.Text, 64)
	if err != nil {
		d.add("number-expected", v.Line, "%q is no number", clip(v.Text))
		return
	}
	for _, m := range c {
		if r, ok := ranges[m]; ok && (x < r[0] || x > r[1]) {
			d.add("time-part-range", v.Line, "no %s is %s", m, v.Text)
		}
	}
}

// encoded looks at values that modifiers turn into others.
func (d *document) encoded(c chain, v *yamltree.Node) {
	wild := parts(v.Text)
	if c.has(base64...) {
		if !c.has("startswith", "endswith", "contains") {
			if c.has("base64offset") {
				d.add("base64offset-without-contains", v.Line, "base64offset without contains")
			} else {
				d.add("base64-without-contains", v.Line, "base64 without contains")
			}
		}
		if wild.stars+wild.marks > 0 {
			d.add("base64-wildcard", v.Line, "%q has a wildcard", clip(v.Text))
		}
		if c.has("utf16") && c.has("base64offset") {
			d.add("utf16-with-base64offset", v.Line, "utf16 with base64offset")
		}
	} else if c.has(utf16...) {
		d.add("wide-without-base64", v.Line, "%s without base64", strings.Join(c, "|"))
	}
	if c.has("windash") && !strings.ContainsAny(v.Text, "-/–—―") {
		d.add("windash-without-dash", v.Line, "%q has no dash", clip(v.Text))
	}
	if c.has("cased") && strings.ToLower(v.Text) == strings.ToUpper(v.Text) {
		d.add("cased-without-letters", v.Line, "%q has no letters", clip(v.Text))
	}
	d.placeholder(c, v)
}

// placeholders are those that the specification names.
var placeholders = []string{
	"%administrators%", "%jumpservers%", "%workstations%", "%servers%", "%domaincontrollers%",
}

func (d *document) placeholder(c chain, v *yamltree.Node) {
	if !c.has("expand") {
		if contains(placeholders, strings.ToLower(v.Text)) {
			d.add("placeholder-without-expand", v.Line, "%q is plain text", v.Text)
		}
		return
	}
	if strings.Count(v.Text, "%") < 2 {
		d.add("expand-without-placeholder", v.Line, "%q has no placeholder", clip(v.Text))
	}
}

// fieldCase looks for a field that the selections spell in two ways.
func (d *document) fieldCase(n *yamltree.Node) {
	first := map[string]string{}
	reported := map[string]bool{}
	var visit func(n *yamltree.Node, depth int)
	visit = func(n *yamltree.Node, depth int) {
		for _, item := range n.Items {
			visit(item, depth+1)
		}
		for _, e := range n.Entries {
			if depth > 0 {
				field, _, _ := strings.Cut(e.Key, "|")
				low := strings.ToLower(field)
				if was, ok := first[low]; ok && was != field && !reported[low] {
					d.add("field-case-varies", e.Line, "%q and %q", clip(was), clip(field))
					reported[low] = true
				}
				first[low] = field
				continue
			}
			visit(e.Val, depth+1)
		}
	}
	visit(n, 0)
}
