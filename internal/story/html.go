package story

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/evident-sec/evident/internal/reconstruct"
)

//go:embed report.html.tmpl
var reportSource string

//go:embed report.css
var reportStyle string

// page is what the template is filled with.
type page struct {
	Told        *Told
	Rows        []Row
	Whole, Lost []Note
	Edges       []Link
	Grades      []string
	Policy      string
	Style       template.CSS
}

// WriteHTML writes the story as one page: no script, no request to anywhere, no
// link that a record chose, fit to print.
func WriteHTML(out io.Writer, t *Told) error {
	tmpl, err := template.New("report").Funcs(template.FuncMap{
		"utc": func(t time.Time) string { return t.UTC().Format(clock) },
		// Everything a record may have chosen goes through plain.
		"plain": plain, "refs": refs, "sense": sensorLine, "meaning": Meaning, "gapTime": gapTime,
		"tech": tacticLine, "place": place,
		"open": func(s reconstruct.Step) string { return orderLine(&s) },
		"line": func(grade string) string { // a class name, never text of a record
			if Meaning(grade) == "" {
				return "INFERRED"
			}
			return grade
		},
		"verdict": func(r Row) string { return verdictPart(&r) },
	}).Parse(reportSource)
	if err != nil {
		return fmt.Errorf("parse report template: %w", err)
	}
	p := page{
		Told: t, Rows: t.Rows(), Edges: Links(t.Result), Grades: grades[:],
		Policy: policy(), Style: template.CSS(reportStyle),
	}
	p.Whole, p.Lost = t.About()
	return tmpl.Execute(out, p)
}

// policy allows the page its own style sheet and nothing else.
func policy() string {
	sum := sha256.Sum256([]byte(reportStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

// Link is an edge of the graph with the labels of its ends.
type Link struct {
	From, Verb, To, Grade string
	Step                  int
}

// Links lists the graph as a table: its twin for print and for readers that
// cannot see the drawing.
func Links(r *reconstruct.Result) []Link {
	labels := map[string]string{}
	for _, n := range r.Graph.Nodes {
		labels[n.ID] = n.Label
		if n.Host != "" {
			labels[n.ID] += " on " + n.Host
		}
	}
	rows := make([]Link, 0, len(r.Graph.Edges))
	for _, e := range r.Graph.Edges {
		rows = append(rows, Link{labels[e.Src], e.Verb, labels[e.Dst], e.Grade, e.Step})
	}
	return rows
}
