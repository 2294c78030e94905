package lint

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evident-sec/evident/internal/yamltree"
)

var valueChecks = []Check{
	{"value-list-empty", Error, "A field without values matches nothing.", "add a value"},
	{
		"value-nested", Error,
		"A value is a list or a map.",
		"write plain values; a list of maps belongs to the selection",
	},
	{
		"value-null-in-list", Warning,
		"The specification does not allow null in a list: tools differ in what they do.",
		"write null in a selection of its own",
	},
	{
		"value-null-with-modifier", Error,
		"null asks whether the field is there; modifiers have no meaning.",
		"drop the modifier, or use exists",
	},
	{"value-list-of-one", Hint, "A list of one value is that value.", "write the value without -"},
	{
		"value-duplicate", Warning,
		"The value stands twice in the list; case does not count.",
		"drop the second one",
	},
	{
		"value-covered", Info,
		"Another value of the list matches whatever this one does.",
		"drop the longer value",
	},
	{
		"value-types-mixed", Hint,
		"The list has texts, numbers or booleans side by side.",
		"write one type",
	},
	{
		"value-matches-everything", Warning,
		"contains, startswith or endswith of nothing holds for every value.",
		"write a value, or use exists",
	},
	{
		"value-wildcard-only", Info,
		"* alone asks whether the field is there.",
		"use the modifier exists",
	},
	{
		"value-spaces", Hint,
		"Spaces at an end of an exact value must be in the event, too.",
		"drop them, if that is not meant",
	},
	{
		"value-control-characters", Info,
		"The value has characters that nobody sees.",
		"write them as an escape, or drop them",
	},
	{
		"value-look-alike-letters", Warning,
		"The value mixes Latin letters with Greek or Cyrillic ones that look the same.",
		"check each letter",
	},
	{
		"wildcard-repeats-modifier", Warning,
		"The modifier adds this wildcard already; another one changes nothing.",
		"drop the *",
	},
	{
		"wildcard-instead-of-modifier", Info,
		"A modifier says the same, and engines are quicker with it.",
		"use contains, startswith or endswith",
	},
	{"wildcard-doubled", Info, "** is *.", "write a single *"},
	{
		"wildcard-escaped-in-path", Warning,
		"\\* is a literal star, also at the end of a path.",
		"write \\\\* for a backslash and a wildcard",
	},
	{
		"wildcard-escaped", Hint,
		"\\* and \\? are literal signs.",
		"check that a literal sign is meant",
	},
	{
		"contains-too-short", Warning,
		"A single character occurs nearly everywhere.",
		"look for more, or use an exact value",
	},
	{
		"keyword-too-short", Info,
		"A keyword of one or two characters occurs nearly everywhere.",
		"look for more",
	},
	{
		"image-without-separator", Info,
		"endswith of a bare file name also fits longer names (cmd.exe, xcmd.exe).",
		"begin with \\ or /",
	},
	{
		"hash-malformed", Warning,
		"The digest does not have the length or the digits of its kind.",
		"correct the hash",
	},
	{
		"boolean-as-text", Hint,
		"True and false are compared as text; events spell them in several ways.",
		"check how the source writes it",
	},
}

// pieces says what a value with wildcards is made of.
type pieces struct {
	stars, marks    int  // wildcards
	doubled         bool // **
	escaped         int  // \* and \?
	text            int  // bytes of text
	first, last     bool // begins, ends with *
	backslashBefore bool // an escaped wildcard in something like a path
}

// parts reads a value as the specification does: \ escapes a wildcard or
// another \ before one.
func parts(value string) pieces {
	var p pieces
	star := false
	for i := 0; i < len(value); i++ {
		c := value[i]
		next := byte(0)
		if i+1 < len(value) {
			next = value[i+1]
		}
		was := star
		star = false
		switch {
		case c == '\\' && (next == '*' || next == '?'):
			p.escaped++
			p.text++
			p.backslashBefore = p.backslashBefore || next == '*' && i > 0 && strings.Contains(value[:i], `\`)
			i++
		case c == '\\' && next == '\\':
			p.text++
			i++
		case c == '*':
			p.stars++
			p.doubled = p.doubled || was
			p.first = p.first || i == 0
			p.last = i == len(value)-1
			star = true
		case c == '?':
			p.marks++
		default:
			p.text++
		}
	}
	return p
}

// values looks at the values of a field together.
func (d *document) values(field string, c chain, e yamltree.Entry, values []*yamltree.Node) {
	if len(values) == 0 {
		d.add("value-list-empty", e.Line, "%q has no values", clip(field))
		return
	}
	if e.Val.Kind == yamltree.List && len(values) == 1 {
		d.add("value-list-of-one", e.Line, "%q has a list of one value", clip(field))
	}
	seen := map[string]bool{}
	kinds := map[yamltree.Kind]bool{}
	for _, v := range values {
		switch {
		case !v.Scalar():
			d.add("value-nested", v.Line, "%q has a list or map as a value", clip(field))
			continue
		case v.Kind == yamltree.Null:
			d.null(c, v, len(values))
			continue
		}
		kinds[v.Kind] = true
		key := v.Text
		if !c.has("cased", "re", "base64", "base64offset") {
			key = strings.ToLower(key)
		}
		if seen[key] {
			d.add("value-duplicate", v.Line, "%q stands twice", clip(v.Text))
		}
		seen[key] = true
	}
	if len(kinds) > 1 {
		d.add("value-types-mixed", e.Line, "%q has values of several types", clip(field))
	}
	d.covered(c, values)
}

func (d *document) null(c chain, v *yamltree.Node, of int) {
	if len(c) > 0 && !(len(c) == 1 && c.has("neq")) {
		d.add("value-null-with-modifier", v.Line, "null under %s", strings.Join(c, "|"))
	}
	if of > 1 {
		d.add("value-null-in-list", v.Line, "null in a list")
	}
}

// maxCompared bounds the values of a list that are compared with each other.
const maxCompared = 200

// covered looks for a value that another one of the same list makes needless.
func (d *document) covered(c chain, values []*yamltree.Node) {
	covers := map[string]func(s, sub string) bool{
		"contains": strings.Contains, "startswith": strings.HasPrefix, "endswith": strings.HasSuffix,
	}
	if len(c) != 1 || covers[c[0]] == nil || len(values) > maxCompared {
		return
	}
	for i, long := range values {
		for j, short := range values {
			a, b := strings.ToLower(long.Text), strings.ToLower(short.Text)
			if i == j || !long.Scalar() || !short.Scalar() || len(b) < 1 || len(a) <= len(b) ||
				strings.ContainsAny(b, `*?\`) || !covers[c[0]](a, b) {
				continue
			}
			d.add("value-covered", long.Line, "%q is found by %q", clip(long.Text), clip(short.Text))
			break
		}
	}
}

// text looks at one value that is compared as text.
func (d *document) text(field string, c chain, v *yamltree.Node) {
	if v.Kind == yamltree.Bool && len(c) == 0 {
		d.add("boolean-as-text", v.Line, "%s: %s", clip(field), v.Text)
	}
	if v.Kind != yamltree.String {
		return
	}
	p := parts(v.Text)
	placed := c.has(placing...)
	switch {
	case placed && p.text == 0 && p.marks == 0:
		d.add("value-matches-everything", v.Line, "%s of %q", strings.Join(c, "|"), v.Text)
		return
	case p.text == 0 && p.stars > 0 && p.marks == 0:
		d.add("value-wildcard-only", v.Line, "value %q", clip(v.Text))
		return
	}
	d.wildcards(c, v, p)
	d.characters(field, c, v)
	if first, size := utf8.DecodeRuneInString(v.Text); c.has("contains") && !c.has(base64...) &&
		size == len(v.Text) && !unicode.IsPunct(first) {
		d.add("contains-too-short", v.Line, "contains %q", v.Text)
	}
	if c.has("endswith") && isImage(field) && !strings.ContainsAny(v.Text, `\/*?`) &&
		strings.HasSuffix(strings.ToLower(v.Text), ".exe") {
		d.add("image-without-separator", v.Line, "%s ends with %q", clip(field), clip(v.Text))
	}
	d.hashes(field, v)
}

func isImage(field string) bool {
	return contains([]string{"Image", "ParentImage", "SourceImage", "TargetImage"}, field)
}

// wildcards looks at the wildcards of a value.
func (d *document) wildcards(c chain, v *yamltree.Node, p pieces) {
	if p.doubled {
		d.add("wildcard-doubled", v.Line, "%q has **", clip(v.Text))
	}
	switch {
	case p.backslashBefore:
		d.add("wildcard-escaped-in-path", v.Line, "%q has a literal star", clip(v.Text))
	case p.escaped > 0:
		d.add("wildcard-escaped", v.Line, "%q has a literal sign", clip(v.Text))
	}
	switch {
	case c.has("contains") && (p.first || p.last),
		c.has("startswith") && p.last, c.has("endswith") && p.first:
		d.add("wildcard-repeats-modifier", v.Line, "%q has a wildcard where %s adds one", clip(v.Text),
			strings.Join(c, "|"))
	case c.has(placing...) || c.has(base64...) || p.marks > 0:
	case p.first && p.last && p.stars == 2, p.stars == 1 && (p.first || p.last):
		d.addHint("wildcard-instead-of-modifier", v.Line, "use "+modifierFor(p), "value %q", clip(v.Text))
	}
}

// modifierFor returns the modifier that says the same as the wildcards.
func modifierFor(p pieces) string {
	switch {
	case p.first && p.last:
		return "contains"
	case p.first:
		return "endswith"
	}
	return "startswith"
}

// characters looks at spaces and at letters that are not what they seem.
func (d *document) characters(field string, c chain, v *yamltree.Node) {
	trimmed := strings.TrimSpace(v.Text)
	if field != "" && !c.has(placing...) && trimmed != v.Text && trimmed != "" {
		d.add("value-spaces", v.Line, "%q has spaces at an end", clip(v.Text))
	}
	latin, other := false, false
	for _, r := range v.Text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' || unicode.Is(unicode.Cf, r) {
			d.add("value-control-characters", v.Line, "%q has characters that nobody sees", clip(v.Text))
			break
		}
		latin = latin || r < utf8.RuneSelf && unicode.IsLetter(r)
		other = other || unicode.In(r, unicode.Greek, unicode.Cyrillic)
	}
	if latin && other {
		d.add("value-look-alike-letters", v.Line, "%q mixes alphabets", clip(v.Text))
	}
}

// digestLength is how many hexadecimal digits a hash has.
var digestLength = map[string]int{"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128, "imphash": 32}

// hashes looks at digests, written as MD5=… or in a field of that name.
func (d *document) hashes(field string, v *yamltree.Node) {
	if strings.ContainsAny(v.Text, "*?") {
		return
	}
	name, sum, ok := strings.Cut(v.Text, "=")
	if !ok || !strings.Contains(strings.ToLower(field), "hash") {
		name, sum = field, v.Text
	}
	want := digestLength[strings.ToLower(name)]
	if want == 0 || sum == "" {
		return
	}
	digits := strings.Trim(sum, "0123456789abcdefABCDEF") == ""
	if len(sum) != want || !digits {
		d.add("hash-malformed", v.Line, "%q is no %s of %d digits", clip(v.Text), strings.ToUpper(name),
			want)
	}
}

// keywords looks at bare words, which are searched for in all values.
func (d *document) keywords(words []*yamltree.Node) {
	seen := map[string]bool{}
	for _, v := range words {
		if v.Kind == yamltree.Null {
			d.add("value-null-in-list", v.Line, "null as a keyword")
			continue
		}
		low := strings.ToLower(v.Text)
		if seen[low] {
			d.add("value-duplicate", v.Line, "%q stands twice", clip(v.Text))
		}
		seen[low] = true
		p := parts(v.Text)
		switch {
		case p.text == 0 && p.marks == 0:
			d.add("value-matches-everything", v.Line, "keyword %q", clip(v.Text))
		case utf8.RuneCountInString(v.Text) < 3:
			d.add("keyword-too-short", v.Line, "keyword %q", clip(v.Text))
		}
		d.characters("", nil, v)
	}
}
