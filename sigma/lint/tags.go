package lint

import (
	"regexp"
	"strings"
)

var tagChecks = []Check{
	{
		"tags-missing", Info,
		"Coverage maps and dashboards are built from tags.",
		"add the ATT&CK tactic and technique",
	},
	{
		"tag-invalid", Warning,
		"A tag is namespace.name in lower case letters, digits, - and _.",
		"correct the tag",
	},
	{
		"tag-not-lower-case", Warning,
		"Tags are lower case; tools that compare byte by byte miss this one.",
		"write the tag in lower case",
	},
	{
		"tag-namespace-unknown", Info,
		"The specification has the namespaces attack, car, cve, d3fend, detection, stp and tlp.",
		"use one of them, unless your own tools read this one",
	},
	{"tag-duplicate", Warning, "The tag stands twice.", "drop the second one"},
	{
		"attack-tactic-unknown", Warning,
		"The name is no tactic, technique, group or software of ATT&CK.",
		"use the tactic's name, e.g. attack.credential-access",
	},
	{
		"attack-tactic-underscore", Info,
		"Tactics are written with hyphens since version 2 of the specification.",
		"write - for _",
	},
	{
		"attack-technique-invalid", Warning,
		"A technique is t and four digits, a sub-technique a dot and three more.",
		"write e.g. attack.t1059.001",
	},
	{
		"attack-technique-missing", Hint,
		"Coverage is counted by technique; a tactic alone says little.",
		"add the technique, e.g. attack.t1059.001",
	},
	{
		"attack-tactic-missing", Hint,
		"Matrices are read by tactic; SigmaHQ rules name it beside the technique.",
		"add the tactic, e.g. attack.execution",
	},
	{"cve-tag-invalid", Warning, "A CVE tag is cve.year-number.", "write e.g. cve.2021-44228"},
	{
		"tlp-tag-invalid", Warning,
		"TLP 2.0 has red, amber, amber-strict, green and clear (white before).",
		"use one of these",
	},
	{
		"stp-tag-invalid", Warning,
		"A summiting-the-pyramid tag is a level 1 to 5 and a, k or u.",
		"write e.g. stp.3k",
	},
	{
		"detection-tag-unknown", Warning,
		"The specification has detection.dfir, .emerging-threats and .threat-hunting.",
		"use one of these",
	},
}

// tactics are those of ATT&CK for Enterprise, Mobile and ICS, the ones that
// version 19 renamed and split included.
var tactics = []string{
	"collection", "command-and-control", "credential-access", "defense-evasion",
	"defense-impairment", "discovery", "evasion", "execution", "exfiltration", "impact",
	"impair-process-control", "inhibit-response-function", "initial-access", "lateral-movement",
	"network-effects", "persistence", "privilege-escalation", "reconnaissance",
	"remote-service-effects", "resource-development", "stealth",
}

var namespaces = []string{"attack", "car", "cve", "d3fend", "detection", "stp", "tlp"}

var (
	tagForm       = regexp.MustCompile(`^[a-z0-9_-]+\.[a-z0-9._-]+$`)
	techniqueForm = regexp.MustCompile(`^t[0-9]{4}(\.[0-9]{3})?$`)
	techniqueLike = regexp.MustCompile(`^t[0-9]`)
	objectForm    = regexp.MustCompile(`^(g|s|c|m)[0-9]{4}$|^ta[0-9]{4}$|^ds[0-9]{4}$`)
	cveForm       = regexp.MustCompile(`^[0-9]{4}[-.][0-9]{4,}$`)
	stpForm       = regexp.MustCompile(`^[1-5][aku]?$`)
)

// tags looks at every tag and at what is missing among them.
func (d *document) tags() {
	list := scalarsOf(d.Get("tags"))
	if len(list) == 0 && d.kind == kindRule {
		d.add("tags-missing", d.first(), "no tags")
	}
	seen := map[string]bool{}
	technique, tactic, line := false, false, 0
	for _, n := range list {
		tag := strings.TrimSpace(n.Text)
		if seen[strings.ToLower(tag)] {
			d.add("tag-duplicate", n.Line, "tag %q stands twice", clip(tag))
		}
		seen[strings.ToLower(tag)] = true
		d.tag(n.Line, tag)
		if name, ok := strings.CutPrefix(strings.ToLower(tag), "attack."); ok {
			technique = technique || techniqueLike.MatchString(name)
			tactic = tactic || contains(tactics, strings.ReplaceAll(name, "_", "-"))
			line = n.Line
		}
	}
	if tactic && !technique {
		d.add("attack-technique-missing", line, "a tactic but no technique")
	}
	if technique && !tactic {
		d.add("attack-tactic-missing", line, "a technique but no tactic")
	}
}

// tag looks at one tag.
func (d *document) tag(line int, tag string) {
	lower := strings.ToLower(tag)
	if lower != tag {
		d.add("tag-not-lower-case", line, "tag %q has capitals", clip(tag))
	}
	if !tagForm.MatchString(lower) {
		d.add("tag-invalid", line, "tag %q is not namespace.name", clip(tag))
		return
	}
	namespace, name, _ := strings.Cut(lower, ".")
	switch namespace {
	case "attack":
		d.attackTag(line, name)
	case "cve":
		d.form(cveForm, name, "cve-tag-invalid", line, tag)
	case "stp":
		d.form(stpForm, name, "stp-tag-invalid", line, tag)
	case "tlp":
		if !contains([]string{"red", "amber", "amber-strict", "green", "clear", "white"}, name) {
			d.add("tlp-tag-invalid", line, "tag %q is no TLP marking", clip(tag))
		}
	case "detection":
		if !contains([]string{"dfir", "emerging-threats", "threat-hunting"}, name) {
			d.add("detection-tag-unknown", line, "tag %q is not in the specification", clip(tag))
		}
	default:
		if !contains(namespaces, namespace) {
			d.addHint("tag-namespace-unknown", line, didYouMean(namespace, namespaces),
				"tag %q has an unknown namespace", clip(tag))
		}
	}
}

// form reports a tag whose name has not the form.
func (d *document) form(form *regexp.Regexp, name, id string, line int, tag string) {
	if !form.MatchString(name) {
		d.add(id, line, "tag %q is malformed", clip(tag))
	}
}

func (d *document) attackTag(line int, name string) {
	switch {
	case techniqueForm.MatchString(name), objectForm.MatchString(name), contains(tactics, name):
	case techniqueLike.MatchString(name):
		d.add("attack-technique-invalid", line, "technique %q is malformed", clip(name))
	case contains(tactics, strings.ReplaceAll(name, "_", "-")):
		d.add("attack-tactic-underscore", line, "tactic %q has underscores", name)
	default:
		d.addHint("attack-tactic-unknown", line, didYouMean(name, tactics), "unknown tactic %q",
			clip(name))
	}
}
