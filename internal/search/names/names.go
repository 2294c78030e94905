package names

import (
	"strconv"
	"strings"

	"github.com/evident-sec/evident/event"
)

// Severities is indexed by OCSF severity_id.
var Severities = [...]string{
	"Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal",
}

// Severity returns the OCSF name of severity_id, "Other" beyond 6.
func Severity(id uint8) string {
	if int(id) < len(Severities) {
		return Severities[id]
	}
	return "Other"
}

// Classes lists the classes that event.ClassInfo knows.
var Classes = []event.Class{
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

// ClassSQL returns an SQL expression for the name of the OCSF class in a column.
// Its parts are constants of the program, as are those of ActivitySQL.
func ClassSQL(class string) string {
	var w strings.Builder
	w.WriteString("CASE " + class)
	for _, c := range Classes {
		w.WriteString(" WHEN " + strconv.Itoa(int(c.UID)) + " THEN " + text(c.Name))
	}
	return w.String() + " ELSE " + text(event.ClassInfo(0).Name) + " END"
}

// ActivitySQL returns an SQL expression for the name of the OCSF activity in a
// column, of events of the class in another.
func ActivitySQL(class, activity string) string {
	var w strings.Builder
	w.WriteString("CASE " + class + "::BIGINT * 1000 + " + activity)
	for _, c := range Classes {
		for id := range 256 {
			if name, ok := c.Activities[uint8(id)]; ok {
				uid := int(c.UID)*1000 + id
				w.WriteString(" WHEN " + strconv.Itoa(uid) + " THEN " + text(name))
			}
		}
	}
	return w.String() + " ELSE CASE " + activity + " WHEN 0 THEN 'Unknown' ELSE 'Other' END END"
}

func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Chosen returns the condition that expr is one of hits, or (where others is
// set) none of known and the further condition holds too.
func Chosen(expr string, hits, known []int, others bool, further string) string {
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
