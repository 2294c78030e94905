package lint

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

var noteChecks = []Check{
	{
		"falsepositives-missing", Hint,
		"Who triages wants to know what harmless activity looks the same.",
		"list what is known, or Unknown",
	},
	{
		"falsepositive-short", Warning,
		"The schema wants at least two characters.",
		"describe the harmless activity",
	},
	{
		"falsepositive-vague", Info,
		"\"None\" is never true, and a penetration test is what a rule should find.",
		"describe harmless activity, or write Unknown",
	},
	{"falsepositive-case", Hint, "SigmaHQ entries begin with a capital.", "begin with a capital"},
	{"falsepositive-misspelt", Hint, "A common misspelling.", "correct the word"},
	{
		"falsepositive-duplicate", Warning,
		"The schema wants each entry once.",
		"drop the second one",
	},
	{
		"scope-short", Warning,
		"The schema wants at least two characters.",
		"name what the rule is for",
	},
	{"field-listed-twice", Warning, "The schema wants each of fields once.", "drop the second one"},
}

// vague are beginnings of entries that say nothing.
var vague = []string{
	"none", "no false positives", "pentest", "penetration test", "n/a", "tbd", "todo",
}

// misspelt are the misspellings that SigmaHQ looks for, and others seen.
var misspelt = []string{
	"unkown", "ligitimate", "legitim ", "legitimeate", "legitmate", "unlikley", "administator",
	"administrive", "occassional", "enviroment", "softwares", "falsepositive",
}

// notes looks at false positives, scope and fields.
func (d *document) notes() {
	list := scalarsOf(d.Get("falsepositives"))
	if len(list) == 0 && d.kind == kindRule {
		d.add("falsepositives-missing", d.first(), "no falsepositives")
	}
	seen := map[string]bool{}
	for _, n := range list {
		text := strings.TrimSpace(n.Text)
		if seen[strings.ToLower(text)] {
			d.add("falsepositive-duplicate", n.Line, "%q stands twice", clip(text))
		}
		seen[strings.ToLower(text)] = true
		d.falsePositive(n.Line, text)
	}
	for _, n := range scalarsOf(d.Get("scope")) {
		if utf8.RuneCountInString(strings.TrimSpace(n.Text)) < 2 {
			d.add("scope-short", n.Line, "scope %q is too short", n.Text)
		}
	}
	fields := map[string]bool{}
	for _, n := range scalarsOf(d.Get("fields")) {
		if fields[n.Text] {
			d.add("field-listed-twice", n.Line, "field %q is listed twice", clip(n.Text))
		}
		fields[n.Text] = true
	}
}

// falsePositive looks at one entry.
func (d *document) falsePositive(line int, text string) {
	lower := strings.ToLower(text)
	if utf8.RuneCountInString(text) < 2 {
		d.add("falsepositive-short", line, "%q is too short", text)
		return
	}
	for _, v := range vague {
		if lower == v || strings.HasPrefix(lower, v+" ") || strings.HasPrefix(lower, v+".") {
			d.add("falsepositive-vague", line, "%q says nothing", clip(text))
			break
		}
	}
	for _, m := range misspelt {
		if strings.Contains(lower+" ", m) {
			d.add("falsepositive-misspelt", line, "%q is misspelt", strings.TrimSpace(m))
			break
		}
	}
	if first, _ := utf8.DecodeRuneInString(text); unicode.IsLower(first) {
		d.add("falsepositive-case", line, "%q begins with a small letter", clip(text))
	}
}
