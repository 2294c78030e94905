package normalize

import (
	"fmt"
	"regexp"
	"strings"
)

// newTransform compiles "name" or "name argument".
func (c *compiler) newTransform(text string) (transform, error) {
	if t, ok := transforms[text]; ok {
		return t, nil
	}
	name, arg, _ := strings.Cut(text, " ")
	if arg == "" {
		return nil, fmt.Errorf("unknown transform %q", text)
	}
	switch name {
	case "hash":
		return hashOf(arg), nil
	case "table":
		return c.tableTransform(arg)
	case "before":
		return func(_ *run, s string) string { head, _, _ := strings.Cut(s, arg); return head }, nil
	case "after":
		return func(_ *run, s string) string { _, tail, _ := strings.Cut(s, arg); return tail }, nil
	case "line":
		return func(_ *run, s string) string { return lineValue(s, arg) }, nil
	case "element":
		return func(_ *run, s string) string { return elementText(s, arg) }, nil
	case "match":
		re, err := regexp.Compile(arg)
		if err != nil {
			return nil, fmt.Errorf("compile expression: %w", err)
		}
		return firstGroup(re), nil
	}
	return nil, fmt.Errorf("unknown transform %q", name)
}

// tableTransform translates by a table; "*" is its default, and without one
// unknown texts are absent.
func (c *compiler) tableTransform(name string) (transform, error) {
	t, ok := c.tables[name]
	if !ok {
		return nil, fmt.Errorf("unknown table %q", name)
	}
	other := t["*"]
	return func(r *run, s string) string {
		if v, ok := t[s]; ok {
			return v
		}
		if v, ok := t[r.lower(s)]; ok {
			return v
		}
		return other
	}, nil
}

// hashOf finds one digest in "SHA1=…,MD5=…", in lower case. A zero digest is
// absent.
func hashOf(name string) transform {
	key := strings.ToUpper(name) + "="
	return func(r *run, s string) string {
		i := strings.Index(s, key)
		if i < 0 || i > 0 && s[i-1] != ',' && s[i-1] != ' ' {
			return ""
		}
		digest, _, _ := cutByte(s[i+len(key):], ',')
		if strings.Trim(digest, "0") == "" {
			return ""
		}
		return r.lower(digest)
	}
}

// lineValue finds the line "NAME: value", "NAME = value" or "NAME=value" in a
// text of many lines and returns its value.
func lineValue(s, name string) string {
	for line := range strings.SplitSeq(s, "\n") {
		rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), name)
		if !ok {
			continue
		}
		rest = strings.TrimLeft(rest, " \t")
		if rest != "" && (rest[0] == ':' || rest[0] == '=') {
			return strings.TrimSpace(rest[1:])
		}
	}
	return ""
}

// elementText returns the text of the first XML element of the name. The XML
// may itself be escaped once.
func elementText(s, name string) string {
	for _, form := range [2][3]string{{"<", ">", "</"}, {"&lt;", "&gt;", "&lt;/"}} {
		_, after, ok := strings.Cut(s, form[0]+name+form[1])
		if !ok {
			continue
		}
		if text, _, ok := strings.Cut(after, form[2]+name+form[1]); ok {
			return strings.TrimSpace(xmlText(xmlText(text)))
		}
	}
	return ""
}

// firstGroup returns the first group of the first match.
func firstGroup(re *regexp.Regexp) transform {
	return func(_ *run, s string) string {
		at := re.FindStringSubmatchIndex(clip(s, maxAttrBytes))
		if len(at) < 4 || at[2] < 0 {
			return ""
		}
		return s[at[2]:at[3]]
	}
}
