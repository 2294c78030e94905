package search

import (
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/search/names"
)

// SeverityName returns the OCSF name of severity_id, "Other" beyond 6.
func SeverityName(id uint8) string { return names.Severity(id) }

// nameIs holds where the name that stands for a number matches. Names are
// known here, so the SQL compares numbers.
type nameIs struct{ textIs }

func (p nameIs) sql(*builder) string {
	switch p.field.kind {
	case kindSeverity:
		return p.severity()
	case kindClass:
		return p.class()
	default:
		return p.activity()
	}
}

func (p nameIs) named(name string) bool { return p.glob.Match(strings.ToLower(name)) }

func (p nameIs) severity() string {
	var hits, known []int
	for id, name := range names.Severities {
		known = append(known, id)
		if p.named(name) {
			hits = append(hits, id)
		}
	}
	return names.Chosen("e.severity_id", hits, known, p.named("Other"), "")
}

func (p nameIs) class() string {
	var hits, known []int
	for _, c := range names.Classes {
		known = append(known, int(c.UID))
		if p.named(c.Name) {
			hits = append(hits, int(c.UID))
		}
	}
	return names.Chosen("e.class_uid", hits, known, p.named(event.ClassInfo(0).Name), "")
}

// activity compares class and activity as one number; activity ids are below
// 256, so a factor of 1000 keeps classes apart.
func (p nameIs) activity() string {
	var hits, known []int
	for _, c := range names.Classes {
		for id, name := range c.Activities {
			uid := int(c.UID)*1000 + int(id)
			known = append(known, uid)
			if p.named(name) {
				hits = append(hits, uid)
			}
		}
	}
	const uid = "(e.class_uid::BIGINT * 1000 + e.activity_id)"
	unnamed := names.Chosen(uid, hits, known, p.named("Unknown"), " AND e.activity_id = 0")
	return unnamed + " OR " + names.Chosen(uid, nil, known, p.named("Other"), " AND e.activity_id <> 0")
}
