package search

import (
	"strconv"
	"strings"

	"github.com/evident-sec/evident/internal/search/names"
)

// relation is a set of rows in SQL with a total order. Its columns are named as
// a person sees them; while its rows are events it also has the hidden columns
// of the order of events.
type relation struct {
	from    string // what may follow FROM
	columns []ref
	events  bool
	order   []string // ORDER BY, never tied
}

// eventOrder is newest first; the names of hidden columns cannot be fields.
var eventOrder = []string{`"%time" DESC`, `"%entry" DESC`, `"%leaf" DESC`}

const hiddenSQL = `epoch_us(e.time) AS "%time", e.entry AS "%entry", e.leaf AS "%leaf"`

func (r relation) orderSQL() string { return " ORDER BY " + strings.Join(r.order, ", ") }

// ascending orders by columns, rows without a value last.
func ascending(refs []ref) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = ident(r.name) + " ASC NULLS LAST"
	}
	return out
}

func listSQL(refs []ref) string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = ident(r.name)
	}
	return strings.Join(out, ", ")
}

// shownSQL is the field's value as an answer shows it, or a number that label
// turns into it. Times are microseconds.
func (f *field) shownSQL() string {
	switch f.kind {
	case kindTime:
		return "epoch_us(" + f.column + ")"
	case kindSeverity:
		return "least(e.severity_id, " + strconv.Itoa(len(names.Severities)) + ")::BIGINT"
	case kindInt:
		return f.column + "::BIGINT"
	case kindID:
		return "(e.entry || '-' || e.leaf)"
	case kindClass:
		return names.ClassSQL("e.class_uid")
	case kindActivity:
		return names.ActivitySQL("e.class_uid", "e.activity_id")
	}
	return f.column
}

// standardColumns are what an answer shows of events when no stage says it.
var standardColumns = func() []ref {
	var out []ref
	for _, name := range []string{
		"metadata.uid", "time", "device.hostname", "class_name", "activity_name", "severity",
		"actor.user.name", "user.name", "process.file.name", "process.cmd_line", "message",
	} {
		for i := range fields {
			if fields[i].name == name {
				out = append(out, ref{name, fields[i].kind, &fields[i]})
			}
		}
	}
	return out
}()
