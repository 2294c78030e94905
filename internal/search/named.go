package search

import (
	"strconv"
	"strings"

	"github.com/evident-sec/evident/event"
)

// severities is indexed by OCSF severity_id.
var severities = [...]string{
	"Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal",
}

// SeverityName returns the OCSF name of severity_id, "Other" beyond 6.
func SeverityName(id uint8) string {
	if int(id) < len(severities) {
		return severities[id]
	}
	return "Other"
}

// mappedClasses lists the classes that event.ClassInfo knows.
var mappedClasses = []event.Class{
	event.ClassInfo(event.ClassFile), event.ClassInfo(event.ClassModule),
	event.ClassInfo(event.ClassJob), event.ClassInfo(event.ClassProcess),
	event.ClassInfo(event.ClassEventLog), event.ClassInfo(event.ClassScript),
	event.ClassInfo(event.ClassFinding), event.ClassInfo(event.ClassAccount),
	event.ClassInfo(event.ClassAuth), event.ClassInfo(event.ClassAuthorize),
	event.ClassInfo(event.ClassEntity), event.ClassInfo(event.ClassGroup),
	event.ClassInfo(event.ClassNetwork), event.ClassInfo(event.ClassHTTP),
	event.ClassInfo(event.ClassDNS), event.ClassInfo(event.ClassSMB),
	event.ClassInfo(event.ClassSSH), event.ClassInfo(event.ClassEmail),
	event.ClassInfo(event.ClassConfig), event.ClassInfo(event.ClassWeb),
	event.ClassInfo(event.ClassAPI), event.ClassInfo(event.ClassRegKey),
	event.ClassInfo(event.ClassRegValue), event.ClassInfo(event.ClassWinResource),
	event.ClassInfo(event.ClassWinService),
}

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

func (p nameIs) named(name string) bool { return p.glob.match(strings.ToLower(name)) }

func (p nameIs) severity() string {
	var hits, known []int
	for id, name := range severities {
		known = append(known, id)
		if p.named(name) {
			hits = append(hits, id)
		}
	}
	return chosen("e.severity_id", hits, known, p.named("Other"), "")
}

func (p nameIs) class() string {
	var hits, known []int
	for _, c := range mappedClasses {
		known = append(known, int(c.UID))
		if p.named(c.Name) {
			hits = append(hits, int(c.UID))
		}
	}
	return chosen("e.class_uid", hits, known, p.named(event.ClassInfo(0).Name), "")
}

// activity compares class and activity as one number; activity ids are below
// 256, so a factor of 1000 keeps classes apart.
func (p nameIs) activity() string {
	var hits, known []int
	for _, c := range mappedClasses {
		for id, name := range c.Activities {
			uid := int(c.UID)*1000 + int(id)
			known = append(known, uid)
			if p.named(name) {
				hits = append(hits, uid)
			}
		}
	}
	const uid = "(e.class_uid::BIGINT * 1000 + e.activity_id)"
	unnamed := chosen(uid, hits, known, p.named("Unknown"), " AND e.activity_id = 0")
	return unnamed + " OR " + chosen(uid, nil, known, p.named("Other"), " AND e.activity_id <> 0")
}

// chosen returns the condition that expr is one of hits, or (where others is
// set) none of known and the further condition holds too.
func chosen(expr string, hits, known []int, others bool, further string) string {
	cond := "false"
	if len(hits) > 0 {
		cond = expr + " IN (" + numbers(hits) + ")"
	}
	if others {
		cond += " OR (" + expr + " NOT IN (" + numbers(known) + ")" + further + ")"
	}
	return cond
}

func numbers(list []int) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.Itoa(n)
	}
	return strings.Join(out, ", ")
}
