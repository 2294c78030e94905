package normalize

import (
	"maps"
	"strings"

	"github.com/evident-sec/evident/event"
)

// ruleDraft is a rule as it is written.
type ruleDraft struct {
	ids, use                  []string
	class, activity, severity string
	activityBy                string
	activities                *node
	attrs                     *node
	logs                      map[string]string
}

// rule compiles one event of a source and files it under its ids.
func (c *compiler) rule(d *sourceDraft, m *node) error {
	r := &rule{}
	draft := ruleDraft{logs: maps.Clone(d.logs)}
	text := func(key string) func(*node) error {
		return func(n *node) error { draft.logs[key] = n.text; return nil }
	}
	err := m.visit(map[string]func(*node) error{
		"id":          listInto(&draft.ids),
		"when":        conditionsInto(&r.when),
		"class":       textInto(&draft.class),
		"activity":    textInto(&draft.activity),
		"activity by": textInto(&draft.activityBy),
		"activities":  func(n *node) error { draft.activities = n; return nil },
		"severity":    textInto(&draft.severity),
		"product":     text("product"),
		"service":     text("service"),
		"category":    text("category"),
		"use":         listInto(&draft.use),
		"attributes":  func(n *node) error { draft.attrs = n; return nil },
	})
	if err != nil {
		return err
	}
	if err := c.outcome(r, &draft, m); err != nil {
		return err
	}
	if r.logs, err = c.logsource(m, draft.logs); err != nil {
		return err
	}
	attrs := maps.Clone(d.attrs)
	if err := c.inherit(attrs, m, draft.use, draft.attrs); err != nil {
		return err
	}
	r.attrs = attrs.targets()
	d.file(r, draft.ids)
	return nil
}

// file puts the rule under its ids; without any it holds for all others.
func (d *sourceDraft) file(r *rule, ids []string) {
	if len(ids) == 0 {
		d.rest = append(d.rest, r)
	}
	for _, id := range ids {
		prefix, isPrefix := strings.CutSuffix(id, "*")
		if !isPrefix {
			d.exact[id] = append(d.exact[id], r)
			continue
		}
		d.prefixes = append(d.prefixes, prefixRules{prefix, []*rule{r}})
	}
}

// outcome resolves the names of class, activity and severity.
func (c *compiler) outcome(r *rule, draft *ruleDraft, m *node) error {
	if draft.class == "" {
		return nil
	}
	class, ok := classNamed(draft.class)
	if !ok {
		return errorAt(m.line, "unknown class %q", draft.class)
	}
	r.class = class.UID
	if draft.activity != "" {
		if r.activity, ok = activityNamed(class, draft.activity); !ok {
			return errorAt(m.line, "class %q has no activity %q", draft.class, draft.activity)
		}
	}
	if draft.severity != "" {
		if r.severity, ok = severities[draft.severity]; !ok {
			return errorAt(m.line, "unknown severity %q", draft.severity)
		}
	}
	if draft.activityBy == "" || draft.activities == nil {
		return nil
	}
	var err error
	if r.activityBy, err = c.optional(m, draft.activityBy); err != nil {
		return err
	}
	r.activityNumbers = map[string]uint8{}
	for _, e := range draft.activities.entries {
		if r.activityNumbers[e.key], ok = activityNamed(class, e.val.text); !ok {
			return errorAt(e.line, "class %q has no activity %q", draft.class, e.val.text)
		}
	}
	return nil
}

// severities are OCSF's severity_id names.
var severities = map[string]uint8{
	"Informational": 1, "Low": 2, "Medium": 3, "High": 4, "Critical": 5, "Fatal": 6,
}

// classUIDs are the classes that mappings can name.
var classUIDs = []uint32{
	event.ClassFile, event.ClassModule, event.ClassJob, event.ClassProcess, event.ClassEventLog,
	event.ClassScript, event.ClassFinding, event.ClassAccount, event.ClassAuth, event.ClassAuthorize,
	event.ClassEntity, event.ClassGroup, event.ClassNetwork, event.ClassHTTP, event.ClassDNS,
	event.ClassSMB, event.ClassSSH, event.ClassEmail, event.ClassConfig, event.ClassWeb, event.ClassAPI,
	event.ClassRegKey, event.ClassRegValue, event.ClassWinResource, event.ClassWinService,
}

func classNamed(name string) (event.Class, bool) {
	for _, uid := range classUIDs {
		if class := event.ClassInfo(uid); class.Name == name {
			return class, true
		}
	}
	return event.Class{}, false
}

func activityNamed(class event.Class, name string) (uint8, bool) {
	switch name {
	case "Unknown":
		return event.ActivityUnknown, true
	case "Other":
		return event.ActivityOther, true
	}
	for id, n := range class.Activities {
		if n == name {
			return id, true
		}
	}
	return 0, false
}
