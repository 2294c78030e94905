package lint

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/evident-sec/evident/internal/textmatch"
	"github.com/evident-sec/evident/internal/yamltree"
)

var regexChecks = []Check{
	{"re-invalid", Error, "The regular expression cannot be read.", "correct the expression"},
	{
		"re-unsupported", Error,
		"Lookaround, backreferences and possessive repeats are not in RE2, which bounds the " +
			"time a match takes.",
		"write it without them, or as several selections",
	},
	{
		"re-matches-everything", Error,
		"The expression fits every text, also an empty one.",
		"look for something, or use exists",
	},
	{
		"re-without-metacharacters", Info,
		"A plain text needs no regular expression.",
		"use contains without re",
	},
	{
		"re-could-be-wildcard", Hint,
		".*text.* is a plain search.",
		"use contains, startswith or endswith",
	},
	{
		"re-needless-ends", Hint,
		"A regular expression is searched for anywhere: .* at its ends only costs time.",
		"drop .* at the ends",
	},
	{
		"re-without-literal", Info,
		"No text that every match must have: the expression is tried on every event.",
		"anchor it to some text, or add a selection before it",
	},
	{
		"re-nested-repeats", Warning,
		"A repeat of a repeat takes exponential time in other engines.",
		"write one repeat",
	},
	{
		"re-inline-flags", Hint,
		"Flags are modifiers since version 2 of the specification.",
		"write re|i, re|m or re|s",
	},
	{"re-dot-unescaped", Info, "A dot before a file extension fits any character.", "write \\."},
	{
		"re-repeat-large", Info,
		"Large counted repeats cost memory in every engine.",
		"write * or + if the number does not matter",
	},
	{
		"re-long", Info,
		"Nobody can review a regular expression of this length.",
		"write a list of values",
	},
}

// maxRegex is the length from which an expression is hard to review, in bytes.
const maxRegex = 500

var (
	notRE2       = regexp.MustCompile(`\(\?[=!]|\(\?<[=!]|\(\?>|\\[1-9]|[*+?}]\+|\\k<`)
	inlineFlags  = regexp.MustCompile(`^\(\?[imsU]+\)`)
	bareFileDot  = regexp.MustCompile(`(?i)[a-z0-9]\.(exe|dll|ps1|bat|cmd|vbs|hta|scr|zip|iso|lnk)\b`)
	plainPattern = regexp.MustCompile(`^[^.\\+*?()|[\]{}^$]*$`)
	wrapped      = regexp.MustCompile(`^(\.\*)?[^.\\+*?()|[\]{}^$]+(\.\*)?$`)
)

// regex looks at one regular expression.
func (d *document) regex(c chain, v *yamltree.Node) {
	text := v.Text
	if len(text) > maxRegex {
		d.add("re-long", v.Line, "regular expression of %d bytes", len(text))
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		if notRE2.MatchString(text) {
			d.add("re-unsupported", v.Line, "%q: %v", clip(text), err)
		} else {
			d.add("re-invalid", v.Line, "%q: %v", clip(text), err)
		}
		return
	}
	if inlineFlags.MatchString(text) {
		d.add("re-inline-flags", v.Line, "%q begins with flags", clip(text))
	}
	if d.needless(v, text) {
		return
	}
	if bareFileDot.MatchString(unescapedDots(text)) {
		d.add("re-dot-unescaped", v.Line, "%q has a bare dot before an extension", clip(text))
	}
	d.repeats(v, parsed)
	if len(textmatch.Required(parsed.Simplify())) == 0 {
		d.add("re-without-literal", v.Line, "%q needs no literal", clip(text))
	}
}

// needless looks for expressions that say less than they seem to. It reports
// whether there is nothing else to say.
func (d *document) needless(v *yamltree.Node, text string) bool {
	re, err := regexp.Compile(text)
	switch {
	case err != nil:
		return true
	case re.MatchString("") && !strings.ContainsAny(text, "^$"):
		d.add("re-matches-everything", v.Line, "%q fits every text", clip(text))
		return true
	case plainPattern.MatchString(text):
		d.add("re-without-metacharacters", v.Line, "%q is plain text", clip(text))
		return true
	case wrapped.MatchString(text):
		d.add("re-could-be-wildcard", v.Line, "%q is plain text in .*", clip(text))
		return true
	}
	if strings.HasPrefix(text, ".*") || strings.HasPrefix(text, "^.*") ||
		strings.HasSuffix(text, ".*") && !strings.HasSuffix(text, `\.*`) ||
		strings.HasSuffix(text, ".*$") {
		d.add("re-needless-ends", v.Line, "%q has .* at an end", clip(text))
	}
	return false
}

// unescapedDots blanks out escaped characters and classes.
func unescapedDots(text string) string {
	out := []byte(text)
	class := false
	for i := 0; i < len(out); i++ {
		switch {
		case out[i] == '\\' && i+1 < len(out):
			out[i], out[i+1] = ' ', ' '
			i++
		case out[i] == '[':
			class = true
		case out[i] == ']':
			class = false
		case class:
			out[i] = ' '
		}
	}
	return string(out)
}

// largeRepeat is a counted repeat that costs.
const largeRepeat = 200

// repeats looks for repeats within repeats and large counts.
func (d *document) repeats(v *yamltree.Node, re *syntax.Regexp) {
	nested, large := false, false
	var visit func(re *syntax.Regexp, within bool)
	visit = func(re *syntax.Regexp, within bool) {
		open := re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat && re.Max < 0
		large = large || re.Op == syntax.OpRepeat && max(re.Min, re.Max) > largeRepeat
		nested = nested || open && within
		for _, sub := range re.Sub {
			visit(sub, open || within && (len(re.Sub) == 1 || re.Op == syntax.OpAlternate))
		}
	}
	visit(re, false)
	if nested {
		d.add("re-nested-repeats", v.Line, "%q repeats a repeat", clip(v.Text))
	}
	if large {
		d.add("re-repeat-large", v.Line, "%q repeats more than %d times", clip(v.Text), largeRepeat)
	}
}
