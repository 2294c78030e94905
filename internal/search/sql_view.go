package search

import (
	"strings"

	"github.com/evident-sec/evident/internal/search/names"

	"github.com/evident-sec/evident/event"
)

// homePath finds the name of a home folder: persons are known by it too.
const homePath = `(?i)([\\/](?:users|home)[\\/]+)[^\\/"':;,<>|]+`

// mentions are attributes whose text may hold the path of a home folder.
func mentions(a event.Attr) bool {
	name := a.String()
	return strings.HasSuffix(name, ".path") || strings.HasSuffix(name, "cmd_line") ||
		strings.HasSuffix(name, "_directory") || strings.HasSuffix(name, "url_string") ||
		a == event.AttrMessage || a == event.AttrScript || name == "file.url" ||
		name == "reg_value.data" || name == "share"
}

// viewName is what a column of the view is called: SQL reads a dot as something
// else.
func viewName(name string) string { return strings.ReplaceAll(name, ".", "_") }

// viewSQL selects the columns of the view from "e". Attributes that identify a
// person are pseudonyms under the secret, which is a parameter: no statement
// can name it. Original bytes are not in the view.
func viewSQL(b *builder, secret string) string {
	var key, home, masked string
	out := []string{
		`(e.entry || '-' || e.leaf) AS metadata_uid`, "e.time AS time", "e.received AS received",
		"e.class_uid AS class_uid", names.ClassSQL("e.class_uid") + " AS class_name", "e.activity_id AS activity_id",
		names.ActivitySQL("e.class_uid", "e.activity_id") + " AS activity_name", "e.severity_id AS severity_id",
	}
	for _, name := range []string{"logsource.product", "logsource.service", "logsource.category", "problem"} {
		out = append(out, column(name)+" AS "+viewName(name))
	}
	for i := range event.NumAttrs {
		col := column(i.String())
		sql := col
		switch {
		case i.Info().Person:
			if key == "" {
				key = b.arg(secret)
			}
			sql = "'u_' || left(sha256(" + key + " || lower(" + col + ") || " + key + "), 16)"
		case mentions(i):
			if home == "" {
				home, masked = b.arg(homePath), b.arg(`\1***`)
			}
			sql = "regexp_replace(" + col + ", " + home + ", " + masked + ", 'g')"
		}
		out = append(out, sql+" AS "+viewName(i.String()))
	}
	return strings.Join(out, ", ")
}

// ViewColumns returns the columns of the view "events" with their types and
// whether they hold pseudonyms, for the documentation and for completion.
func ViewColumns() []ViewColumn {
	var out []ViewColumn
	for _, f := range fields {
		if f.kind == kindRaw || f.kind == kindSeverity {
			continue
		}
		c := ViewColumn{Name: viewName(f.name), Type: f.kind.String(), Caption: f.caption}
		if f.attr < event.NumAttrs {
			c.Masked = f.attr.Info().Person
		}
		out = append(out, c)
	}
	return out
}

// ViewColumn is one column of the view "events".
type ViewColumn struct {
	Name, Type, Caption string
	Masked              bool // a pseudonym stands for the person
}
