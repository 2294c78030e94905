package lint

import (
	"path"
	"regexp"
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
	"github.com/evident-sec/evident/sigma"
)

var fileChecks = []Check{
	{
		"yaml-invalid", Error,
		"The file is not YAML, or costs more than its size is worth (see package yamltree).",
		"correct the YAML at this line",
	},
	{"file-empty", Error, "The file holds no document.", "write a rule or remove the file"},
	{
		"document-not-map", Error,
		"The document is a list or a text, not a map of keys.",
		"write keys such as title, logsource and detection",
	},
	{
		"kind-missing", Error,
		"The document has none of detection, correlation and filter, so nobody knows what it is.",
		"add a detection, correlation or filter section",
	},
	{
		"kind-ambiguous", Error,
		"The document has more than one of detection, correlation and filter.",
		"put each into a document of its own",
	},
	{
		"action-legacy", Warning,
		"\"action\" made collections of rules before version 2 of the specification.",
		"write each rule as a document of its own",
	},
	{
		"rule-rejected", Error,
		"The loader rejects the document for a reason that no other check finds.",
		"correct what the message names",
	},
	{
		"key-misspelt", Warning,
		"A top-level key is nearly one of the specification: it is ignored.",
		"correct the key",
	},
	{
		"key-custom", Hint,
		"A top-level key is not in the specification. That is allowed; other tools ignore it.",
		"keep it only if your own tools read it",
	},
	{
		"key-not-lower-case", Warning,
		"Keys are lower case in the specification: this one is ignored.",
		"write the key in lower case",
	},
	{
		"file-name-style", Hint,
		"SigmaHQ file names are lower case words joined by underscores, so that they sort " +
			"and grep well.",
		"rename the file, e.g. proc_creation_win_whoami.yml",
	},
	{
		"file-name-length", Hint,
		"SigmaHQ file names have 10 to 90 characters.",
		"choose a name that says product and behaviour",
	},
	{"file-extension", Hint, "Sigma rules end in .yml.", "rename the file to end in .yml"},
}

// kind is what a document is.
type kind uint8

const (
	kindNone kind = iota
	kindRule
	kindCorrelation
	kindFilter
)

// kindNames are the sections that make the kinds.
var kindNames = []string{"", "detection", "correlation", "filter"}

// document is one document that is looked at.
type document struct {
	*report
	*yamltree.Node
	linter *Linter
	kind   kind
	source sigma.Logsource
}

// document looks at one document of a file.
func (l *Linter) document(r *report, n *yamltree.Node) {
	r.uid = ""
	if n.Kind != yamltree.Map {
		r.add("document-not-map", n.Line, "the document is not a map")
		return
	}
	r.uid = n.Str("id")
	d := &document{report: r, Node: n, linter: l}
	d.kinds()
	d.keys()
	d.metadata()
	d.origin()
	d.tags()
	d.notes()
	d.logsource()
	switch d.kind {
	case kindRule:
		d.detection(d.Get("detection"))
	case kindCorrelation:
		d.correlation(d.Get("correlation"))
	case kindFilter:
		d.filter(d.Get("filter"))
	}
	l.seen.remember(d)
}

// first is the line of the document's first key.
func (d *document) first() int {
	if len(d.Entries) > 0 {
		return d.Entries[0].Line
	}
	return d.Line
}

// kinds finds out what the document is.
func (d *document) kinds() {
	var found []string
	for k := kindRule; k <= kindFilter; k++ {
		if d.Get(kindNames[k]) != nil {
			found = append(found, kindNames[k])
			if d.kind == kindNone {
				d.kind = k
			}
		}
	}
	if a := d.Get("action"); a != nil {
		d.add("action-legacy", a.Line, "action %q is legacy", clip(a.Text))
		return
	}
	switch len(found) {
	case 0:
		d.add("kind-missing", d.first(), "no detection, correlation or filter")
	case 1:
	default:
		d.add("kind-ambiguous", d.first(), "has %s", strings.Join(found, " and "))
	}
}

// knownKeys are the top-level keys of the specification's schemas.
var knownKeys = []string{
	"title", "id", "related", "name", "taxonomy", "status", "description", "license", "author",
	"references", "date", "modified", "logsource", "detection", "fields", "falsepositives",
	"level", "tags", "scope", "correlation", "filter", "generate", "action", "sigma-version",
}

func (d *document) keys() {
	for _, e := range d.Entries {
		switch {
		case contains(knownKeys, e.Key):
		case contains(knownKeys, strings.ToLower(e.Key)):
			d.add("key-not-lower-case", e.Line, "key %q is not lower case", clip(e.Key))
		case nearest(e.Key, knownKeys) != "":
			d.addHint("key-misspelt", e.Line, didYouMean(e.Key, knownKeys), "unknown key %q", clip(e.Key))
		default:
			d.add("key-custom", e.Line, "key %q is not in the specification", clip(e.Key))
		}
	}
}

// tidyName is how SigmaHQ names files, without the extension.
var tidyName = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// fileName looks at the name that the file has.
func (r *report) fileName() {
	base := path.Base(strings.ReplaceAll(r.file, `\`, "/"))
	ext := path.Ext(base)
	if ext == "" {
		return // standard input, or a name made up by a caller
	}
	stem := strings.TrimSuffix(base, ext)
	if ext != ".yml" {
		r.add("file-extension", 1, "file name ends in %q", clip(ext))
	}
	if !tidyName.MatchString(stem) {
		r.add("file-name-style", 1, "file name %q is not lower case words joined by _", clip(base))
	}
	if len(base) < 10 || len(base) > 90 {
		r.add("file-name-length", 1, "file name has %d characters", len(base))
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
