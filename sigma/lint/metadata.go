package lint

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evident-sec/evident/internal/yamltree"
)

var metadataChecks = []Check{
	{
		"title-missing", Error,
		"The specification requires a title.",
		"say in a few words what is detected",
	},
	{"title-empty", Error, "The title is there but empty.", "say in a few words what is detected"},
	{
		"title-too-long", Warning,
		"The schema allows 256 characters.",
		"shorten the title; details belong in the description",
	},
	{
		"title-long", Hint,
		"SigmaHQ titles have at most 110 characters: lists cut longer ones.",
		"shorten the title",
	},
	{
		"title-case", Hint,
		"SigmaHQ titles capitalise every word of weight.",
		"write the word with a capital",
	},
	{"title-ends-with-dot", Hint, "A title is no sentence.", "drop the full stop"},
	{
		"title-starts-with-detects", Hint,
		"That a rule detects need not be said.",
		"begin with what is detected",
	},
	{
		"title-spaces", Hint,
		"Spaces at the ends or doubled are mistakes and break searches by title.",
		"drop the extra spaces",
	},
	{
		"id-missing", Warning,
		"Findings, correlations and filters refer to a rule by its id.",
		"add a random UUID",
	},
	{"id-not-uuid", Warning, "The schema wants a UUID.", "use a random UUID (version 4)"},
	{
		"id-not-random", Hint,
		"The specification recommends UUIDs of version 4, which never clash.",
		"use a random UUID (version 4)",
	},
	{
		"id-upper-case", Hint,
		"Tools that compare ids byte by byte miss this one.",
		"write the id in lower case",
	},
	{"name-too-long", Warning, "The schema allows 256 characters.", "shorten the name"},
	{
		"name-with-spaces", Info,
		"Names are used as references and in conditions of other documents.",
		"join the words by _",
	},
	{"taxonomy-too-long", Warning, "The schema allows 256 characters.", "shorten the taxonomy"},
	{
		"status-missing", Info,
		"Without a status nobody knows whether the rule was ever tried.",
		"add status: experimental",
	},
	{
		"status-invalid", Error,
		"The schema has five values.",
		"use stable, test, experimental, deprecated or unsupported",
	},
	{
		"level-missing", Warning,
		"Without a level a finding cannot be ranked.",
		"add level: informational, low, medium, high or critical",
	},
	{
		"level-invalid", Error,
		"The schema has five values.",
		"use informational, low, medium, high or critical",
	},
	{
		"value-not-lower-case", Warning,
		"Status and level are lower case in the schema; tools compare them so.",
		"write it in lower case",
	},
	{
		"description-missing", Info,
		"Who triages a finding reads the description first.",
		"say what is detected and why it matters",
	},
	{
		"description-short", Hint,
		"SigmaHQ wants at least 16 characters.",
		"say what is detected and why it matters",
	},
	{
		"description-too-long", Warning,
		"The schema allows 65535 characters.",
		"move the text to a page and link it",
	},
	{
		"description-repeats-title", Hint,
		"A description equal to the title helps nobody.",
		"say why it matters",
	},
	{
		"description-with-link", Hint,
		"Links belong in references, where tools find them.",
		"move the link to references",
	},
	{
		"author-missing", Info,
		"The Detection Rule License wants the author named with every finding.",
		"add author",
	},
	{"text-expected", Error, "The schema wants text here.", "write a single text"},
	{
		"list-expected", Warning,
		"The schema wants a list here.",
		"write a list, also for a single value",
	},
	{
		"license-not-spdx", Info,
		"A licence is named by its SPDX id, so that tools can check it.",
		"use an SPDX id such as DRL-1.1 or MIT",
	},
}

var (
	uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	spdxForm = regexp.MustCompile(`^[A-Za-z0-9.+()-]+( (OR|AND|WITH) [A-Za-z0-9.+()-]+)*$`)
	statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}
	levels   = []string{"informational", "low", "medium", "high", "critical"}
	textKeys = []string{
		"title", "id", "name", "taxonomy", "status", "description", "license", "author", "date",
		"modified", "level",
	}
	listKeys  = []string{"references", "fields", "falsepositives", "tags", "scope"}
	smallWord = []string{
		"a", "an", "and", "as", "at", "but", "by", "for", "from", "if", "in", "into", "nor", "of", "on",
		"or", "out", "over", "per", "the", "to", "up", "via", "vs", "with", "without", "by", "not",
		"like", "using", "through", "over", "new", "be", "is", "are", "than", "that", "this", "its", "it",
	}
)

// metadata looks at what a document says about itself.
func (d *document) metadata() {
	for _, key := range textKeys {
		if n := d.Get(key); n != nil && !n.Scalar() {
			d.add("text-expected", n.Line, "%s is not text", key)
		}
	}
	for _, key := range listKeys {
		if n := d.Get(key); n != nil && n.Kind != yamltree.List && n.Kind != yamltree.Null {
			d.add("list-expected", n.Line, "%s is not a list", key)
		}
	}
	d.title()
	d.ids()
	d.ranks()
	d.describe()
}

func (d *document) title() {
	n := d.Get("title")
	if n == nil {
		d.add("title-missing", d.first(), "no title")
		return
	}
	title := d.Str("title")
	length := utf8.RuneCountInString(title)
	switch {
	case title == "":
		d.add("title-empty", n.Line, "title is empty")
		return
	case length > 256:
		d.add("title-too-long", n.Line, "title has %d characters", length)
	case length > 110:
		d.add("title-long", n.Line, "title has %d characters", length)
	}
	if n.Text != title || strings.Contains(title, "  ") || strings.ContainsAny(title, "\n\t") {
		d.add("title-spaces", n.Line, "title has spaces at its ends or doubled")
	}
	if strings.HasSuffix(title, ".") && !strings.HasSuffix(title, "...") {
		d.add("title-ends-with-dot", n.Line, "title ends in a full stop")
	}
	if first, _, _ := strings.Cut(title, " "); strings.EqualFold(first, "detects") ||
		strings.EqualFold(first, "detect") || strings.EqualFold(first, "detection") {
		d.add("title-starts-with-detects", n.Line, "title begins with %q", first)
	}
	d.titleCase(n.Line, title)
}

// titleCase looks for a plain lower-case word. Names of files and commands are
// left as they are.
func (d *document) titleCase(line int, title string) {
	for i, word := range strings.Fields(title) {
		if i > 0 && contains(smallWord, word) {
			continue
		}
		plain := strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) })
		if len(plain) > 2 && plain == word && isLowerWord(plain) {
			d.add("title-case", line, "%q begins with a small letter", clip(word))
			return
		}
	}
}

func isLowerWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLower(r) })
}

// ids looks at id, name and taxonomy.
func (d *document) ids() {
	id := d.Get("id")
	switch text := d.Str("id"); {
	case id == nil || text == "":
		d.add("id-missing", d.first(), "no id")
	case !uuidForm.MatchString(text):
		d.add("id-not-uuid", id.Line, "id %q is not a UUID", clip(text))
	default:
		if text[14] != '4' {
			d.add("id-not-random", id.Line, "id is a UUID of version %c, not 4", text[14])
		}
		if strings.ToLower(text) != text {
			d.add("id-upper-case", id.Line, "id has capitals")
		}
	}
	if name := d.Str("name"); len(name) > 256 {
		d.add("name-too-long", d.Get("name").Line, "name has %d characters", len(name))
	} else if strings.ContainsAny(name, " \t\n") {
		d.add("name-with-spaces", d.Get("name").Line, "name %q has spaces", clip(name))
	}
	if t := d.Str("taxonomy"); len(t) > 256 {
		d.add("taxonomy-too-long", d.Get("taxonomy").Line, "taxonomy has %d characters", len(t))
	}
	if l := d.Str("license"); l != "" && !spdxForm.MatchString(l) {
		d.add("license-not-spdx", d.Get("license").Line, "license %q is not an SPDX id", clip(l))
	}
}

// ranks looks at status and level. A filter has neither.
func (d *document) ranks() {
	if d.kind == kindFilter {
		return
	}
	for _, key := range []string{"status", "level"} {
		allowed := statuses
		if key == "level" {
			allowed = levels
		}
		n, text := d.Get(key), d.Str(key)
		switch {
		case n == nil || text == "":
			d.add(key+"-missing", d.first(), "no %s", key)
		case contains(allowed, text):
		case contains(allowed, strings.ToLower(text)):
			d.add("value-not-lower-case", n.Line, "%s %q is not lower case", key, text)
		default:
			d.addHint(key+"-invalid", n.Line, didYouMean(text, allowed), "unknown %s %q", key, clip(text))
		}
	}
}

// describe looks at description and author.
func (d *document) describe() {
	n, text := d.Get("description"), d.Str("description")
	switch length := utf8.RuneCountInString(text); {
	case text == "":
		if d.kind != kindFilter {
			d.add("description-missing", d.first(), "no description")
		}
	case length > 65535:
		d.add("description-too-long", n.Line, "description has %d characters", length)
	case length < 16:
		d.add("description-short", n.Line, "description has %d characters", length)
	case strings.EqualFold(strings.TrimSuffix(text, "."), d.Str("title")):
		d.add("description-repeats-title", n.Line, "description is the title again")
	}
	if strings.Contains(text, "http://") || strings.Contains(text, "https://") {
		d.add("description-with-link", n.Line, "description has a link")
	}
	if d.Str("author") == "" && d.kind != kindFilter {
		d.add("author-missing", d.first(), "no author")
	}
}
