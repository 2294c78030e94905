package sigma

import (
	"strings"

	"github.com/evident-sec/evident/internal/yamltree"
)

// document reads one YAML document as a detection rule. The metadata is filled
// in first, so that a rejection can name the rule.
func (l *Loader) document(r *Rule, doc *yamltree.Node) error {
	if doc.Kind != yamltree.Map {
		return yamltree.Errorf(doc.Line, "document is not a map")
	}
	r.ID, r.Name, r.Title = doc.Str("id"), doc.Str("name"), doc.Str("title")
	r.Description, r.Author = doc.Str("description"), doc.Str("author")
	r.Level, r.Status = strings.ToLower(doc.Str("level")), strings.ToLower(doc.Str("status"))
	r.License, r.Date, r.Modified = doc.Str("license"), doc.Str("date"), doc.Str("modified")
	r.Tags, r.References = doc.Strs("tags"), doc.Strs("references")
	r.FalsePositives = doc.Strs("falsepositives")
	if err := refuseKinds(doc); err != nil {
		return err
	}
	if err := checkLevel(r, doc); err != nil {
		return err
	}
	ls := doc.Get("logsource")
	if ls == nil || ls.Kind != yamltree.Map {
		return yamltree.Errorf(r.Line, "rule has no logsource")
	}
	r.Logsource = Logsource{
		Product: ls.Word("product"), Category: ls.Word("category"), Service: ls.Word("service"),
	}
	p := ruleParser{loader: l}
	var err error
	if r.detection, err = p.detection(doc.Get("detection")); err != nil {
		return err
	}
	r.Warnings = p.warnings
	return nil
}

// refuseKinds names the documents of the specification that are not detection
// rules, and the legacy ones.
func refuseKinds(doc *yamltree.Node) error {
	for key, reason := range map[string]string{
		"correlation": "correlation rules are not supported yet",
		"filter":      "filters are not supported yet",
		"action":      "legacy rule collections (action) are not supported",
	} {
		if n := doc.Get(key); n != nil {
			return yamltree.Errorf(n.Line, "%s", reason)
		}
	}
	if doc.Str("title") == "" {
		return yamltree.Errorf(firstLine(doc), "rule has no title")
	}
	if doc.Get("detection") == nil {
		return yamltree.Errorf(firstLine(doc), "rule has no detection")
	}
	return nil
}

// levels and statuses are the values the specification allows.
var (
	levels   = []string{"", "informational", "low", "medium", "high", "critical"}
	statuses = []string{"", "stable", "test", "experimental", "deprecated", "unsupported"}
)

func checkLevel(r *Rule, doc *yamltree.Node) error {
	for _, c := range []struct {
		key, value string
		allowed    []string
	}{{"level", r.Level, levels}, {"status", r.Status, statuses}} {
		ok := false
		for _, a := range c.allowed {
			ok = ok || a == c.value
		}
		if !ok {
			return yamltree.Errorf(doc.Get(c.key).At(), "%s %q is not one of %s", c.key, clip(c.value, 40),
				strings.Join(c.allowed[1:], ", "))
		}
	}
	return nil
}
