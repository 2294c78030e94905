package sigma

import "strings"

// document reads one YAML document as a detection rule. The metadata is filled
// in first, so that a rejection can name the rule.
func (l *Loader) document(r *Rule, doc *node) error {
	if doc.kind != kindMap {
		return errAt(doc.line, "document is not a map")
	}
	r.ID, r.Title = text(doc, "id"), text(doc, "title")
	r.Description, r.Author = text(doc, "description"), text(doc, "author")
	r.Level, r.Status = strings.ToLower(text(doc, "level")), strings.ToLower(text(doc, "status"))
	r.License, r.Date, r.Modified = text(doc, "license"), text(doc, "date"), text(doc, "modified")
	r.Tags, r.References = texts(doc, "tags"), texts(doc, "references")
	r.FalsePositives = texts(doc, "falsepositives")
	if err := refuseKinds(doc); err != nil {
		return err
	}
	if err := checkLevel(r, doc); err != nil {
		return err
	}
	ls := doc.get("logsource")
	if ls == nil || ls.kind != kindMap {
		return errAt(r.Line, "rule has no logsource")
	}
	r.Logsource = Logsource{
		Product: word(ls, "product"), Category: word(ls, "category"), Service: word(ls, "service"),
	}
	p := ruleParser{loader: l}
	var err error
	if r.detection, err = p.detection(doc.get("detection")); err != nil {
		return err
	}
	r.Warnings = p.warnings
	return nil
}

// refuseKinds names the documents of the specification that are not detection
// rules, and the legacy ones.
func refuseKinds(doc *node) error {
	for key, reason := range map[string]string{
		"correlation": "correlation rules are not supported yet",
		"filter":      "filters are not supported yet",
		"action":      "legacy rule collections (action) are not supported",
	} {
		if n := doc.get(key); n != nil {
			return errAt(n.line, "%s", reason)
		}
	}
	if text(doc, "title") == "" {
		return errAt(firstLine(doc), "rule has no title")
	}
	if doc.get("detection") == nil {
		return errAt(firstLine(doc), "rule has no detection")
	}
	return nil
}

// levels and statuses are the values the specification allows.
var (
	levels   = []string{"", "informational", "low", "medium", "high", "critical"}
	statuses = []string{"", "stable", "test", "experimental", "deprecated", "unsupported"}
)

func checkLevel(r *Rule, doc *node) error {
	for _, c := range []struct {
		key, value string
		allowed    []string
	}{{"level", r.Level, levels}, {"status", r.Status, statuses}} {
		ok := false
		for _, a := range c.allowed {
			ok = ok || a == c.value
		}
		if !ok {
			return errAt(lineOf(doc.get(c.key)), "%s %q is not one of %s", c.key, clip(c.value, 40),
				strings.Join(c.allowed[1:], ", "))
		}
	}
	return nil
}

// text returns the scalar under key, "" where there is none.
func text(n *node, key string) string {
	if v := n.get(key); v != nil && v.kind < kindList {
		return strings.TrimSpace(v.text)
	}
	return ""
}

// word returns the scalar under key in lower case.
func word(n *node, key string) string { return strings.ToLower(text(n, key)) }

// texts returns the list of scalars under key, or the single one.
func texts(n *node, key string) []string {
	v := n.get(key)
	if v == nil {
		return nil
	}
	if v.kind < kindList {
		if v.text == "" {
			return nil
		}
		return []string{v.text}
	}
	var out []string
	for _, item := range v.items {
		if item.kind < kindList && item.text != "" {
			out = append(out, item.text)
		}
	}
	return out
}
